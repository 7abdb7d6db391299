"""What a store promises: how much may be lost and how long it may be down, against how it is built (ch. 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from policies.kit import Case, Parameter, Resource, Severity, rule
from policies.kit.postgres import is_primary
from policies.kit.types import ATLAS_CLUSTER, REDIS, SQL_INSTANCE, TIMESCALE_SERVICE, VALKEY

_DAY = 24 * 60
_NEVER = 10**6
"""Minutes that stand for a loss of everything."""

_SNAPSHOT_MINUTES = {"ONE_HOUR": 60, "SIX_HOURS": 360, "TWELVE_HOURS": 720, "TWENTY_FOUR_HOURS": _DAY}


@dataclass(frozen=True)
class _Reached:
    """Minutes of data lost at most, and minutes until the store answers again, when a zone is lost or data damaged."""

    lost: float
    down: float


def _postgres(instance: Resource) -> _Reached:
    backup = instance.node("settings.backupConfiguration")
    backed_up = backup.get("enabled") is True
    logs = backed_up and backup.get("pointInTimeRecoveryEnabled") is True
    regional = instance.text("settings.availabilityType") == "REGIONAL"
    # The standby is written synchronously and takes over within a minute (PG-PHASE-3). Without it the logs, uploaded
    # every five minutes (recalled), go onto a new instance within an hour (REC-PITR), a backup within eight (REC-FULL).
    lost = (1 if regional else 5) if logs else _DAY if backed_up else _NEVER
    return _Reached(lost, 1 if regional else 60 if logs else 480)


def _redis(instance: Resource) -> _Reached:
    config = instance.node("persistenceConfig")
    snapshots = config.text("persistenceMode") == "RDB"
    lost = _SNAPSHOT_MINUTES.get(config.text("rdbSnapshotPeriod"), _DAY) if snapshots else _NEVER
    return _Reached(lost, 1 if instance.text("tier") == "STANDARD_HA" else 60)


def _valkey(instance: Resource) -> _Reached:
    config = instance.node("persistenceConfig")
    snapshots = _SNAPSHOT_MINUTES.get(config.text("rdbConfig.rdbSnapshotPeriod"), _DAY)
    appended = config.text("aofConfig.appendFsync") in ("EVERY_SEC", "ALWAYS")
    lost = {"AOF": 1 if appended else 60, "RDB": snapshots}.get(config.text("mode"), _NEVER)
    return _Reached(lost, 1 if instance.number("replicaCount") else 60)


def _mongodb(cluster: Resource) -> _Reached:
    # Continuous backups reach any minute of the window, snapshots alone the last one (COR-14: every 6 hours).
    backed_up = cluster.get("backupEnabled") is True
    lost = 1 if backed_up and cluster.get("pitEnabled") is True else 360 if backed_up else _NEVER
    regions = [region for shard in cluster.nodes("replicationSpecs") for region in shard.nodes("regionConfigs")]
    nodes = sum(region.number("electableSpecs.nodeCount") or 0 for region in regions)
    return _Reached(lost, 1 if nodes >= _MAJORITY_OF else 60)


_MAJORITY_OF = 3


def _timescale(service: Resource) -> _Reached:
    # The vendor archives the log all the time; a standby takes over in a minute, a new machine within the hour.
    return _Reached(1, 1 if service.number("haReplicas") else 60)


_REACHED: Mapping[str, tuple[str, Callable[[Resource], _Reached]]] = {
    SQL_INSTANCE: ("postgres", _postgres),
    REDIS: ("cache", _redis),
    VALKEY: ("cache", _valkey),
    ATLAS_CLUSTER: ("mongodb", _mongodb),
    TIMESCALE_SERVICE: ("timescale", _timescale),
}

_PARAMETERS = {
    "postgres_lost_minutes": Parameter(1, "RPO of PostgreSQL: data that may be lost, in minutes (TGT-PG-RPO)"),
    "postgres_down_minutes": Parameter(5, "RTO of PostgreSQL: time without it, in minutes (TGT-PG-RTO)"),
    "cache_lost_minutes": Parameter(60, "RPO of the cache, in minutes (RDS-BACKUP)"),
    "cache_down_minutes": Parameter(5, "RTO of the cache, in minutes"),
    "mongodb_lost_minutes": Parameter(1, "RPO of MongoDB, in minutes (MDB-BACKUP)"),
    "mongodb_down_minutes": Parameter(5, "RTO of MongoDB, in minutes"),
    "timescale_lost_minutes": Parameter(5, "RPO of Timescale, in minutes"),
    "timescale_down_minutes": Parameter(5, "RTO of Timescale, in minutes"),
}


def _postgres_case(availability: str = "REGIONAL", **backup: object) -> Case:
    configuration = {"enabled": True, "pointInTimeRecoveryEnabled": True, **backup}
    settings = {"availabilityType": availability, "backupConfiguration": configuration}
    return Case({"settings": settings}, type=SQL_INSTANCE)


def _redis_case(tier: str = "STANDARD_HA", mode: str = "RDB", period: str = "ONE_HOUR") -> Case:
    config = {"persistenceMode": mode, "rdbSnapshotPeriod": period}
    return Case({"tier": tier, "persistenceConfig": config}, type=REDIS)


def _valkey_case(mode: str = "AOF", replicas: int = 2) -> Case:
    config = {"mode": mode, "aofConfig": {"appendFsync": "EVERY_SEC"}}
    return Case({"replicaCount": replicas, "persistenceConfig": config}, type=VALKEY)


def _mongodb_case(nodes: int = 3, *, backup: bool = True, any_minute: bool = True) -> Case:
    specs = [{"regionConfigs": [{"electableSpecs": {"nodeCount": nodes}}]}]
    return Case({"backupEnabled": backup, "pitEnabled": any_minute, "replicationSpecs": specs}, type=ATLAS_CLUSTER)


@rule(
    "st-rpo-rto",
    title="Each store is built for what it promises: RPO and RTO",
    severity=Severity.HIGH,
    types=_REACHED,
    sources=["NIST 800-53: CP-2", "NIST 800-53: CP-10", "TGT-PG-SLA", "TGT-PG-RPO", "TGT-PG-RTO", "TGT-CACHE-SLA"],
    reason="a promise that the store is not built for is found out on the day that it is needed",
    fix="give the store the standby, the log or the snapshots that the message names, in the stack file",
    parameters=_PARAMETERS,
    good=[
        _postgres_case(),
        Case({"masterInstanceName": "primary"}, type=SQL_INSTANCE),
        _redis_case(),
        _valkey_case(),
        _mongodb_case(),
        Case({"haReplicas": 1}, type=TIMESCALE_SERVICE),
    ],
    bad=[
        _postgres_case("ZONAL"),
        _postgres_case(pointInTimeRecoveryEnabled=False),
        _postgres_case(enabled=False),
        _redis_case(tier="BASIC"),
        _redis_case(mode="DISABLED"),
        _redis_case(period="TWENTY_FOUR_HOURS"),
        _valkey_case(mode="DISABLED"),
        _valkey_case(replicas=0),
        _mongodb_case(nodes=1),
        _mongodb_case(any_minute=False),
        _mongodb_case(backup=False),
        Case({"haReplicas": 0}, type=TIMESCALE_SERVICE),
    ],
)
def rpo_rto(store: Resource, **promised: int) -> Iterator[str]:
    if store.type == SQL_INSTANCE and not is_primary(store):
        return
    name, reach = _REACHED[store.type]
    reached = reach(store)
    for what, found in (("lost", reached.lost), ("down", reached.down)):
        most = promised[f"{name}_{what}_minutes"]
        if found > most:
            yield f"{_SAID[what]} is {_minutes(found)}; {most:g} minutes are promised"


_SAID = {"lost": "what may be lost (RPO)", "down": "the time until it answers again (RTO)"}


def _minutes(found: float) -> str:
    return "everything, for good" if found >= _NEVER else f"{found:g} minutes"
