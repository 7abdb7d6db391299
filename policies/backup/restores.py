"""Restores: done once, by a person; never declared, or an update does them again."""

from collections.abc import Iterator, Mapping

from policies.kit import Case, Resource, Severity, rule
from policies.kit.types import ELASTIC_DEPLOYMENT, SQL_INSTANCE

_SNAPSHOT_JOB = "mongodbatlas:index/cloudBackupSnapshotRestoreJob:CloudBackupSnapshotRestoreJob"
_COLLECTION_JOB = "mongodbatlas:index/cloudBackupCollectionRestoreJob:CloudBackupCollectionRestoreJob"

_INPUTS: Mapping[str, tuple[str, ...]] = {
    SQL_INSTANCE: ("restoreBackupContext", "pointInTimeRestoreContext", "backupdrBackup"),
    ELASTIC_DEPLOYMENT: ("elasticsearch.snapshotSource",),
}
"""Inputs that put older data in place of the store's own, at the update that brings them or at every one."""

_JOBS = (_SNAPSHOT_JOB, _COLLECTION_JOB)
"""Resources that are restores: made anew, they restore again."""


@rule(
    "st-no-restore",
    title="No restore is declared",
    severity=Severity.HIGH,
    types=[*_INPUTS, *_JOBS],
    sources=["NIST 800-53: CP-10", "REC-PITR", "REC-FULL"],
    reason="a restore that is left in the program runs again at a later update and overwrites what was written since",
    fix="take it out; restore into a copy beside the store by hand, and check it there first",
    good=[
        Case({"name": "primary"}, type=SQL_INSTANCE),
        Case({"clone": {"sourceInstanceName": "primary"}}, type=SQL_INSTANCE),
        Case({"elasticsearch": {"autoscale": False}}, type=ELASTIC_DEPLOYMENT),
    ],
    bad=[
        Case({"restoreBackupContext": {"backupRunId": 1}}, type=SQL_INSTANCE),
        Case({"pointInTimeRestoreContext": {"pointInTime": "2026-01-01T00:00:00Z"}}, type=SQL_INSTANCE),
        Case({"backupdrBackup": "projects/p/backups/b"}, type=SQL_INSTANCE),
        Case({"elasticsearch": {"snapshotSource": {"snapshotName": "newest"}}}, type=ELASTIC_DEPLOYMENT),
        Case({"clusterName": "c"}, type=_SNAPSHOT_JOB),
        Case({"clusterName": "c"}, type=_COLLECTION_JOB),
    ],
)
def no_restore(store: Resource) -> Iterator[str]:
    if store.type in _JOBS:
        yield "it restores older data whenever it is made"
    for path in _INPUTS.get(store.type, ()):
        if store.has(path):
            yield f"{path} is set"
