"""The cache as it will be declared: its engine, its two names, and what a client is handed (RDS-INST … RDS-POOL)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from infra.catalog.cache_rows import valkey_nodes
from infra.derive import schedule
from infra.derive.features import features
from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.cache import CacheSettings
from infra.settings.cache_parts import SNAPSHOT_HOURS, CachePoolSettings, RedisSettings, ValkeySettings
from infra.settings.postgres import POOLER
from infra.settings.times import WEEKDAYS
from infra.settings.units import WeeklyTime

CERTIFICATE_PATH = "/etc/triptrip/cache-ca.pem"
"""Where applications mount the secret that holds the servers' certificate authorities."""

_SNAPSHOT_PERIODS = dict(
    zip(SNAPSHOT_HOURS, ("ONE_HOUR", "SIX_HOURS", "TWELVE_HOURS", "TWENTY_FOUR_HOURS"), strict=True)
)
_SNAPSHOT_DAY = "2026-01-01"
"""Any past day: snapshots are aligned to it, and a day of the clock would be a change at every run."""


@dataclass(frozen=True)
class MaintenanceHour:
    """The weekly hour in UTC as Memorystore takes it: MONDAY … SUNDAY, 0-23."""

    day: str
    hour: int


@dataclass(frozen=True)
class RedisPlan:
    """Memorystore for Redis, Standard tier; `configs` are the parameters by name."""

    version: str
    zone: str
    alternative_zone: str
    read_endpoint: bool
    usable_gb: int
    configs: Mapping[str, str]
    snapshot_period: str
    snapshot_start: str


@dataclass(frozen=True)
class ValkeyPlan:
    """Memorystore for Valkey without cluster mode; `backup_hour` is UTC, `backup_retention` in seconds ("86400s")."""

    version: str
    node_type: str
    configs: Mapping[str, str]
    append_sync: str
    backup_hour: int
    backup_days: int
    backup_retention: str


@dataclass(frozen=True)
class CachePlan:
    """The whole store: exactly one of `redis` and `valkey` is there.

    `exporters` are programs that sign in to measure it.
    """

    name: str
    engine: str
    region: str
    size_gb: int
    replicas: int
    maintenance: MaintenanceHour
    hosts: Mapping[str, str]
    clients: tuple[str, ...]
    exporters: tuple[str, ...]
    pool: CachePoolSettings
    redis: RedisPlan | None
    valkey: ValkeyPlan | None

    def connection(self, ports: Mapping[str, int], password: str | None) -> str:
        """What a client is handed (CONN, COR-18, RDS-POOL), as JSON; `ports` by endpoint.

        TLS always, checked against the authority in the server-ca secret. The certificate names the instance and not
        our DNS name, so a client checks the authority and not the name. Without a password (Valkey) the client sends
        a token of its service account in place of one.
        """
        user = f":{quote(password, safe='')}@" if password else ""
        return json.dumps(
            {
                "engine": self.engine,
                "urls": {
                    endpoint: f"rediss://{user}{host}:{ports[endpoint]}/0" for endpoint, host in self.hosts.items()
                },
                "authentication": "password" if password else "iam",
                "certificateAuthority": CERTIFICATE_PATH,
                "checkHostname": False,
                "pool": {
                    "minIdle": self.pool.min_idle,
                    "maxIdle": self.pool.max_idle,
                    "maxTotal": self.pool.max_total,
                    "maxWaitMilliseconds": self.pool.max_wait.milliseconds,
                },
            },
            sort_keys=True,
        )


def cache_plan(cache: CacheSettings, settings: Settings, names: Names) -> CachePlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    return CachePlan(
        name=names.of("cache"),
        engine=cache.engine,
        region=settings.project.region,
        size_gb=cache.size.gib,
        replicas=cache.replicas,
        maintenance=_maintenance(cache.maintenance),
        hosts={endpoint: f"redis-{endpoint}.{settings.network.dns_domain}" for endpoint in ("write", "read")},
        clients=tuple(cache.clients),
        exporters=(POOLER,) if "exporters-redis" in features(settings) else (),
        pool=cache.pool,
        redis=_redis(cache, cache.redis) if cache.redis else None,
        valkey=_valkey(cache, cache.valkey) if cache.valkey else None,
    )


def node_type(size_gb: int) -> str | None:
    """The smallest Valkey node that holds as much data; None when no node does."""
    return next((name for name, row in valkey_nodes().items() if row.writable_gb >= size_gb), None)


def _maintenance(window: WeeklyTime) -> MaintenanceHour:
    utc = schedule.weekly_utc(window)
    return MaintenanceHour(WEEKDAYS[utc.day - 1].upper(), utc.hour)


def _redis(cache: CacheSettings, redis: RedisSettings) -> RedisPlan:
    hours = redis.snapshots.every.seconds // 3600
    return RedisPlan(
        version=redis.version,
        zone=redis.zone,
        alternative_zone=redis.alternative_zone,
        read_endpoint=redis.read_endpoint,
        usable_gb=redis.usable.gib,
        configs={"maxmemory-gb": str(redis.usable.gib), **_configs(cache)},
        snapshot_period=_SNAPSHOT_PERIODS[hours],
        snapshot_start=f"{_SNAPSHOT_DAY}T{schedule.daily_utc(redis.snapshots.start)}:00Z",
    )


def _valkey(cache: CacheSettings, valkey: ValkeySettings) -> ValkeyPlan:
    node = node_type(cache.size.gib)
    if node is None:
        raise ValueError(f"no Valkey node holds {cache.size}; the checks refuse such a size")
    return ValkeyPlan(
        version=valkey.version,
        node_type=node,
        configs=_configs(cache),
        append_sync=valkey.append_sync,
        backup_hour=int(schedule.daily_utc(valkey.backup.time)[:2]),
        backup_days=valkey.backup.retained.days,
        backup_retention=f"{valkey.backup.retained.seconds}s",
    )


def _configs(cache: CacheSettings) -> dict[str, str]:
    return {"maxmemory-policy": cache.eviction_policy, "notify-keyspace-events": cache.keyspace_events}
