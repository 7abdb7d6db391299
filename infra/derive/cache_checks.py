"""What cannot be built of the cache settings, and what deserves a second look."""

from collections.abc import Iterator

from infra import catalog
from infra.catalog.cache_contract_rows import contract
from infra.catalog.cache_rows import promise, valkey_nodes
from infra.derive.cache import node_type
from infra.derive.cache_costs import cheaper_and_larger
from infra.derive.findings import Advice
from infra.settings import Problem, Settings
from infra.settings.cache import CacheSettings


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the cache settings; nothing when the store is off.

    Raises ValueError when the contract of the cache does not fit the endpoints: nothing is planned then.
    """
    cache = settings.cache
    if cache is None:
        return
    contract()
    yield from _range(settings, cache)
    yield from _zones(settings, cache)
    if cache.engine == "valkey" and node_type(cache.size.gib) is None:
        largest = max(row.writable_gb for row in valkey_nodes().values())
        yield Problem(
            "cache.size",
            str(cache.size),
            f"at most {largest} GB with engine valkey, what the largest node holds",
            "lower it, or write engine: redis",
        )


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the cache settings."""
    cache = settings.cache
    if cache is None:
        return
    if cache.engine == "redis":
        yield from _price(settings.project.region, cache)
    yield from _availability(cache)
    yield from _throughput(cache)


def _range(settings: Settings, cache: CacheSettings) -> Iterator[Problem]:
    if cache.engine == "redis" and settings.network.cache_range is None:
        yield Problem(
            "network.cacheRange",
            "missing",
            "a range while cache.engine is redis: Memorystore for Redis takes its addresses from one of its own",
            "add cacheRange: 10.21.0.0/28, a free range of /28 or wider",
        )


def _zones(settings: Settings, cache: CacheSettings) -> Iterator[Problem]:
    region = catalog.regions().get(settings.project.region)
    if cache.redis is None or region is None:
        return
    for path, zone in (("zone", cache.redis.zone), ("alternativeZone", cache.redis.alternative_zone)):
        if zone not in region.zones:
            yield Problem(
                f"cache.redis.{path}",
                zone,
                f"one of {', '.join(region.zones)}",
                f"choose a zone of {settings.project.region}",
            )


def _price(region: str, cache: CacheSettings) -> Iterator[Advice]:
    found = cheaper_and_larger(cache.size.gib, cache.replicas, region)
    if found:
        own, larger = found
        yield Advice(
            "cache.size",
            f"{own} a month cost more than {larger} ({1 + cache.replicas} nodes, list, 730 h): "
            "the rate falls with the capacity tier, so the larger size is the cheaper one",
        )


def _availability(cache: CacheSettings) -> Iterator[Advice]:
    target = cache.targets.availability if cache.targets else None
    promised = promise(cache.engine).availability_percent
    if target and target.percent > promised:
        yield Advice(
            "cache.targets.availability",
            f"Google promises {promised} % for engine {cache.engine}, less than {target} (COR-09)"
            + ("; engine valkey promises more" if promise("valkey").availability_percent >= target.percent else ""),
        )


def _throughput(cache: CacheSettings) -> Iterator[Advice]:
    target = cache.targets.operations_per_second if cache.targets else None
    node = promise(cache.engine).operations_per_second
    nodes = 1 + cache.replicas
    if target and target > nodes * node:
        yield Advice(
            "cache.targets.operationsPerSecond",
            f"about {nodes * node:,} operations a second ({nodes} nodes × {node:,}, and writes on one of them), less "
            f"than {target:,} (COR-08): that takes {-(-target // node)} shards in cluster mode, primaries alone",
        )
