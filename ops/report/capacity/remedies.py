"""What answers a trigger: values to lay over a stack's own, large enough for a demand (TRIG).

A remedy answers None where nothing larger is offered. It never makes anything smaller.
"""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal

from infra import catalog
from infra.catalog.cache_rows import largest_redis_gb, valkey_nodes
from infra.catalog.capacity_rows import disks
from infra.catalog.elasticsearch_rows import elastic_sizes, elastic_templates
from infra.derive.cache_costs import redis_offer
from infra.derive.postgres import local_replicas, primary_region
from infra.derive.search_capacity import search_capacity
from infra.derive.tiers import parse_tier
from infra.settings import Settings
from infra.settings.cache import CacheSettings
from infra.settings.postgres import PostgresSettings
from infra.settings.units import Size
from ops.report.capacity.gauges import most_iops
from ops.report.capacity.growth import Demand
from ops.report.capacity.machines import in_part, round_up, smallest
from ops.report.stack import Overlay

_MIB = 1024
_GB = 1 << 30
_LARGEST_ZONE_GB = 1024
"""elasticsearch.hot.size (infra/settings/elasticsearch_parts.py)."""

Remedy = Callable[[Settings, Demand, float], Overlay | None]
"""Of settings, a demand and the share at which the trigger fires."""


def search_sizes() -> tuple[int, ...]:
    """GB of memory that a zone of the hot tier can have."""
    steps = elastic_sizes().hot
    return (*steps, *range(2 * steps[-1], _LARGEST_ZONE_GB + 1, steps[-1]))


def _machine(settings: Settings, needs: Demand, _: float) -> Overlay | None:
    """A machine with CPU and memory for the demand at once, so that it restarts once."""
    postgres = settings.postgres
    if postgres is None:
        return None
    return _tiers(postgres, needs.cpu, needs.memory)


def _tiers(postgres: PostgresSettings, vcpus: float, memory_gb: float) -> Overlay | None:
    """The primary's next machine; replicas keep their part of its size (PG-REPL: half)."""
    old = parse_tier(postgres.primary.tier)
    new = smallest(postgres.edition, max(vcpus, old.vcpus), max(memory_gb, old.memory_mib / _MIB))
    if new is None:
        return None
    replicas = {
        key: {"tier": grown.name}
        for key, replica in postgres.replicas.items()
        if (grown := in_part(parse_tier(replica.tier), old, new)) and grown.name != replica.tier
    }
    return {"postgres": {"primary": {"tier": new.name}} | ({"replicas": replicas} if replicas else {})}


def _disk(settings: Settings, needs: Demand, share: float) -> Overlay | None:
    """A disk that the data fills to the share; its bound goes with it."""
    postgres = settings.postgres
    return _grown(postgres, needs.in_postgres(settings.stores) / share) if postgres else None


def _grown(postgres: PostgresSettings, size_gb: float) -> Overlay | None:
    storage, row = postgres.storage, disks()
    size = max(round_up(size_gb, row.step_gb), storage.size.gib)
    if size > row.largest_gb:
        return None
    if size == storage.size.gib:
        return {}
    bound = {"limit": _gb(size)} if size > storage.limit.gib else {}
    return {"postgres": {"storage": {"size": _gb(size)} | bound}}


def _disk_limit(settings: Settings, needs: Demand, share: float) -> Overlay | None:
    if settings.postgres is None:
        return None
    limit = round_up(needs.in_postgres(settings.stores) / share, disks().step_gb)
    return {"postgres": {"storage": {"limit": _gb(limit)}}} if limit <= disks().largest_gb else None


def _iops(settings: Settings, needs: Demand, _: float) -> Overlay | None:
    """The smallest machine that takes as many, and a disk that gives them."""
    postgres = settings.postgres
    if postgres is None:
        return None
    kind = disks().types[postgres.storage.type]
    disk = _grown(postgres, needs.iops / kind.iops_per_gb)
    old = parse_tier(postgres.primary.tier)
    vcpus = next((start for start, most in sorted(kind.most.items()) if most >= needs.iops), None)
    if disk is None or vcpus is None:
        return None
    if most_iops(postgres.storage.type, math.inf, old.vcpus) >= needs.iops:
        return disk
    machine = _tiers(postgres, max(vcpus, needs.cpu), needs.memory)
    return machine and {"postgres": {**machine["postgres"], **disk.get("postgres", {})}}


def _replicas(settings: Settings, needs: Demand, _: float) -> Overlay | None:
    """As many replicas as the document plans, spread over the zones, each like those that are there (PG-REPL)."""
    postgres = settings.postgres
    if postgres is None:
        return None
    home = primary_region(postgres, settings.project)
    local = local_replicas(postgres, settings.project)
    zones = [zone for zone in catalog.regions()[home].zones if zone != postgres.primary.zone]
    taken = [postgres.replicas[key].zone for key in local]
    tier = postgres.replicas[local[0]].tier if local else _half(postgres)
    added: dict[str, Mapping[str, str]] = {}
    free = (letter for letter in "bcdefghijklmnop" if letter not in postgres.replicas)
    while len(local) + len(added) < needs.replicas:
        zone = min(zones, key=taken.count)
        taken.append(zone)
        abroad = {} if home == settings.project.region else {"region": home}
        added[next(free)] = {"tier": tier, "zone": zone, **abroad}
    return {"postgres": {"replicas": added}}


def _half(postgres: PostgresSettings) -> str:
    tier = parse_tier(postgres.primary.tier)
    half = smallest(postgres.edition, tier.vcpus / 2, tier.memory_mib / _MIB / 2)
    return half.name if half else tier.name


def _cache(settings: Settings, needs: Demand, _: float) -> Overlay | None:
    cache = settings.cache
    if cache is None:
        return None
    return _redis(cache, settings.project.region, needs.cache) if cache.redis else _valkey(needs.cache)


def _redis(cache: CacheSettings, region: str, needed_gb: float) -> Overlay | None:
    """The cheapest size whose usable part, as large a part as now, holds the demand: rates make cliffs (COST-Y3)."""
    if cache.redis is None:
        return None
    part = cache.redis.usable.bytes / cache.size.bytes
    enough = [size for size in range(cache.size.gib, largest_redis_gb() + 1) if int(size * part) >= needed_gb]
    if not enough:
        return None
    size = min(enough, key=lambda each: (_price(each, cache.replicas, region), each))
    return {"cache": {"size": _gb(size), "redis": {"usable": _gb(int(size * part))}}}


def _price(size_gb: int, replicas: int, region: str) -> Decimal:
    offer = redis_offer(size_gb, replicas, region)
    return offer.month if offer else Decimal(0)


def _valkey(needed_gb: float) -> Overlay | None:
    held = next((row.writable_gb for row in valkey_nodes().values() if row.writable_gb >= needed_gb), None)
    return {"cache": {"size": _gb(int(held))}} if held else None


def _search(settings: Settings, needs: Demand, _: float) -> Overlay | None:
    """The next size of each zone whose disks hold the index twice, and the index that it is declared for."""
    search = settings.elasticsearch
    if search is None:
        return None
    template, index = elastic_templates()[search.template], max(math.ceil(needs.search), search.index.size.gib)
    fitting = (
        size
        for size in search_sizes()
        if size >= search.hot.size.gib
        and search_capacity(template, Size(size * _GB), search.hot.zones, Size(index * _GB), search.index.replicas).fits
    )
    size = next(fitting, None)
    if size is None:
        return None
    hot = {"size": _gb(size)}
    if search.hot.limit and search.hot.limit.gib <= size:
        hot["limit"] = _gb(min(2 * size, _LARGEST_ZONE_GB))
    return {"elasticsearch": {"hot": hot, "index": {"size": _gb(index)}}}


def _gb(size: int) -> str:
    return str(Size.parse(f"{size} GB"))


def _none(_: Settings, __: Demand, ___: float) -> Overlay | None:
    """No setting makes a primary take more writes."""
    return None


REMEDIES: Mapping[str, Remedy] = {
    "cpu": _machine,
    "memory": _machine,
    "disk": _disk,
    "disk_limit": _disk_limit,
    "iops": _iops,
    "replicas": _replicas,
    "writes": _none,
    "cache": _cache,
    "search": _search,
}
"""What answers a trigger, by the name of its gauge."""
