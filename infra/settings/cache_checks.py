"""What contradicts itself inside the cache settings alone; what needs a catalogue is checked in `infra.derive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.settings.model import Finding
from infra.settings.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings.cache import CacheSettings
    from infra.settings.cache_parts import RedisSettings

# Google, "About read replicas": "only supported for instance sizes with nodes >= 5 GB", read 2026-11-25.
_READ_ENDPOINT_FROM = Size.parse("5 GB")
_SMALLEST_REDIS = Size.parse("2 GB")


def contradictions(cache: CacheSettings) -> Iterator[Finding]:
    """Yield every contradiction; paths are relative to `cache`."""
    yield from _engine(cache)
    if cache.engine == "redis" and cache.redis is not None:
        yield from _redis(cache, cache.redis)
    pool = cache.pool
    if not pool.min_idle <= pool.max_idle <= pool.max_total:
        yield Finding(
            "pool",
            f"minIdle {pool.min_idle}, maxIdle {pool.max_idle}, maxTotal {pool.max_total}",
            "minIdle ≤ maxIdle ≤ maxTotal",
            "put the three in order, e.g. 10, 50 and 100 (RDS-POOL)",
        )
    if len(set(cache.clients)) != len(cache.clients):
        yield Finding("clients", ", ".join(cache.clients), "each program once", "remove the repetition")
    if cache.targets and cache.targets.availability and cache.targets.availability.of_ram:
        yield Finding(
            "targets.availability",
            cache.targets.availability,
            "a plain percentage, e.g. 99.95 %",
            'remove "of RAM"',
        )


def _engine(cache: CacheSettings) -> Iterator[Finding]:
    """Exactly the chosen engine's own settings are there."""
    for engine, own in (("redis", cache.redis), ("valkey", cache.valkey)):
        if cache.engine == engine and own is None:
            yield Finding(
                engine,
                "missing",
                f"the settings of cache.engine: {engine}",
                f"add {engine}: with its settings below it",
            )
        if cache.engine != engine and own is not None:
            yield Finding(
                engine,
                "given",
                f"nothing while cache.engine is {cache.engine}",
                f"remove the group {engine}, or write engine: {engine}",
            )


def _redis(cache: CacheSettings, redis: RedisSettings) -> Iterator[Finding]:
    if cache.size < _SMALLEST_REDIS:
        yield Finding(
            "size",
            cache.size,
            f"at least {_SMALLEST_REDIS} with engine redis, so that some memory stays free beside cache.redis.usable",
            f"raise it to {_SMALLEST_REDIS} or more",
        )
    elif redis.usable >= cache.size:
        yield Finding(
            "redis.usable",
            redis.usable,
            f"less than cache.size ({cache.size}): snapshots and failovers need the rest",
            "lower it to about 90 % of the size",
        )
    if redis.alternative_zone == redis.zone:
        yield Finding(
            "redis.alternativeZone",
            redis.alternative_zone,
            f"another zone than cache.redis.zone ({redis.zone})",
            "name another zone of the region",
        )
    if redis.read_endpoint and _SMALLEST_REDIS <= cache.size < _READ_ENDPOINT_FROM:
        yield Finding(
            "redis.readEndpoint",
            redis.read_endpoint,
            f"false below {_READ_ENDPOINT_FROM}: smaller nodes have no read replicas",
            "write false, or a size of 5 GB or more (5 GB cost less than 4 GB)",
        )
    if not redis.read_endpoint and cache.replicas > 1:
        yield Finding(
            "replicas",
            cache.replicas,
            "1 while cache.redis.readEndpoint is false: the standby alone",
            "write 1, or readEndpoint: true",
        )
