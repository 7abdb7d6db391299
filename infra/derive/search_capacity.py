"""What a hot tier can hold and answer: disks against the index, CPUs against the queries (WL-SEARCH)."""

from dataclasses import dataclass
from fractions import Fraction

from infra.catalog.elasticsearch_rows import ElasticTemplate, elastic_sizes
from infra.settings.units import Size

USABLE_PERCENT = 75
"""How full the disks may be planned; Elasticsearch stops giving a node new shards at 85 % (its low watermark)."""

QUERIES_A_CPU_SECOND = 1000
"""A search costs a millisecond of CPU at the very least; real ones with facets cost several."""

_GB = 1 << 30


@dataclass(frozen=True)
class SearchCapacity:
    """Whole GB, rounded towards what is safe; `vcpus` may be a fraction of one."""

    disk_gb: int
    usable_gb: int
    needed_gb: int
    vcpus: Fraction

    @property
    def fits(self) -> bool:
        """Whether the index, its replicas and a second copy during a reindex fit."""
        return self.needed_gb <= self.usable_gb

    @property
    def most_queries(self) -> int:
        """Queries a second that no tuning takes it beyond."""
        return int(self.vcpus * QUERIES_A_CPU_SECOND)


def search_capacity(template: ElasticTemplate, zone: Size, zones: int, index: Size, replicas: int) -> SearchCapacity:
    """Work it out; `zone` is the memory in each zone.

    An index is never changed in place: a new mapping means a new index beside the old one, so that during a reindex the
    disks hold everything twice (TGT-SEARCH-SLA).
    """
    memory = zone.bytes * zones
    disk = memory * template.disk_ratio // _GB
    return SearchCapacity(
        disk_gb=disk,
        usable_gb=disk * USABLE_PERCENT // 100,
        needed_gb=-(-2 * index.bytes * (1 + replicas) // _GB),
        vcpus=Fraction(memory * template.vcpus_of_largest, _GB * elastic_sizes().hot[-1]),
    )


def smallest_zone(template: ElasticTemplate, zones: int, index: Size, replicas: int) -> Size | None:
    """The smallest step of memory whose disks hold the index; None when only several nodes a zone do."""
    return next(
        (
            size
            for size in (Size(step * _GB) for step in elastic_sizes().hot)
            if search_capacity(template, size, zones, index, replicas).fits
        ),
        None,
    )
