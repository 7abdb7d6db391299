"""`restore elasticsearch`: an index from a snapshot, beside the one in use, then behind its aliases (ES-SVC)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ops.recovery import moments, stores
from ops.recovery.elasticsearch import index as indices
from ops.recovery.elasticsearch.snapshots import Snapshot, chosen, snapshots
from ops.recovery.errors import RecoveryError
from ops.recovery.steps import Procedure, Run, Values
from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.desired import WantedIndex, desired
from schema.elasticsearch.lease import Lease
from schema.elasticsearch.store import EXAMPLE, KEY_VARIABLE, connected

_LEASE_SECONDS = 45
_WAIT_SECONDS = 60.0
_PATIENCE_SECONDS = 4 * 3600


@dataclass(frozen=True)
class SearchRecovery:
    """What a run works with: the cluster, and the files that say how its indices are to be."""

    place: stores.Place
    cluster: Cluster
    indices: tuple[WantedIndex, ...]

    def choose(self, run: Run) -> Values:
        """Find a snapshot that is whole, the index in it, and a name that is free."""
        wanted = self._wanted(run)
        snapshot = chosen(snapshots(self.cluster, run.option("repository")), wanted.name, run.option("snapshot"))
        found = snapshot.of(wanted.name)
        source = run.option("source") or found[0]
        if source not in found:
            raise RecoveryError("--source", f"{source} is not in {snapshot.name}", allowed=", ".join(found))
        taken = moments.rfc3339(snapshot.begun_at)
        lost = stores.seconds_lost(run.journal, taken)
        run.reporter.say(
            f"  {source} of {snapshot.name}, begun {moments.both(snapshot.begun_at)}; what was written in the "
            f"{lost:.0f} s until this run's start is not in it, and comes from PostgreSQL"
        )
        return {
            "snapshot": snapshot.name,
            "source": source,
            "target": indices.target_of(self.cluster, wanted, source),
            "rpo_seconds": lost,
        }

    def restore(self, run: Run) -> Values | None:
        """Begin it, and wait for every shard."""
        target = run.value("target")
        found = snapshots(self.cluster, run.option("repository"))
        snapshot: Snapshot = chosen(found, self._wanted(run).name, run.value("snapshot"))
        indices.restore_beside(self.cluster, snapshot, run.value("source"), target)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        indices.await_shards(self.cluster, target, lambda: time.monotonic() > deadline)
        return None

    def validate(self, run: Run) -> Values:
        """Look at it before anybody reads it."""
        wanted, target = self._wanted(run), run.value("target")
        if self.cluster.get(f"/{target}") is None:
            raise RecoveryError(
                f"index {target}", "is gone: a schema step has cleaned it up", fix="run it again: --new"
            )
        checks = indices.validate(self.cluster, wanted, target, indices.in_use(self.cluster, wanted))
        fix = "take another snapshot (--snapshot) or index (--source), in another run: --new"
        return stores.passed(run, f"index {target}", checks, fix)

    def question(self, run: Run) -> str:
        """What is asked before readers see another index."""
        wanted = self._wanted(run)
        used = indices.in_use(self.cluster, wanted)
        instead = f" instead of {used}, which is kept" if used else ""
        return f"Lead {wanted.name} and {wanted.write_alias} to {run.value('target')}{instead}?"

    def switch(self, run: Run) -> Values | None:
        """Lead both aliases to it, in one request."""
        wanted, target = self._wanted(run), run.value("target")
        indices.put_in_place(self.cluster, wanted, target, indices.in_use(self.cluster, wanted))
        run.reporter.say(
            "  next: `python -m schema apply elasticsearch`, then index again what PostgreSQL has since then"
        )
        return None

    def _wanted(self, run: Run) -> WantedIndex:
        for each in self.indices:
            if each.name == run.option("index"):
                return each
        raise RecoveryError(
            "--index", f"{run.option('index')} is none", allowed=", ".join(each.name for each in self.indices)
        )


RESTORE_ELASTICSEARCH = Procedure(
    "restore elasticsearch",
    "Bring an index back from a snapshot",
    "ES-SVC",
    "what was in the snapshot; ours is taken each day, Elastic's own every half hour",
    (
        stores.step(
            "choose",
            "choose the snapshot",
            "the newest of --repository that is whole and has the index, or --snapshot; a partial one is refused",
            SearchRecovery.choose,
        ),
        stores.step(
            "restore",
            "restore beside",
            "under the next free number, without aliases: nobody reads or writes it",
            SearchRecovery.restore,
        ),
        stores.step(
            "validate",
            "look at what came back",
            "every shard, documents, that it was in use when the snapshot was taken, its mapping",
            SearchRecovery.validate,
        ),
        stores.step(
            "switch",
            "lead the aliases to it",
            "reading and writing in one request, so that no reader sees an empty index; the other one stays as it is",
            SearchRecovery.switch,
            SearchRecovery.question,
        ),
    ),
)


@contextmanager
def recovery(place: stores.Place) -> Iterator[SearchRecovery]:
    """The way to an environment's cluster, with the schema's lock: a schema step would delete what is half restored."""
    wanted = desired(place.schema)
    address = place.schema.connection("elasticsearch", EXAMPLE)
    with (
        connected(address, os.environ.get(KEY_VARIABLE)) as cluster,
        Lease(cluster, _LEASE_SECONDS).held(_WAIT_SECONDS),
    ):
        yield SearchRecovery(place, cluster, wanted.indices)
