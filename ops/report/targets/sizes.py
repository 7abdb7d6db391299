"""What is declared against how much is asked of it: connections, operations, queries, data (TGT-*, WL-*, SCALE-*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.catalog.cache_rows import promise
from infra.catalog.elasticsearch_rows import elastic_templates
from infra.catalog.words import Words
from infra.derive.budgets import max_connections
from infra.derive.elasticsearch_checks import PEAK_QUERIES
from infra.derive.search_capacity import search_capacity
from infra.derive.tiers import parse_tier
from ops.report.model import Evidence
from ops.report.targets.finding import Finding

if TYPE_CHECKING:
    from ops.report.targets.facts import Facts

CLIENTS = 10_000
"""Client connections (TGT-PG-CONN)."""

CACHE_OPERATIONS = 1_000_000
"""Operations a second of the cache (TGT-CACHE-PERF)."""

CACHE_READS, CACHE_WRITES = 500_000, 50_000
"""Reads and writes a second of the cache (WL-CACHE)."""

DATA_GIB = {1: 100, 3: 5 * 1024, 5: 100 * 1024}
"""All data in GiB at the end of a year (SCALE-Y1, SCALE-Y3, SCALE-Y5)."""

_POOL = {"min_idle": 10, "max_idle": 50, "max_total": 100, "max_wait": "5 s"}
"""RDS-POOL."""


def connections(facts: Facts) -> Finding:
    """How many clients can be connected: one machine of the pooler has to hold them when the others are gone."""
    postgres = facts.settings.postgres
    if postgres is None:
        return _absent("PostgreSQL")
    pooler = postgres.pooler
    if pooler.kind == "pgbouncer":
        origin, most = "pooler-template: max_client_conn", pooler.max_client_connections
    else:
        tier = parse_tier(postgres.primary.tier)
        origin, most = "postgres-primary: max_connections", max_connections(postgres.flags, postgres.version, tier)
    evidence = Evidence(origin, f"{most:,}", most >= CLIENTS, f"at least {CLIENTS:,}")
    return Finding(evidence.holds, Words(f"{most:,} clients", f"クライアント {most:,} 接続"), (evidence,))


def cache_throughput(facts: Facts) -> Finding:
    """Operations a second of all nodes together."""
    cache = facts.settings.cache
    if cache is None:
        return _absent("cache", "キャッシュ")
    node, nodes = promise(cache.engine).operations_per_second, 1 + cache.replicas
    most = node * nodes
    shards = -(-CACHE_OPERATIONS // node)
    evidence = Evidence(
        f"cache-{cache.engine}: {nodes} nodes × {node:,}",
        f"{most:,} operations/s",
        most >= CACHE_OPERATIONS,
        f"at least {CACHE_OPERATIONS:,}",
        "infra/catalog/memorystore.yaml",
    )
    found = Words(
        f"about {most:,} operations a second; {CACHE_OPERATIONS:,} take {shards} shards",
        f"毎秒約 {most:,} 操作。{CACHE_OPERATIONS:,} 操作には {shards} シャードが必要",
    )
    return Finding(evidence.holds, found, (evidence,))


def cache_workload(facts: Facts) -> Finding:
    """Writes meet the primary alone, reads all nodes."""
    cache = facts.settings.cache
    if cache is None:
        return _absent("cache", "キャッシュ")
    node = promise(cache.engine).operations_per_second
    reads, source = node * cache.replicas or node, "infra/catalog/memorystore.yaml"
    held = (
        Evidence(
            f"cache-{cache.engine}: reads of {cache.replicas} replicas",
            f"{reads:,} a second",
            reads >= CACHE_READS,
            f"at least {CACHE_READS:,}",
            source,
        ),
        Evidence(
            f"cache-{cache.engine}: writes of the primary",
            f"{node:,} a second",
            node >= CACHE_WRITES,
            f"at least {CACHE_WRITES:,}",
            source,
        ),
    )
    found = Words(
        f"about {reads:,} reads and {node:,} writes a second on one instance",
        f"1 インスタンスで毎秒約 {reads:,} 読み取り・{node:,} 書き込み",
    )
    return Finding(all(each.holds for each in held), found, held)


def search_throughput(facts: Facts) -> Finding:
    """Queries a second that no tuning takes the hot tier beyond."""
    search = facts.settings.elasticsearch
    template = elastic_templates().get(search.template) if search else None
    if search is None or template is None:
        return _absent("Elasticsearch")
    hot, index = search.hot, search.index
    capacity = search_capacity(template, hot.size, hot.zones, index.size, index.replicas)
    held = (
        Evidence(
            f"elasticsearch-deployment: {float(capacity.vcpus):g} vCPU",
            f"less than {capacity.most_queries:,} queries/s",
            capacity.most_queries >= PEAK_QUERIES,
            f"at least {PEAK_QUERIES:,}",
            "infra/derive/search_capacity.py",
        ),
        Evidence(
            "elasticsearch-deployment: disks, twice the index during a reindex",
            f"{capacity.needed_gb:,} of {capacity.usable_gb:,} GB",
            capacity.fits,
        ),
    )
    found = Words(f"less than {capacity.most_queries:,} queries a second", f"毎秒 {capacity.most_queries:,} クエリ未満")
    return Finding(all(each.holds for each in held), found, held)


def storage(facts: Facts, year: int) -> Finding:
    """Whether PostgreSQL alone, grown to its limit, could hold all data of a year."""
    plan = facts.platform.postgres
    if plan is None:
        return _absent("PostgreSQL")
    needed = DATA_GIB[year]
    evidence = Evidence(
        "postgres-primary: settings.diskAutoresizeLimit",
        f"{plan.disk_limit_gb:,} GB",
        plan.disk_limit_gb >= needed,
        f"at least {needed:,} GB, were all data in PostgreSQL",
    )
    found = Words(f"{plan.disk_limit_gb:,} GB of {needed:,} GB", f"{needed:,} GB に対して {plan.disk_limit_gb:,} GB")
    return Finding(evidence.holds, found, (evidence,))


def client_pool(facts: Facts) -> Finding:
    """The limits that clients of the cache are handed."""
    cache = facts.settings.cache
    if cache is None:
        return _absent("cache", "キャッシュ")
    held = tuple(
        Evidence(f"cache.pool.{name}", str(value), str(value) == str(wanted), str(wanted))
        for name, wanted in _POOL.items()
        for value in [getattr(cache.pool, name)]
    )
    found = Words("handed to clients with the connection", "接続情報とともにクライアントへ渡す")
    return Finding(all(each.holds for each in held), found, held)


def _absent(store: str, ja: str = "") -> Finding:
    return Finding(False, Words(f"{store} is not declared", f"{ja or store} は定義されていない"), ())
