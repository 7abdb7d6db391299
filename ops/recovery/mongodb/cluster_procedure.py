"""`restore mongodb-cluster`: a new cluster of Atlas' own backups, at a point in time or of a snapshot (MDB-BACKUP)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from ops.recovery import moments, stores
from ops.recovery.check import Check
from ops.recovery.errors import RecoveryError
from ops.recovery.mongodb import cluster as clusters
from ops.recovery.mongodb.atlas import Atlas, AtlasPace, atlas
from ops.recovery.steps import Procedure, Run, Values
from schema.mongodb.errors import translated
from schema.mongodb.read import collections

WAY_VARIABLE = "TRIPTRIP_RECOVERY_MONGODB"
"""How the new cluster is reached: a connection string of a user whom it lets in."""


@dataclass(frozen=True)
class ClusterRecovery:
    """What a run works with: the environment and Atlas' project; `source` is the declared cluster."""

    place: stores.Place
    atlas: Atlas
    source: str

    def choose(self, run: Run) -> Values:
        """Find the snapshot, or see that the moment is one that can be gone back to."""
        if given := run.option("moment"):
            moment = moments.from_rfc3339(given)
            clusters.check_moment(self.atlas, self.source, moment, run.clock())
            what: dict[str, object] = {"pointInTimeUTCSeconds": int(moment.timestamp())}
        else:
            snapshot, moment = clusters.newest_snapshot(self.atlas, self.source, run.option("snapshot"))
            what = {"snapshotId": snapshot}
        lost = stores.seconds_lost(run.journal, moments.rfc3339(moment))
        run.reporter.say(f"  as of {moments.both(moment)}; the {lost:.0f} s until this run's start are not in it")
        return {"what": what, "target": clusters.name_of(run.journal.run), "rpo_seconds": lost}

    def create(self, run: Run) -> Values | None:
        """Have a cluster like the declared one, empty."""
        clusters.create(self.atlas, self.source, run.value("target"), run.journal.run)
        clusters.await_cluster(self.atlas, run.value("target"))
        return None

    def restore(self, run: Run) -> Values:
        """Begin the restore job, or find the one that this run has begun, and wait for its end."""
        job = clusters.restore(self.atlas, self.source, run.value("target"), run.value("what"))
        ended = clusters.await_restore(self.atlas, self.source, job)
        return {"job": job, "ended": moments.rfc3339(ended), "host": clusters.host_of(self.atlas, run.value("target"))}

    def validate(self, run: Run) -> Values:
        """Count the documents of every collection that the schema knows."""
        text = os.environ.get(WAY_VARIABLE, "")
        if not text:
            raise RecoveryError(
                f"environment variable {WAY_VARIABLE}",
                "is not set",
                allowed=f"a way to the new cluster: {run.value('host')}/… with a user that it lets in",
                fix="docs/runbooks/recovery-mongodb.md, step 3, tells which user that is; then run the command again",
            )
        checks = counted(text, self.place.schema.settings.mongodb.database)  # type: ignore[union-attr] # the plan has it
        return stores.passed(run, f"cluster {run.value('target')}", checks, "take an earlier moment: --new")

    def tell(self, run: Run) -> Values | None:
        """Say how it is taken into use: what Pulumi holds cannot be another cluster's without a person."""
        run.reporter.say(
            f"  {run.value('target')} is there beside {self.source}, which stays as it is; "
            "docs/runbooks/recovery-mongodb.md, step 4: take back single collections, or hand it to the clients"
        )
        return None


def counted(text: str, database: str) -> Sequence[Check]:
    """Documents of each collection of the schema's files; a database that has none of them does not pass."""
    counts: dict[str, int] = {}
    client: MongoClient[Mapping[str, Any]] = MongoClient(text, serverSelectionTimeoutMS=30_000)
    with translated(f"the new cluster ({WAY_VARIABLE})"), client:
        there = set(client[database].list_collection_names())
        counts = {each.name: client[database][each.name].estimated_document_count() for each in collections()}
    missing = sorted(set(counts) - there)
    total = sum(counts.values())
    return (
        Check(
            "collections", not missing, f"missing: {', '.join(missing)}" if missing else f"all {len(counts)} are there"
        ),
        Check("documents", total > 0, ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))),
    )


RESTORE_MONGODB_CLUSTER = Procedure(
    "restore mongodb-cluster",
    "Make a new Atlas cluster of the declared one's backups",
    "MDB-BACKUP, REC-PITR",
    "any moment of seven days, or the newest snapshot: one every six hours",
    (
        stores.step(
            "choose",
            "choose the moment",
            "--point-in-time within the restore window, else the newest complete snapshot or --snapshot",
            ClusterRecovery.choose,
        ),
        stores.step(
            "create",
            "make a new cluster",
            "like the declared one, in the same project, with backups and its guard; never the declared one itself",
            ClusterRecovery.create,
        ),
        stores.step("restore", "restore into it", "by a job of Atlas, which is waited for", ClusterRecovery.restore),
        stores.step(
            "validate",
            "look at what came back",
            f"every collection that the schema knows; needs {WAY_VARIABLE}",
            ClusterRecovery.validate,
        ),
        stores.step("tell", "say what is next", "nothing is switched by this command", ClusterRecovery.tell),
    ),
)


@contextmanager
def recovery(place: stores.Place, pace: AtlasPace | None = None) -> Iterator[ClusterRecovery]:
    """The way to an environment's Atlas project, closed at the end."""
    plan = place.declared(place.schema.plan.mongodb, "mongodb")
    with atlas(plan.project_name, pace) as project:
        yield ClusterRecovery(place, project, plan.cluster.name)
