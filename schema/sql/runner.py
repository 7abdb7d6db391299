"""Running SQL files: those that run once, in order, and those that are run again whenever their content changes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from schema.kit import Action, File, Record, SchemaError, Step, ordered_files, pending, unordered_files
from schema.sql.catalogue import Catalogue, Difference
from schema.sql.directives import directives
from schema.sql.ledger import Ledger
from schema.sql.session import Connection, limited, told
from schema.sql.statements import Statement, statements

_MIGRATION, _REPEATABLE = "migration", "repeatable"


class Runner:
    """The files of one folder, and the database they run in.

    `migrations/` runs once, in order. `repeatable/` states routines and rights: a file runs again when its content has
    changed, or what it states was changed by hand, after the migrations, in the order of their names.
    """

    def __init__(self, connection: Connection, folder: Path, catalogue: Catalogue) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._ledger = Ledger(connection)
        self._migrations = ordered_files(folder / "migrations", ".sql")
        self._repeatable = unordered_files(folder / "repeatable", ".sql")
        self._directives = {file.path: directives(file) for file in self.files}

    @property
    def files(self) -> Sequence[File]:
        """Every file, in the order they run."""
        return (*self._migrations, *self._repeatable)

    def records(self) -> Sequence[Record]:
        """What has run."""
        return self._ledger.records(_MIGRATION, _REPEATABLE)

    def steps(self) -> Sequence[Step]:
        """What is to run; raises SchemaError like `pending`."""
        ran = {record.name: record for record in self._ledger.records(_MIGRATION)}
        known = {record.name: record for record in self._ledger.records(_REPEATABLE)}
        differences = self._catalogue.differences()
        return (
            *(self._step(_MIGRATION, file, ran.get(file.name)) for file in pending(self._migrations, [*ran.values()])),
            *self._repeated(known, differences),
        )

    def lasting(self) -> Sequence[Difference]:
        """What was changed by hand and no file states anew."""
        return [
            difference
            for difference in self._catalogue.differences()
            if not any(_states(file, difference) for file in self._repeatable)
        ]

    def _repeated(self, known: Mapping[str, Record], differences: Sequence[Difference]) -> Iterator[Step]:
        for file in self._repeatable:
            record = known.get(file.name)
            stated = [str(difference) for difference in differences if _states(file, difference)]
            if not _is_kept(file, record):
                yield self._step(_REPEATABLE, file, record)
            elif stated:
                yield self._step(_REPEATABLE, file, record, f"by hand: {'; '.join(stated)}")

    def _step(self, kind: str, file: File, before: Record | None, why: str = "") -> Step:
        """A file that is to run; `before` is what is remembered of it, were it only that it was begun."""
        was_interrupted = before is not None and not before.is_finished
        why = why or ("was interrupted" if was_interrupted else "its content changed" if before else "")
        how = "no transaction" if self._directives[file.path].transaction == "none" else ""
        return Step(
            Action.RERUN if before else Action.RUN,
            f"{kind} {file.name}.sql",
            ", ".join(filter(None, (why, how))),
            partial(self._run, kind, file, was_interrupted),
        )

    def _run(self, kind: str, file: File, was_interrupted: bool) -> None:
        how = self._directives[file.path]
        parts = statements(file)
        with told(file.path), limited(self._connection, how.longest_wait, how.statement_timeout):
            if how.transaction == "none":
                self._run_alone(kind, file, parts, how.repair if was_interrupted else "")
            else:
                self._run_whole(kind, file, parts)

    def _run_whole(self, kind: str, file: File, parts: Sequence[Statement]) -> None:
        """The file's statements and its row in one transaction."""
        with self._connection.transaction():
            self._ledger.create()
            self._ledger.begin(kind, file)
            before = self._catalogue.read()
            self._execute(file, parts)
            self._catalogue.record(before)
            self._ledger.end(kind, file)

    def _run_alone(self, kind: str, file: File, parts: Sequence[Statement], repair: str) -> None:
        """One statement outside any transaction, between two rows that tell whether it was interrupted."""
        if len(parts) != 1:
            raise SchemaError(
                file.path.as_posix(),
                f"has {len(parts)} statements and no transaction",
                allowed="one: what an interrupted file has done must be all or nothing",
                fix="put each into a file of its own",
            )
        if repair:
            self._connection.execute(repair.encode())
        self._ledger.create()
        self._ledger.begin(kind, file)
        before = self._catalogue.read()
        self._execute(file, parts)
        with self._connection.transaction():
            self._catalogue.record(before)
            self._ledger.end(kind, file)

    def _execute(self, file: File, parts: Sequence[Statement]) -> None:
        for statement in parts:
            with told(file.path, statement):
                self._connection.execute(statement.text.encode())


def _is_kept(file: File, record: Record | None) -> bool:
    """Whether a file ran to its end with the content it has."""
    return record is not None and record.is_finished and record.checksum == file.checksum


def _states(file: File, difference: Difference) -> bool:
    """Whether a repeatable file says how an object is to be, so that it is put back by running it again."""
    if difference.name.startswith("rights of "):
        return re.search(r"^GRANT\b", file.content, re.MULTILINE) is not None
    kind, _, name = difference.name.partition(" ")
    stated = rf"^CREATE OR REPLACE (FUNCTION|PROCEDURE) {re.escape(name.partition('(')[0])}\b"
    return kind == "routine" and re.search(stated, file.content, re.MULTILINE) is not None
