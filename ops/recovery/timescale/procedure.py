"""`restore timescale`: continuous aggregates from their export, compared beside before they are merged (TS-CAGG)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from infra.derive.copies import BACKUPS
from ops.recovery import moments, stores
from ops.recovery.errors import RecoveryError
from ops.recovery.steps import Procedure, Run, Values
from ops.recovery.timescale import aggregates
from schema.kit.bucket import Bucket
from schema.sql.session import Connection, connected
from schema.timescale.export import Copied, Marker, markers
from schema.timescale.exporting import service_of
from schema.timescale.store import EXAMPLE, check_encryption


@dataclass(frozen=True)
class AggregateRecovery:
    """What a run works with: the service's name in the bucket, the bucket, and a connection to the database."""

    service: str
    bucket: Bucket
    connection: Connection

    def choose(self, run: Run) -> Values:
        """Find a run of the export that is whole."""
        wanted, known = run.option("export"), []
        for marker in markers(self.bucket, self.service):
            if wanted in ("", marker.run):
                return self._chosen(run, marker)
            known.append(marker.run)
        raise RecoveryError(
            f"export {wanted} of {self.service}" if wanted else f"exports of {self.service}",
            f"there is none that is whole in {self.bucket.address}",
            allowed=", ".join(known),
            fix="hours whose prices are there come back by themselves; older ones are in no other copy",
        )

    def define(self, run: Run) -> Values | None:
        """Make the aggregates that are lost, as their migrations do."""
        for copied in self._copied(run):
            if not aggregates.is_there(self.connection, copied.name):
                aggregates.define(self.connection, copied.name)
                run.reporter.say(f"  {copied.name} is made anew, empty")
        return None

    def load(self, run: Run) -> Values | None:
        """Load every export into a table of its own."""
        for copied in self._copied(run):
            aggregates.load(self.connection, self.bucket, copied)
        return None

    def compare(self, run: Run) -> Values:
        """Look at the tables before anything is merged."""
        checks = [check for copied in self._copied(run) for check in aggregates.compare(self.connection, copied)]
        return stores.passed(run, f"export {run.value('export')}", checks, "take an older run: --export, --new")

    def question(self, run: Run) -> str:
        """What is asked before the aggregates are written to."""
        told = [f"{aggregates.missing(self.connection, each)} of {each.name}" for each in self._copied(run)]
        return f"Add the hours that are missing ({', '.join(told)})? What is there stays as it is."

    def merge(self, run: Run) -> Values:
        """Add what is missing, and see that nothing is missing then."""
        added = {}
        for copied in self._copied(run):
            added[copied.name] = aggregates.merge(self.connection, copied)
            if left := aggregates.missing(self.connection, copied):
                raise RecoveryError(f"aggregate {copied.name}", f"still lacks {left} hours", fix="run it again")
        run.reporter.say(f"  added: {', '.join(f'{rows} to {name}' for name, rows in added.items())}")
        return {"added": added}

    def clear(self, run: Run) -> Values | None:
        """Drop the tables that this recovery has made."""
        for copied in self._copied(run):
            aggregates.clear(self.connection, copied.name)
        run.reporter.say("  next: `python -m schema apply timescale` puts refresh policies of new aggregates back")
        return None

    def _chosen(self, run: Run, marker: Marker) -> Values:
        taken = moments.rfc3339(marker.started_at)
        lost = stores.seconds_lost(run.journal, taken)
        rows = sum(each.rows for each in marker.aggregates)
        run.reporter.say(f"  export {marker.run}: {rows} rows as of {moments.both(marker.started_at)}")
        return {"export": marker.run, "aggregates": _written(marker.aggregates), "rpo_seconds": lost}

    def _copied(self, run: Run) -> Sequence[Copied]:
        return [Copied.model_validate(row) for row in run.value("aggregates")]


def _written(copied: Sequence[Copied]) -> list[dict[str, object]]:
    return [each.model_dump(mode="json") for each in copied]


RESTORE_TIMESCALE = Procedure(
    "restore timescale",
    "Put continuous aggregates back from their export",
    "TS-CAGG",
    "every hour up to the newest export; later ones are made of the prices that are there",
    (
        stores.step("choose", "choose the export", "the newest with a marker, or --export", AggregateRecovery.choose),
        stores.step("define", "make lost aggregates anew", "empty, by their own migration", AggregateRecovery.define),
        stores.step(
            "load",
            "load beside",
            "each into recovered_<aggregate>; a file that is not what its marker says is refused",
            AggregateRecovery.load,
        ),
        stores.step("compare", "compare", "rows and keys with what the marker says", AggregateRecovery.compare),
        stores.step(
            "merge",
            "merge what is missing",
            "first what raw rows can still tell, then the exported hours that are not there; no hour is overwritten",
            AggregateRecovery.merge,
            AggregateRecovery.question,
        ),
        stores.step("clear", "clear up", "the tables recovered_<aggregate>", AggregateRecovery.clear),
    ),
)


@contextmanager
def recovery(place: stores.Place) -> Iterator[AggregateRecovery]:
    """The ways to an environment's service and its exports, closed at the end."""
    text, where = place.schema.connection("timescale", EXAMPLE), f"TimescaleDB of {place.environment}"
    check_encryption(text, where)
    with closing(stores.copies(place, BACKUPS)) as bucket, connected(text, where) as connection:
        yield AggregateRecovery(service_of(place.schema), bucket, connection)
