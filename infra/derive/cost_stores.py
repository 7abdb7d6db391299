"""What a month of the stores costs: PostgreSQL and its pooler, cache, Atlas, Elastic, Timescale (COST-Y1, COST-Y3)."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby

from infra.catalog.cache_rows import valkey_nodes
from infra.catalog.price_rows import HOURS_A_MONTH, Confidence, price_of
from infra.derive.cache import node_type
from infra.derive.cache_costs import capacity_tier, node_pairs
from infra.derive.cost_lines import Account, Charged, Charges, Range
from infra.derive.names import names_for
from infra.derive.pooler import PoolerPlan
from infra.derive.pooler_machine import boot_disk
from infra.derive.postgres import InstancePlan, PostgresPlan, postgres_plan
from infra.derive.tiers import Tier
from infra.settings import Settings
from infra.settings.monitoring_budget import UsageSettings

_COPIES = {"ZONAL": 1, "REGIONAL": 2}
"""Machines and disks behind an instance: a regional one has all of it twice (COR-21)."""

_MIB_A_GB = 1024


def postgres(settings: Settings, usage: UsageSettings) -> Charges:
    """PostgreSQL: a regional primary is charged twice, and each replica has the primary's whole disk."""
    if settings.postgres is None:
        return
    plan = postgres_plan(settings.postgres, settings, names_for(settings.project))
    yield from _instances(plan, "primary", plan.availability, [plan.primary])
    for _, group in groupby(sorted(plan.replicas, key=_kind), key=_kind):
        replicas = list(group)
        called = ", ".join(replica.key for replica in replicas)
        yield from _instances(plan, f"replica {called}", replicas[0].availability, replicas)
    if plan.data_cache:
        yield Account("postgres", plan.primary.region).unpriced("data cache: no source tells how large it is")
    backups = usage.postgres_backups.mib / Decimal(_MIB_A_GB) if usage.postgres_backups else Decimal(plan.disk_size_gb)
    yield from Account("postgres", plan.backup.location).charge("backups", "cloudsql-backup", backups, "C")
    if plan.pooler:
        yield from _pooler(plan.pooler, settings.postgres.pooler.machine_type)


def cache(settings: Settings, _: UsageSettings) -> Charges:
    """Memorystore: every node is charged, the primary and each replica."""
    if settings.cache is None:
        return
    account = Account("cache", settings.project.region)
    size, nodes = settings.cache.size.gib, 1 + settings.cache.replicas
    if settings.cache.engine == "redis":
        tier = capacity_tier(size)
        # What a node costs beside more than one replica is derived of what two cost.
        trust: Confidence = "A" if settings.cache.replicas == 1 else "C"
        quantity = node_pairs(settings.cache.replicas) * size * HOURS_A_MONTH
        yield from account.charge(f"{nodes} nodes of {size} GB; a rate counts two", tier.price, quantity, trust)
    elif node := node_type(size):
        what, item = f"{nodes} nodes {node}", valkey_nodes()[node].price
        yield from account.charge(what, item, nodes * HOURS_A_MONTH) if item else [account.unpriced(what)]


def mongodb(settings: Settings, _: UsageSettings) -> Charges:
    """Atlas: three nodes are one price, and an own key is a share of it."""
    if settings.mongodb is None:
        return
    account = Account("mongodb", settings.project.region, "mongodb")
    size = settings.mongodb.size
    cluster = price_of(f"atlas-{size.lower()}", account.region)
    if cluster is None:
        yield account.unpriced(f"cluster {size} with its own key")
    else:
        hours, price = Decimal(HOURS_A_MONTH), Range(cluster.price, cluster.highest)
        yield account.line(f"cluster {size}", cluster, hours, price)
        if key := price_of("atlas-customer-key", account.region):
            part = Range(price.low * key.price, price.high * key.price)
            of_an_hour = key.model_copy(update={"unit": cluster.unit})
            yield account.line("own encryption key", of_an_hour, hours, part, cluster.confidence)
    yield from account.charge("backup and private endpoint, as of an M30", "atlas-backup-and-endpoint", 1)
    grown = settings.mongodb.autoscaling
    if grown and grown.maximum != size:
        yield account.unpriced(f"autoscaling up to {grown.maximum}")


def elasticsearch(settings: Settings, _: UsageSettings) -> Charges:
    """Elastic: memory of the hot tier in every zone; the endpoint and the bucket of snapshots are Google's."""
    if settings.elasticsearch is None:
        return
    search, region = settings.elasticsearch, settings.project.region
    account, google = Account("elasticsearch", region, "elasticsearch"), Account("elasticsearch", region)
    memory = search.hot.size.gib * search.hot.zones
    yield from account.charge(
        f"{search.hot.zones} × {search.hot.size} hot", "elastic-hot-memory", memory * HOURS_A_MONTH
    )
    yield account.unpriced(f"Kibana, {search.kibana.zones} × {search.kibana.size}")
    yield from google.charge("private endpoint", "psc-endpoint", HOURS_A_MONTH)
    if search.snapshots:
        yield from google.charge("snapshots, the index once", "gcs-standard", search.index.size.gib, "C")


def timescale(settings: Settings, usage: UsageSettings) -> Charges:
    """Timescale: no price of its own is known; what is sent to it is Google's egress (COR-11)."""
    if settings.timescale is None:
        return
    account = Account("timescale", settings.project.region, "timescale")
    replicas = settings.timescale.ha_replicas
    yield account.unpriced(f"service of {settings.timescale.compute} with {replicas} replicas, and what it stores")
    sent = usage.time_series.mib / Decimal(_MIB_A_GB)
    yield from Account("timescale", settings.project.region).charge("sent to AWS", "internet-egress", sent, "C")


def _kind(replica: InstancePlan) -> tuple[str, str, str]:
    return replica.region, replica.tier.name, replica.availability


def _instances(plan: PostgresPlan, what: str, availability: str, instances: list[InstancePlan]) -> Charges:
    """Instances of one kind: machines, and disks as large as the primary's."""
    account, tier = Account("postgres", instances[0].region), instances[0].tier
    machines = len(instances) * _COPIES[availability]
    yield from _machines(account, f"{what}, {availability} {tier.name}", tier, machines)
    disk = f"cloudsql-{plan.disk_type.removeprefix('PD_').lower()}"
    yield from account.charge(f"{what}, {availability}: disk", disk, machines * plan.disk_size_gb)


def _machines(account: Account, what: str, tier: Tier, machines: int) -> Charges:
    if tier.shared_core:
        yield account.unpriced(what)
        return
    edition, hours = tier.edition.lower().replace("_", "-"), machines * HOURS_A_MONTH
    memory = Decimal(tier.memory_mib) / _MIB_A_GB
    yield from account.charge(f"{what}: vCPU", f"cloudsql-{edition}-vcpu", tier.vcpus * hours)
    yield from account.charge(f"{what}: memory", f"cloudsql-{edition}-memory", memory * hours)


def _pooler(plan: PoolerPlan, machine_type: str) -> Charges:
    for site in plan.sites:
        account = Account("pooler", site.region)
        disks = plan.instances * int(boot_disk()["disk_size_gb"])
        yield account.unpriced(f"{plan.instances} machines {machine_type} and their load balancers in {site.region}")
        yield from account.charge(f"disks of {plan.instances} machines", "pd-balanced", disks)


STORES: Mapping[str, Charged] = {
    "postgres": postgres,
    "cache": cache,
    "mongodb": mongodb,
    "elasticsearch": elasticsearch,
    "timescale": timescale,
}
