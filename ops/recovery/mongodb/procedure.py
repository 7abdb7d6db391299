"""`restore mongodb`: a collection from Atlas' exported snapshot, compared beside before it is merged (MDB-BACKUP)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from infra.derive.copies import BACKUPS
from ops.recovery import moments, stores
from ops.recovery.errors import RecoveryError
from ops.recovery.mongodb import collections
from ops.recovery.mongodb.collections import Rule
from ops.recovery.mongodb.exports import AtlasExport, chosen, exports
from ops.recovery.steps import Procedure, Run, Values
from schema.kit.bucket import Bucket
from schema.mongodb.store import MongodbStore, opened

_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class CollectionRecovery:
    """What a run works with: the cluster's name in the exports, the bucket, and the schema's view of the database."""

    cluster: str
    bucket: Bucket
    store: MongodbStore

    def choose(self, run: Run) -> Values:
        """Find an export that is whole and has the collection."""
        export = chosen(exports(self.bucket, self.cluster), self.cluster, run.option("export"))
        collection = run.option("collection")
        files = export.of(self._database.name, collection)
        lost = stores.seconds_lost(run.journal, moments.rfc3339(export.taken_at))
        run.reporter.say(
            f"  {len(files)} files of {collection}, snapshot of {moments.both(export.taken_at)}; what was written in "
            f"the {lost:.0f} s until this run's start is not in it"
        )
        target = collections.beside(collection, run.journal.run)
        return {"prefix": export.prefix, "target": target, "rpo_seconds": lost}

    def load(self, run: Run) -> Values:
        """Load it beside."""
        collection, target = run.option("collection"), run.value("target")
        digest = collections.load(self._database, self.bucket, self._export(run), collection, target)
        return {"documents": digest.count, "digest": digest.text}

    def compare(self, run: Run) -> Values:
        """Look at every document before anything is merged."""
        target = run.value("target")
        checks = collections.compare(self._database, target, run.value("documents"), run.value("digest"))
        return stores.passed(run, f"collection {target}", checks, "take another export: --export, --new")

    def define(self, run: Run) -> Values:
        """Put the collection back with validator and indexes, and every other that the schema's files name."""
        with self.store.lock(_WAIT_SECONDS):
            steps = self.store.steps()
            for step in steps:
                step.run()
                run.reporter.say(f"  {step.action} {step.what}")
        return {"schema": [step.what for step in steps]}

    def question(self, run: Run) -> str:
        """What is asked before the live collection is written to."""
        collection, target = run.option("collection"), run.value("target")
        count = collections.missing(self._database, target, collection)
        if run.option("rule") == Rule.REPLACE:
            every = run.value("documents")
            return (
                f"Let all {every} exported documents replace what is live in {collection}? {count} of them are missing."
            )
        return f"Add the {count} documents that {collection} lacks? What is live stays as it is."

    def merge(self, run: Run) -> Values:
        """Write into the live collection."""
        collection, rule = run.option("collection"), Rule(run.option("rule"))
        written = collections.merge(self._database, run.value("target"), collection, rule)
        run.reporter.say(f"  {written} documents written to {collection}")
        return {"written": written}

    def clear(self, run: Run) -> Values | None:
        """Drop the collection that this run has made."""
        collections.clear(self._database, run.value("target"), run.journal.run)
        return None

    @property
    def _database(self) -> Database[Mapping[str, Any]]:
        return self.store.database

    def _export(self, run: Run) -> AtlasExport:
        return chosen(exports(self.bucket, self.cluster), self.cluster, run.value("prefix"))


def check_rule(rule: str) -> None:
    """Raise RecoveryError for a rule that is none."""
    if rule not in set(Rule):
        raise RecoveryError("--rule", f"{rule} is none", allowed=", ".join(Rule))


RESTORE_MONGODB = Procedure(
    "restore mongodb",
    "Bring a collection back from Atlas' exported snapshot",
    "MDB-BACKUP, REC-TABLE",
    "what was in the snapshot; one is exported as often as recovery.mongodb.every says",
    (
        stores.step(
            "choose",
            "choose the export",
            "the newest whose .complete is there, with as many files as it says, or --export",
            CollectionRecovery.choose,
        ),
        stores.step("load", "load beside", "into recovered_<run>_<collection>", CollectionRecovery.load),
        stores.step(
            "compare",
            "compare",
            "number and checksum of the documents with what the files hold",
            CollectionRecovery.compare,
        ),
        stores.step(
            "define",
            "put validator and indexes back",
            "as `python -m schema apply mongodb` does, whose lock it takes",
            CollectionRecovery.define,
        ),
        stores.step(
            "merge",
            "merge",
            "by --rule: missing adds what is not there, replace lets the export win; validator and unique indexes hold",
            CollectionRecovery.merge,
            CollectionRecovery.question,
        ),
        stores.step("clear", "clear up", "recovered_<run>_<collection>", CollectionRecovery.clear),
    ),
)


@contextmanager
def recovery(place: stores.Place) -> Iterator[CollectionRecovery]:
    """The ways to an environment's database and Atlas' exports, closed at the end."""
    cluster = place.declared(place.schema.plan.mongodb, "mongodb").cluster.name
    with closing(stores.copies(place, BACKUPS)) as bucket, opened(place.schema) as store:
        if not isinstance(store, MongodbStore):
            raise TypeError(store)
        yield CollectionRecovery(cluster, bucket, store)
