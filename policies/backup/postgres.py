"""Backups of Cloud SQL for PostgreSQL."""

from collections.abc import Iterator

from policies.kit import Case, Parameter, Resource, Severity, must_be, must_reach, rule
from policies.kit.postgres import is_primary
from policies.kit.types import SQL_INSTANCE


def _backup(**configuration: object) -> dict[str, object]:
    return {"settings": {"backupConfiguration": {"enabled": True, **configuration}}}


@rule(
    "sql-backup-enabled",
    title="Cloud SQL makes automated backups",
    severity=Severity.CRITICAL,
    types=[SQL_INSTANCE],
    sources=["CIS GCP 5.0: 6.8", "NIST 800-53: CP-9", "CKV_GCP_14", "trivy GCP-0024", "prowler automated_backups"],
    reason="without a daily backup a dropped table or a lost instance is gone for good",
    fix="set postgres.backup in the stack file",
    good=[Case(_backup()), Case({"masterInstanceName": "primary", "settings": {}})],
    bad=[Case(_backup(enabled=False)), Case({"settings": {}})],
)
def backup_enabled(instance: Resource) -> Iterator[str]:
    if is_primary(instance):
        yield from must_be(instance, "settings.backupConfiguration.enabled", True)


@rule(
    "sql-backup-retention",
    title="Cloud SQL keeps enough automated backups",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-9", "PG-BACKUP"],
    reason="damage that is found late can only be undone from a backup that is older than it",
    fix="raise postgres.backup.retained in the stack file",
    parameters={"retained_backups": Parameter(35, "Automated backups that are kept, one a day")},
    good=[Case(_backup(backupRetentionSettings={"retainedBackups": 35, "retentionUnit": "COUNT"}))],
    bad=[Case(_backup(backupRetentionSettings={"retainedBackups": 7})), Case(_backup())],
)
def backup_retention(instance: Resource, retained_backups: int) -> Iterator[str]:
    if is_primary(instance):
        path = "settings.backupConfiguration.backupRetentionSettings.retainedBackups"
        yield from must_reach(instance, path, retained_backups, "backups")
