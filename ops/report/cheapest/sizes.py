"""The sizes of each store that a running one can be changed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.catalog.cache_rows import largest_redis_gb, valkey_nodes
from infra.catalog.mongodb_rows import atlas_sizes
from infra.derive.cache_costs import redis_offer
from infra.derive.tiers import parse_tier
from infra.settings.units import Size
from ops.report.capacity.machines import offered
from ops.report.capacity.remedies import search_sizes

if TYPE_CHECKING:
    from infra.settings import Settings
    from ops.report.stack import Overlay


@dataclass(frozen=True)
class Candidate:
    """Settings to lay over a stack's own, and the planned properties, by resource, that they are seen in.

    With these a candidate is judged without a plan of its own; the one that is chosen is planned.
    """

    settings: Overlay
    seen: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


Sizes = Callable[["Settings"], Iterator[Candidate]]


def _postgres(settings: Settings) -> Iterator[Candidate]:
    if settings.postgres is None:
        return
    now = parse_tier(settings.postgres.primary.tier)
    smaller = (tier for tier in offered(settings.postgres.edition) if tier.vcpus <= now.vcpus)
    for tier in smaller:
        yield Candidate(
            {"postgres": {"primary": {"tier": tier.name}}}, {"postgres-primary": {"settings.tier": tier.name}}
        )


def _cache(settings: Settings) -> Iterator[Candidate]:
    """Redis with as large a part for data as now, at sizes that cost less: rates make cliffs; Valkey by node."""
    cache = settings.cache
    if cache is None:
        return
    if cache.redis is None:
        for node in valkey_nodes().values():
            yield Candidate({"cache": {"size": _gb(int(node.writable_gb))}})
        return
    part = cache.redis.usable.bytes / cache.size.bytes
    offers = [redis_offer(size, cache.replicas, settings.project.region) for size in range(1, largest_redis_gb() + 1)]
    now = redis_offer(cache.size.gib, cache.replicas, settings.project.region)
    for size in (each.size_gb for each in offers if each and now and each.month < now.month):
        held = {"size": _gb(size), "redis": {"usable": _gb(max(int(size * part), 1))}}
        yield Candidate({"cache": held}, {"cache-redis": {"memorySizeGb": size}})


def _mongodb(settings: Settings) -> Iterator[Candidate]:
    if settings.mongodb is None:
        return
    for size in atlas_sizes():
        yield Candidate({"mongodb": {"size": size}})


def _elasticsearch(settings: Settings) -> Iterator[Candidate]:
    if settings.elasticsearch is None:
        return
    for size in search_sizes():
        yield Candidate({"elasticsearch": {"hot": {"size": _gb(size)}}})


def _gb(size: int) -> str:
    return str(Size.parse(f"{size} GB"))


SIZES: Mapping[str, Sizes] = {
    "postgres": _postgres,
    "cache": _cache,
    "mongodb": _mongodb,
    "elasticsearch": _elasticsearch,
}
"""Sizes by the store of cheapest.yaml."""
