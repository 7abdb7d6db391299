"""The cache: Memorystore for Redis and for Valkey."""

from collections.abc import Iterator, Sequence

from policies.kit import Case, Parameter, Resource, Severity, must_be, must_be_set, must_reach, rule
from policies.kit.types import REDIS, VALKEY
from policies.resilience.reading import NIGHT, at_night, version

_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def _redis(**inputs: object) -> dict[str, object]:
    return {
        "tier": "STANDARD_HA",
        "replicaCount": 2,
        "readReplicasMode": "READ_REPLICAS_ENABLED",
        "locationId": "asia-northeast1-a",
        "alternativeLocationId": "asia-northeast1-b",
        **inputs,
    }


def _valkey(**inputs: object) -> dict[str, object]:
    zones = {"mode": "MULTI_ZONE"}
    return {"replicaCount": 2, "zoneDistributionConfig": zones, "nodeType": "HIGHMEM_XLARGE", **inputs}


@rule(
    "red-ha",
    title="The cache has replicas in another zone",
    severity=Severity.HIGH,
    types=[REDIS, VALKEY],
    sources=["NIST 800-53: CP-10", "TGT-CACHE-SLA", "RDS-INST"],
    reason="without a replica in another zone a lost zone empties the cache and its load falls on PostgreSQL",
    fix="set cache.replicas, cache.redis.zone and cache.redis.alternativeZone in the stack file",
    parameters={"replicas": Parameter(2, "Replicas that the cache needs")},
    good=[Case(_redis(), type=REDIS), Case(_valkey(), type=VALKEY)],
    bad=[
        Case(_redis(tier="BASIC"), type=REDIS),
        Case(_redis(replicaCount=0), type=REDIS),
        Case(_redis(readReplicasMode="READ_REPLICAS_DISABLED"), type=REDIS),
        Case(_redis(alternativeLocationId="asia-northeast1-a"), type=REDIS),
        Case(_redis(alternativeLocationId=None), type=REDIS),
        Case(_valkey(replicaCount=0), type=VALKEY),
        Case(_valkey(zoneDistributionConfig={"mode": "SINGLE_ZONE"}), type=VALKEY),
        Case(_valkey(zoneDistributionConfig=None), type=VALKEY),
        Case(_valkey(nodeType="SHARED_CORE_NANO"), type=VALKEY),
    ],
)
def ha(instance: Resource, replicas: int) -> Iterator[str]:
    yield from must_reach(instance, "replicaCount", replicas, "replicas")
    yield from _redis_spread(instance) if instance.type == REDIS else _valkey_spread(instance)


def _redis_spread(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "tier", "STANDARD_HA")
    yield from must_be(instance, "readReplicasMode", "READ_REPLICAS_ENABLED")
    yield from must_be_set(instance, "locationId")
    yield from must_be_set(instance, "alternativeLocationId")
    if instance.has("locationId") and instance.get("locationId") == instance.get("alternativeLocationId"):
        yield f"alternativeLocationId is {instance.shown('alternativeLocationId')}, the same zone as locationId"


def _valkey_spread(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "zoneDistributionConfig.mode", "MULTI_ZONE")
    if not instance.text("nodeType") or instance.text("nodeType").startswith("SHARED_CORE"):
        yield f"nodeType is {instance.shown('nodeType')}; a node without a whole core has no SLA"


_GUARDS = {REDIS: "deletionProtection", VALKEY: "deletionProtectionEnabled"}


@rule(
    "red-delete-guard",
    title="The cache refuses to be deleted",
    severity=Severity.MEDIUM,
    types=[REDIS, VALKEY],
    sources=["NIST 800-53: CP-9"],
    reason="a deleted cache loses sessions, counters and locks, and its load falls on PostgreSQL",
    fix="set project.deletionGuards: true in the stack file",
    good=[Case({"deletionProtection": True}, type=REDIS), Case({"deletionProtectionEnabled": True}, type=VALKEY)],
    bad=[
        Case({"deletionProtection": False}, type=REDIS),
        Case({}, type=REDIS),
        Case({"deletionProtectionEnabled": False}, type=VALKEY),
        Case({}, type=VALKEY),
    ],
)
def delete_guard(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, _GUARDS[instance.type], True)


_VERSIONS = {REDIS: "redisVersion", VALKEY: "engineVersion"}
_CONFIGS = {REDIS: "redisConfigs", VALKEY: "engineConfigs"}


@rule(
    "red-version-floor",
    title="The cache runs a supported version and says what it evicts",
    severity=Severity.MEDIUM,
    types=[REDIS, VALKEY],
    sources=["NIST 800-53: SI-2", "RDS-INST", "RDS-CONF"],
    reason="an old engine gets no fixes, and without an eviction policy for all keys a full cache refuses writes",
    fix="set cache.redis.version (cache.valkey.version) and cache.evictionPolicy in the stack file",
    parameters={
        "oldest": Parameter("7.2", "Oldest version of Redis or Valkey that is allowed"),
        "policies": Parameter(("allkeys-lru", "allkeys-lfu"), "Eviction policies that are allowed"),
    },
    good=[
        Case({"redisVersion": "REDIS_7_2", "redisConfigs": {"maxmemory-policy": "allkeys-lru"}}, type=REDIS),
        Case({"engineVersion": "VALKEY_8_0", "engineConfigs": {"maxmemory-policy": "allkeys-lfu"}}, type=VALKEY),
    ],
    bad=[
        Case({"redisVersion": "REDIS_6_X", "redisConfigs": {"maxmemory-policy": "allkeys-lru"}}, type=REDIS),
        Case({"redisVersion": "REDIS_7_2", "redisConfigs": {"maxmemory-policy": "noeviction"}}, type=REDIS),
        Case({"redisVersion": "REDIS_7_2"}, type=REDIS),
        Case({"engineConfigs": {"maxmemory-policy": "allkeys-lru"}}, type=VALKEY),
    ],
)
def version_floor(instance: Resource, oldest: str, policies: Sequence[str]) -> Iterator[str]:
    path = _VERSIONS[instance.type]
    if version(instance.text(path)) < version(oldest):
        yield f"{path} is {instance.shown(path)}; at least {oldest} is needed"
    yield from must_be(instance, f"{_CONFIGS[instance.type]}.maxmemory-policy", *policies)


@rule(
    "red-headroom",
    title="Redis keeps memory free for snapshots and failovers",
    severity=Severity.MEDIUM,
    types=[REDIS],
    sources=["NIST 800-53: SC-5", "RDS-INST", "MON-RDS"],
    reason="while a snapshot is taken Redis needs memory beside the data; without it the instance swaps or restarts",
    fix="lower cache.redis.usable or raise cache.size in the stack file",
    parameters={"most_percent": Parameter(90, "Largest share of the instance that data may fill, in percent")},
    good=[Case({"memorySizeGb": 32, "redisConfigs": {"maxmemory-gb": "28"}})],
    bad=[
        Case({"memorySizeGb": 32, "redisConfigs": {"maxmemory-gb": "32"}}),
        Case({"memorySizeGb": 32, "redisConfigs": {}}),
        Case({"redisConfigs": {"maxmemory-gb": "28"}}),
    ],
)
def headroom(instance: Resource, most_percent: int) -> Iterator[str]:
    usable, size = instance.number("redisConfigs.maxmemory-gb"), instance.number("memorySizeGb")
    if not usable or not size or usable > size * most_percent / 100:
        shown = instance.shown("redisConfigs.maxmemory-gb")
        yield f"maxmemory-gb is {shown} of {instance.shown('memorySizeGb')} GB; at most {most_percent:g} % may be used"


def _window(day: str = "SATURDAY", hour: int = 20) -> dict[str, object]:
    return {"maintenancePolicy": {"weeklyMaintenanceWindows": [{"day": day, "startTime": {"hours": hour}}]}}


@rule(
    "red-maintenance",
    title="The cache is maintained at night",
    severity=Severity.MEDIUM,
    types=[REDIS, VALKEY],
    sources=["NIST 800-53: SI-2", "PG-MAINT"],
    reason="without a window Google fails the cache over at any hour, and its load falls on PostgreSQL for a while",
    fix="set cache.maintenance in the stack file; times there are local",
    parameters=NIGHT,
    good=[Case(_window(), type=REDIS), Case(_window(), type=VALKEY)],
    bad=[
        Case({}, type=REDIS),
        Case(_window(hour=4), type=REDIS),
        Case(_window(day=""), type=VALKEY),
        Case({"maintenancePolicy": {"weeklyMaintenanceWindows": []}}, type=VALKEY),
    ],
)
def maintenance(instance: Resource, from_hour: int, until_hour: int) -> Iterator[str]:
    windows = instance.nodes("maintenancePolicy.weeklyMaintenanceWindows")
    if not windows:
        yield "maintenancePolicy.weeklyMaintenanceWindows is not set"
    for window in windows:
        yield from must_be(window, "day", *_DAYS)
        yield from at_night(window, "startTime.hours", from_hour, until_hour)
