"""What survives of the cache: snapshots or an append-only file, and backups where the engine makes them."""

from collections.abc import Iterator

from policies.backup.reading import DAY, seconds
from policies.kit import Case, Node, Parameter, Resource, Severity, must_be, rule
from policies.kit.types import REDIS, REDIS_CLUSTER, VALKEY

_PERIOD_HOURS = {"ONE_HOUR": 1, "SIX_HOURS": 6, "TWELVE_HOURS": 12, "TWENTY_FOUR_HOURS": 24}
_NEVER = 10**6
"""Hours that stand for a period nobody has stated."""


def _redis(mode: object = "RDB", period: object = "ONE_HOUR") -> Case:
    return Case({"persistenceConfig": {"persistenceMode": mode, "rdbSnapshotPeriod": period}}, type=REDIS)


def _appended(sync: object = "EVERY_SEC", type_: str = VALKEY) -> Case:
    return Case({"persistenceConfig": {"mode": "AOF", "aofConfig": {"appendFsync": sync}}}, type=type_)


def _dumped(period: object, mode: object = "RDB", type_: str = VALKEY) -> Case:
    return Case({"persistenceConfig": {"mode": mode, "rdbConfig": {"rdbSnapshotPeriod": period}}}, type=type_)


@rule(
    "red-persistence",
    title="The cache is written to disk, every hour at least",
    severity=Severity.MEDIUM,
    types=[REDIS, VALKEY, REDIS_CLUSTER],
    sources=["NIST 800-53: CP-9", "RDS-BACKUP"],
    reason="when every node is lost the cache comes back empty, signs everybody out and sends all reads to PostgreSQL",
    fix="set cache.redis.snapshots.every in the stack file, or cache.valkey.appendSync with engine valkey",
    parameters={"snapshot_hours": Parameter(1, "Most hours between two snapshots")},
    good=[_redis(), _appended(), _appended("ALWAYS", REDIS_CLUSTER), _dumped("ONE_HOUR")],
    bad=[
        _redis(mode="DISABLED"),
        _redis(mode=None),
        _redis(period="SIX_HOURS"),
        _redis(period=None),
        Case({}, type=REDIS),
        _appended("NEVER"),
        _appended(None),
        _dumped("TWENTY_FOUR_HOURS"),
        _dumped("ONE_HOUR", mode="DISABLED"),
        _dumped(None, type_=REDIS_CLUSTER),
        Case({}, type=VALKEY),
    ],
)
def persistence(cache: Resource, snapshot_hours: int) -> Iterator[str]:
    config = cache.node("persistenceConfig")
    if cache.type == REDIS:
        yield from must_be(config, "persistenceMode", "RDB")
        yield from _often(config, "rdbSnapshotPeriod", snapshot_hours)
        return
    yield from must_be(config, "mode", "AOF", "RDB")
    if config.get("mode") == "AOF":
        # Otherwise the file is written when the operating system likes.
        yield from must_be(config, "aofConfig.appendFsync", "EVERY_SEC", "ALWAYS")
    elif config.get("mode") == "RDB":
        yield from _often(config, "rdbConfig.rdbSnapshotPeriod", snapshot_hours)


def _often(config: Node, path: str, hours: int) -> Iterator[str]:
    if _PERIOD_HOURS.get(config.text(path), _NEVER) > hours:
        yield f"{config.where}.{path} is {config.shown(path)}; snapshots are needed every {hours:g} hours"


def _backed_up(retention: object, type_: str = VALKEY) -> Case:
    return Case({"automatedBackupConfig": {"retention": retention}}, type=type_)


@rule(
    "red-backup",
    title="A cache that can make backups keeps one for a day at least",
    severity=Severity.MEDIUM,
    types=[VALKEY, REDIS_CLUSTER],
    sources=["NIST 800-53: CP-9", "RDS-BACKUP"],
    reason="an append-only file holds the mistake too: only a backup brings back keys that were deleted",
    fix="set cache.valkey.backup.retained in the stack file",
    parameters={"backup_days": Parameter(1, "Least days for which an automated backup is kept")},
    good=[_backed_up("86400s"), _backed_up("3024000s", REDIS_CLUSTER)],
    bad=[
        _backed_up("3600s"),
        _backed_up("a day"),
        _backed_up(None),
        Case({}, type=VALKEY),
        Case({"automatedBackupConfig": None}, type=REDIS_CLUSTER),
    ],
)
def backup(cache: Resource, backup_days: int) -> Iterator[str]:
    path = "automatedBackupConfig.retention"
    if seconds(cache, path) < backup_days * DAY:
        yield f"{path} is {cache.shown(path)}; at least {backup_days:g} days are needed"
