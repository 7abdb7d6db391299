"""BigQuery as a store of the command: what is to be done, what was done, what is wrong."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

from google.cloud import bigquery

from schema.bigquery.comparison import Held, changes, lasting_differences
from schema.bigquery.connection import connect
from schema.bigquery.definition import Definition, Kind
from schema.bigquery.jobs import Jobs
from schema.bigquery.lease import Lease
from schema.bigquery.ledger import Entry, Ledger
from schema.bigquery.places import places
from schema.bigquery.warehouse import FOLDER, Warehouse, warehouse
from schema.kit import Action, Clock, Environment, File, Record, Step, Store, pending

_MIGRATION, _VIEW, _ROUTINE = "migration", "view", "routine"
_GIB = 1 << 30


@contextmanager
def opened(environment: Environment, folder: Path = FOLDER, clock: Clock = time.time) -> Iterator[Store]:
    """The environment's BigQuery; raises SchemaError for files that are wrong, and when it cannot be reached.

    `clock` gives seconds since 1970: what the lock's end is told by.
    """
    wanted = warehouse(environment, folder)
    with closing(connect(environment)) as client:
        values = {name: value for name, value in places(environment).items() if name != "connection"}
        Held(client).check_datasets(sorted(values.values()))
        yield BigqueryStore(client, wanted, Lease(client, values["analytics"], clock), values["analytics"])


class BigqueryStore(Store):
    """A warehouse; `place` is the dataset that holds its ledger."""

    def __init__(self, client: bigquery.Client, wanted: Warehouse, lease: Lease, place: str) -> None:
        self._wanted = wanted
        self._jobs = Jobs(client)
        self._held = Held(client)
        self._ledger = Ledger(self._jobs, place)
        self._lease = lease

    def lock(self, wait_seconds: float) -> AbstractContextManager[None]:
        """Be the only one who changes the warehouse; a holder that dies loses it with its lease."""
        return self._lease.held(wait_seconds)

    def records(self) -> Sequence[Record]:
        """The newest attempt at each file."""
        return tuple(entry.record for entry in self._ledger.entries())

    def steps(self) -> Sequence[Step]:
        """Migrations that did not run, tables that were changed by hand, views and routines that differ, in this order.

        BigQuery checks each of them beforehand where what it needs is there; what it refuses is a SchemaError.
        """
        entries = {(entry.kind, entry.name): entry for entry in self._ledger.entries()}
        left = self._left(entries)
        waits = {each.target for each in left}
        return (
            *(self._migration(each, entries.get((_MIGRATION, each.file.name))) for each in left),
            *self._settlements(waits),
            *self._definitions(entries, waits),
            *self._removals(entries),
        )

    def findings(self) -> Sequence[str]:
        """Tables that are missing or otherwise, beyond what can be changed in place."""
        entries = {(entry.kind, entry.name): entry for entry in self._ledger.entries()}
        waits = {each.target for each in self._left(entries)}
        return (
            *(
                line
                for table in self._wanted.tables.values()
                if table.name not in waits
                for line in self._made(table.name)
            ),
            *(line for name in self._wanted.declared for line in self._declared(name)),
        )

    def _left(self, entries: Mapping[tuple[str, str], Entry]) -> Sequence[Definition]:
        records = [entry.record for (kind, _), entry in entries.items() if kind == _MIGRATION]
        left = {file.name for file in pending([each.file for each in self._wanted.migrations], records)}
        return [each for each in self._wanted.migrations if each.file.name in left]

    def _migration(self, definition: Definition, entry: Entry | None) -> Step:
        detail = "was interrupted" if entry else ""
        action = Action.RERUN if entry else Action.RUN
        if self._held.table(definition.target) is not None or definition.kind is not Kind.COLUMN:
            self._jobs.estimate(definition.sql, definition.file)
        what = f"{_MIGRATION} {definition.file.name}.sql"
        return Step(action, what, detail, partial(self._run, _MIGRATION, definition))

    def _settlements(self, waits: set[str]) -> Iterator[Step]:
        """Tables of the files of which something was changed by hand that can be changed back."""
        for table in self._wanted.tables.values():
            found = None if table.name in waits else self._held.table(table.name)
            changed = changes(table, found.to_api_repr()) if found else {}
            if changed:
                yield Step(Action.CHANGE, f"table {table.name}", ", ".join(changed), partial(self._settle, table.name))

    def _definitions(self, entries: Mapping[tuple[str, str], Entry], waits: set[str]) -> Iterator[Step]:
        """Views and routines that are missing or otherwise, each after what it needs."""
        waits = set(waits)
        for each in self._wanted.definitions:
            kind = _kind(each)
            reason = self._reason(each, entries.get((kind, each.file.name)))
            if reason is not None:
                action, why = reason
                detail = "; ".join(filter(None, (why, self._estimate(each, waits))))
                waits.add(each.target)
                yield Step(action, f"{each.kind} {each.target}", detail, partial(self._run, kind, each))

    def _reason(self, definition: Definition, entry: Entry | None) -> tuple[Action, str] | None:
        """What is to be done with a view or routine, and why; None when it is as its file says."""
        difference = self._held.difference(definition)
        if difference == "":
            return Action.CREATE, "was deleted" if entry and entry.finished_at else ""
        if entry is None:
            return Action.CHANGE, "was made by hand"
        if entry.checksum != definition.file.checksum:
            return Action.CHANGE, "its file changed"
        if difference:
            return Action.CHANGE, f"{difference} in BigQuery"
        return None if entry.finished_at else (Action.RERUN, "was interrupted")

    def _estimate(self, definition: Definition, waits: set[str]) -> str:
        """Let BigQuery check a definition where all it needs is there; returns what a view reads when it is used."""
        reads = self._wanted.reads[definition.target]
        tables = reads & (self._wanted.tables.keys() | self._wanted.declared.keys())
        if reads & waits or any(self._held.table(name) is None for name in tables):
            return ""
        self._jobs.estimate(definition.sql, definition.file)
        if definition.kind is not Kind.VIEW:
            return ""
        read = self._jobs.estimate(definition.query, definition.file)
        return f"reads {read / _GIB:.2f} GiB when it is used" if read else ""

    def _removals(self, entries: Mapping[tuple[str, str], Entry]) -> Iterator[Step]:
        """Views and routines that this command made and no file has any more."""
        known = {each.target for each in self._wanted.definitions}
        for (kind, _), entry in entries.items():
            if kind == _MIGRATION or entry.target in known:
                continue
            there = self._held.routine(entry.target) if kind == _ROUTINE else self._held.table(entry.target)
            if there is not None:
                yield Step(
                    Action.DELETE, f"{kind} {entry.target}", "has no file", partial(self._remove, kind, entry.target)
                )

    def _run(self, kind: str, definition: Definition) -> None:
        """Run a file between two notes in the ledger; a job of an interrupted run that still runs is waited for."""
        self._lease.check()
        file = definition.file
        entry = self._ledger.newest(kind, file)
        if entry is None or not self._is_continued(entry, file):
            entry = self._ledger.begin(kind, file, definition.target, entry.attempt + 1 if entry else 1)
            self._jobs.run(definition.sql, self._ledger.job_id(entry), file)
        if definition.target in self._wanted.tables:
            self._held.settle(self._wanted.tables[definition.target])
        elif definition.kind is Kind.VIEW:
            self._held.settle_view(definition)
        self._ledger.end(entry)

    def _is_continued(self, entry: Entry, file: File) -> bool:
        """Whether the job of an interrupted run of the same content still ran, and has ended well by now."""
        is_same = entry.finished_at is None and entry.checksum == file.checksum
        return is_same and self._jobs.finish(self._ledger.job_id(entry), file)

    def _settle(self, name: str) -> None:
        self._lease.check()
        self._held.settle(self._wanted.tables[name])

    def _remove(self, kind: str, target: str) -> None:
        self._lease.check()
        if kind == _ROUTINE:
            self._held.remove_routine(target)
        else:
            self._held.remove_view(target)

    def _made(self, name: str) -> Iterator[str]:
        found = self._held.table(name)
        if found is None:
            yield f"{name}: is missing; bring it back with CLONE … FOR SYSTEM_TIME AS OF (REC-TABLE)"
            return
        yield from lasting_differences(self._wanted.tables[name], found.to_api_repr())

    def _declared(self, name: str) -> Iterator[str]:
        found = self._held.table(name)
        if found is None:
            yield f"{name}: is missing; Pulumi declares it (`pulumi up`)"
            return
        table = self._wanted.declared[name]
        changed = (f"{name}: {what} differs" for what in changes(table, found.to_api_repr()))
        for line in (*lasting_differences(table, found.to_api_repr()), *changed):
            yield f"{line}; Pulumi declares it (`pulumi up`)"


def _kind(definition: Definition) -> str:
    return _ROUTINE if definition.is_routine else _VIEW
