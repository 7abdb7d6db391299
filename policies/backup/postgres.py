"""Backups of Cloud SQL for PostgreSQL."""

from collections.abc import Iterator, Sequence

from policies.backup.reading import DAY
from policies.kit import Case, Level, Parameter, Resource, Severity, Stack, must_be, must_reach, rule
from policies.kit.postgres import is_primary
from policies.kit.types import BUCKET, SQL_INSTANCE
from policies.kit.waiting import about_each_resource

_BACKUP = "settings.backupConfiguration"
_RETENTION = f"{_BACKUP}.backupRetentionSettings"
_LOG_DAYS = f"{_BACKUP}.transactionLogRetentionDays"
_REPLICA = Case({"masterInstanceName": "primary", "instanceType": "READ_REPLICA_INSTANCE", "settings": {}})


def _backup(**configuration: object) -> dict[str, object]:
    return {"settings": {"backupConfiguration": {"enabled": True, **configuration}}}


@rule(
    "sql-backup-enabled",
    title="Cloud SQL makes automated backups",
    severity=Severity.CRITICAL,
    types=[SQL_INSTANCE],
    sources=[
        "CIS GCP 5.0: 6.8",
        "NIST 800-53: CP-9",
        "CKV_GCP_14",
        "trivy GCP-0024",
        "prowler cloudsql_instance_automated_backups",
        "PG-BACKUP",
    ],
    reason="without a daily backup a dropped table or a lost instance is gone for good",
    fix="set postgres.backup in the stack file",
    good=[Case(_backup()), Case({"masterInstanceName": "primary", "settings": {}})],
    bad=[Case(_backup(enabled=False)), Case({"settings": {}}), Case({"settings": {"backupConfiguration": None}})],
)
def backup_enabled(instance: Resource) -> Iterator[str]:
    if is_primary(instance):
        yield from must_be(instance, f"{_BACKUP}.enabled", True)


@rule(
    "sql-backup-retention",
    title="Cloud SQL keeps enough automated backups",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-9", "PG-BACKUP", "PG-PHASE-3", "BAK-PG"],
    reason="damage that is found late can only be undone from a backup that is older than it",
    fix="raise postgres.backup.retained in the stack file",
    parameters={"retained_backups": Parameter(35, "Automated backups that are kept, one a day")},
    good=[
        Case(_backup(backupRetentionSettings={"retainedBackups": 35, "retentionUnit": "COUNT"})),
        Case(_backup(backupRetentionSettings={"retainedBackups": 365})),
        _REPLICA,
    ],
    bad=[
        Case(_backup(backupRetentionSettings={"retainedBackups": 7})),
        Case(_backup(backupRetentionSettings={"retainedBackups": 35, "retentionUnit": "RETENTION_UNIT_UNSPECIFIED"})),
        Case(_backup()),
    ],
)
def backup_retention(instance: Resource, retained_backups: int) -> Iterator[str]:
    if is_primary(instance):
        yield from must_reach(instance, f"{_RETENTION}.retainedBackups", retained_backups, "backups")
        yield from must_be(instance, f"{_RETENTION}.retentionUnit", "COUNT", None)


@rule(
    "sql-pitr",
    title="Cloud SQL can be restored to any moment",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=[
        "NIST 800-53: CP-9",
        "NIST 800-53: CP-10",
        "PG-BACKUP",
        "PG-PHASE-3",
        "REC-PITR",
        "TGT-PG-SLA",
        "TGT-PG-RPO",
    ],
    reason="a backup alone loses up to a day of bookings; the API switches point-in-time recovery off when nobody asks",
    fix="set postgres.backup.pointInTimeRecovery: true in the stack file",
    good=[Case(_backup(pointInTimeRecoveryEnabled=True)), _REPLICA],
    bad=[Case(_backup(pointInTimeRecoveryEnabled=False)), Case(_backup())],
)
def point_in_time(instance: Resource) -> Iterator[str]:
    if is_primary(instance):
        yield from must_be(instance, f"{_BACKUP}.pointInTimeRecoveryEnabled", True)


_MOST_LOG_DAYS = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}


def _logs(days: object, backups: int = 35, edition: str = "ENTERPRISE") -> Case:
    configuration = {"transactionLogRetentionDays": days, "backupRetentionSettings": {"retainedBackups": backups}}
    return Case({"settings": {"edition": edition, "backupConfiguration": configuration}})


@rule(
    "sql-log-retention",
    title="Cloud SQL keeps enough days of transaction logs, and the backups that they start from",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-9", "PG-BACKUP", "REC-PITR"],
    reason="point-in-time recovery reaches back no further than the logs do, and a log is of use only with a backup "
    "that is older; more days than the edition keeps are refused in the middle of an update",
    fix="set postgres.backup.transactionLogs in the stack file, and postgres.backup.retained above it",
    parameters={"log_days": Parameter(7, "Least days of transaction logs")},
    good=[_logs(7), _logs(7, backups=8), _logs(14, edition="ENTERPRISE_PLUS"), _REPLICA],
    bad=[_logs(3), _logs(None), _logs(8), _logs(7, backups=7), _logs(36, backups=99, edition="ENTERPRISE_PLUS")],
)
def log_retention(instance: Resource, log_days: int) -> Iterator[str]:
    if not is_primary(instance):
        return
    yield from must_reach(instance, _LOG_DAYS, log_days, "days")
    days = instance.number(_LOG_DAYS) or 0
    if days > _MOST_LOG_DAYS.get(instance.text("settings.edition"), 35):
        edition = instance.shown("settings.edition")
        yield f"{_LOG_DAYS} is {instance.shown(_LOG_DAYS)}, which is more than edition {edition} keeps"
    yield from must_reach(instance, f"{_RETENTION}.retainedBackups", days + 1, "backups")


@rule(
    "sql-backup-location",
    title="Backups of Cloud SQL stay in Japan",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-6", "CON-GCP"],
    reason="where nothing is stated Google keeps backups in the multi-region nearby, which is all of Asia",
    fix="set postgres.backup.location in the stack file to an allowed location; without it project.region holds",
    parameters={
        "locations": Parameter(("asia-northeast1", "asia-northeast2", "asia1"), "Locations that may hold backups"),
    },
    good=[Case(_backup(location="asia-northeast1")), Case(_backup(location="asia-northeast2")), _REPLICA],
    bad=[Case(_backup(location="us")), Case(_backup(location="asia")), Case(_backup(location="")), Case(_backup())],
)
def backup_location(instance: Resource, locations: Sequence[str]) -> Iterator[str]:
    if is_primary(instance):
        yield from must_be(instance, f"{_BACKUP}.location", *locations)


_FINAL = "settings.finalBackupConfig"


def _deleted(retained: object = True, **final: object) -> Case:
    return Case({"settings": {"retainBackupsOnDelete": retained, "finalBackupConfig": final}})


@rule(
    "sql-final-backup",
    title="The backups of a Cloud SQL instance outlive it, and a last one is made",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: CP-9", "BAK-PG", "REC-FULL"],
    reason="otherwise every backup goes with the instance, so that one wrong deletion takes the data for good",
    fix="raise postgres.backup.finalBackup in the stack file; keep finalBackupConfig and retainBackupsOnDelete",
    parameters={"final_days": Parameter(35, "Least days for which the last backup is kept")},
    good=[_deleted(enabled=True, retentionDays=35), _REPLICA],
    bad=[
        _deleted(enabled=False, retentionDays=35),
        _deleted(enabled=True, retentionDays=7),
        _deleted(enabled=True),
        _deleted(),
        _deleted(retained=False, enabled=True, retentionDays=35),
        _deleted(retained=None, enabled=True, retentionDays=35),
    ],
)
def final_backup(instance: Resource, final_days: int) -> Iterator[str]:
    if is_primary(instance):
        yield from must_be(instance, f"{_FINAL}.enabled", True)
        yield from must_reach(instance, f"{_FINAL}.retentionDays", final_days, "days")
        yield from must_be(instance, "settings.retainBackupsOnDelete", True)


_VAULTED = "gcp:backupdisasterrecovery/backupPlanAssociation:BackupPlanAssociation"
_PRIMARY = (SQL_INSTANCE, {"name": "primary"})
_PERIOD = "retentionPolicy.retentionPeriod"


def _dumps(days: int) -> tuple[str, dict[str, object]]:
    return BUCKET, {"retentionPolicy": {"retentionPeriod": str(days * DAY), "isLocked": True}}


@rule(
    "sql-vault-backup",
    title="A copy of PostgreSQL lies where the project's own administrators cannot delete it",
    severity=Severity.LOW,
    level=Level.ADVISORY,
    types=[SQL_INSTANCE, BUCKET, _VAULTED],
    sources=["NIST 800-53: CP-6", "NIST 800-53: CP-9", "BAK-PG"],
    reason="whoever may delete the instance may delete its automated backups too",
    fix="export the databases every day to a bucket with a retention policy, or put the instance under a plan of a "
    "Backup Vault (which takes no instance with a key of ours)",
    parameters={"export_days": Parameter(35, "Least retention of a bucket that holds exports, in days")},
    good=[
        Case(stack={"primary": _PRIMARY, "exports": _dumps(35)}),
        Case(stack={"primary": _PRIMARY, "plan": (_VAULTED, {"resource": "projects/p/instances/primary"})}),
        Case(),
    ],
    bad=[
        Case(stack={"primary": _PRIMARY}),
        Case(stack={"primary": _PRIMARY, "exports": _dumps(7)}),
        Case(stack={"primary": _PRIMARY, "plan": (_VAULTED, {"resource": "projects/p/instances/other"})}),
    ],
)
def vault_backup(stack: Stack, export_days: int) -> Iterator[tuple[Resource, str]]:
    def check(instance: Resource) -> Iterator[str]:
        exported = any((bucket.number(_PERIOD) or 0) >= export_days * DAY for bucket in stack.of(BUCKET))
        vaulted = {plan.text("resource").rpartition("/")[2] for plan in stack.of(_VAULTED)}
        if not exported and instance.text("name") not in vaulted:
            yield f"neither a vault nor a bucket that keeps objects for {export_days:g} days holds a copy of it"

    yield from about_each_resource([each for each in stack.of(SQL_INSTANCE) if is_primary(each)], check)
