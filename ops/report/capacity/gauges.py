"""What is compared: a month's demand with what the settings declare (TRIG).

A gauge answers None where the stack has nothing to compare.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from infra.catalog.cache_rows import valkey_nodes
from infra.catalog.capacity_rows import TriggerRow, disks
from infra.catalog.elasticsearch_rows import elastic_templates
from infra.catalog.monitoring_rows import alerts
from infra.derive.cache import node_type
from infra.derive.postgres import local_replicas
from infra.derive.search_capacity import search_capacity
from infra.derive.thresholds import parse
from infra.derive.tiers import parse_tier
from infra.settings import Settings
from infra.settings.units import Size
from ops.report.capacity.growth import Demand

_MIB = 1024
_GB = 1 << 30

_ROUNDING = 1e-9
"""A share that is at its threshold but for rounding has not passed it."""


class Compared(NamedTuple):
    """A demand and what there is for it, in one unit."""

    needed: float
    declared: float
    unit: str


@dataclass(frozen=True)
class Reading:
    """A gauge in a month: `share` of what is declared that is used, and the share beyond which the trigger fires."""

    needed: float
    declared: float
    unit: str
    share: float
    threshold: float

    @property
    def fires(self) -> bool:
        """Whether the trigger is due."""
        return self.share > self.threshold * (1 + _ROUNDING)


def reading(row: TriggerRow, settings: Settings, needs: Demand) -> Reading | None:
    """Read a trigger's gauge; None where the stack has nothing to compare, or no plan can tell."""
    compared = GAUGES[row.gauge](settings, needs) if row.gauge else None
    if compared is None:
        return None
    limit = threshold(row)
    share = compared.needed / compared.declared if compared.declared else float(compared.needed > 0) * float("inf")
    return Reading(*compared, share=share * limit if row.sized else share, threshold=limit)


def threshold(row: TriggerRow) -> float:
    """The share beyond which a trigger fires: its alert's, or its own."""
    own = alerts()[row.alert].warning if row.alert else row.threshold
    return float(parse(own or "100 %", "share"))


def most_iops(disk_type: str, size_gb: float, vcpus: int) -> float:
    """IOPS of a disk at a machine of Cloud SQL: what its size gives, up to what the machine takes."""
    row = disks().types[disk_type]
    bound = row.most[max(start for start in row.most if start <= vcpus)]
    return min(size_gb * row.iops_per_gb, bound)


def _cpu(settings: Settings, needs: Demand) -> Compared | None:
    if settings.postgres is None:
        return None
    return Compared(needs.cpu, parse_tier(settings.postgres.primary.tier).vcpus, "vCPU")


def _memory(settings: Settings, needs: Demand) -> Compared | None:
    if settings.postgres is None:
        return None
    return Compared(needs.memory, parse_tier(settings.postgres.primary.tier).memory_mib / _MIB, "GB")


def _disk(settings: Settings, needs: Demand) -> Compared | None:
    if settings.postgres is None:
        return None
    return Compared(needs.in_postgres(settings.stores), settings.postgres.storage.size.gib, "GB")


def _disk_limit(settings: Settings, needs: Demand) -> Compared | None:
    if settings.postgres is None:
        return None
    return Compared(needs.in_postgres(settings.stores), settings.postgres.storage.limit.gib, "GB")


def _iops(settings: Settings, needs: Demand) -> Compared | None:
    if settings.postgres is None:
        return None
    storage, tier = settings.postgres.storage, parse_tier(settings.postgres.primary.tier)
    return Compared(needs.iops, most_iops(storage.type, storage.size.gib, tier.vcpus), "IOPS")


def _replicas(settings: Settings, needs: Demand) -> Compared | None:
    if settings.postgres is None:
        return None
    return Compared(needs.replicas, len(local_replicas(settings.postgres, settings.project)), "replicas")


def _writes(settings: Settings, needs: Demand) -> Compared | None:
    return Compared(needs.writes, settings.monitoring.write_capacity, "TPS") if settings.monitoring else None


def _cache(settings: Settings, needs: Demand) -> Compared | None:
    cache = settings.cache
    if cache is None:
        return None
    if cache.redis:
        return Compared(needs.cache, cache.redis.usable.gib, "GB")
    node = node_type(cache.size.gib)
    return Compared(needs.cache, float(valkey_nodes()[node].writable_gb), "GB") if node else None


def _search(settings: Settings, needs: Demand) -> Compared | None:
    search = settings.elasticsearch
    if search is None:
        return None
    template, index = elastic_templates()[search.template], Size(int(needs.search * _GB))
    found = search_capacity(template, search.hot.size, search.hot.zones, index, search.index.replicas)
    return Compared(found.needed_gb, found.disk_gb, "GB")


Gauge = Callable[[Settings, Demand], Compared | None]

GAUGES: Mapping[str, Gauge] = {
    "cpu": _cpu,
    "memory": _memory,
    "disk": _disk,
    "disk_limit": _disk_limit,
    "iops": _iops,
    "replicas": _replicas,
    "writes": _writes,
    "cache": _cache,
    "search": _search,
}
"""Gauges by the name that a trigger of capacity.yaml asks for."""
