"""What a month of the other services costs: warehouse, invalidation bus, CDN, network, keys, copies, monitoring."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

from infra.catalog.invalidation_rows import collector
from infra.catalog.price_rows import HOURS_A_MONTH
from infra.derive.copies import BACKUPS
from infra.derive.cost_lines import Account, Charged, Charges
from infra.derive.encryption import encryption_plan
from infra.derive.names import names_for
from infra.derive.network import network_plan
from infra.derive.recovery import BucketPlan, recovery_plan
from infra.settings import Settings
from infra.settings.monitoring_budget import UsageSettings
from infra.settings.units import Size

_DAYS = 30
_HOURS_A_DAY = 24


def bigquery(settings: Settings, usage: UsageSettings) -> Charges:
    """BigQuery: what is read, as much as the daily quota lets through unless it is known better, and what is stored."""
    if settings.bigquery is None:
        return
    account, cost = Account("bigquery", settings.project.region), settings.bigquery.cost
    if cost.per_day is not None:
        read = _tb(usage.queries) if usage.queries is not None else _tb(cost.per_day) * _DAYS
        yield from account.charge("queries", "bigquery-on-demand", read)
    else:
        slots, most = cost.baseline_slots or 0, cost.maximum_slots or 0
        item = f"bigquery-{(cost.edition or '').lower().replace('_', '-')}-slot"
        yield from account.charge(f"{slots} to {most} slots", item, most * HOURS_A_MONTH, "D")
    yield from account.charge("storage", "bigquery-active-storage", _gb(usage.warehouse))


def invalidation(settings: Settings, usage: UsageSettings) -> Charges:
    """Pub/Sub: every event is published once, delivered once and kept for a while; the worker's least instances."""
    if settings.invalidation is None:
        return
    account = Account("invalidation", settings.project.region)
    yield from account.charge("events published", "pubsub-publish", _tb(usage.events))
    yield from account.charge("events delivered", "pubsub-delivery", _tb(usage.events))
    kept = Decimal(settings.invalidation.retention.seconds) / (_DAYS * _HOURS_A_DAY * 3600)
    yield from account.charge("events kept for replay", "pubsub-retained", _gb(usage.events) * kept)
    if service := settings.invalidation.service:
        beside = collector()
        hours = service.instances.least * HOURS_A_MONTH
        memory = _gb(service.memory) + Decimal(beside.memory_mib) / 1024
        yield from account.charge("worker, processors", "run-vcpu", hours * (service.cpu + beside.cpu))
        yield from account.charge("worker, memory", "run-memory", hours * memory)


def cdn(settings: Settings, usage: UsageSettings) -> Charges:
    """The CDN: what it answers by itself, and what passes it."""
    if settings.cdn is None:
        return
    account = Account("cdn", settings.project.region)
    yield from Account("cdn", "asia").charge("answered from caches", "cdn-cache-egress", _gb(usage.cdn_hits))
    yield from account.charge("answered by the API", "internet-egress", _gb(usage.cdn_misses))
    yield account.unpriced("rules of the load balancer, Cloud Armor, and requests to either")


def network(settings: Settings, usage: UsageSettings) -> Charges:
    """What every stack has: NAT gateways, keys, logs."""
    subnets = network_plan(settings, names_for(settings.project)).subnets
    for subnet in subnets:
        account = Account("network", subnet.region)
        yield from account.charge(f"NAT gateway in {subnet.region}", "nat-gateway", HOURS_A_MONTH)
    home = Account("network", settings.project.region)
    yield from home.charge("through NAT", "nat-data", _gb(usage.outbound))
    keys = sum(len(ring.keys) for ring in encryption_plan(settings, names_for(settings.project)).rings)
    yield home.unpriced(f"{keys} keys of Cloud KMS, secrets, DNS, logs, jobs and workflows")


def recovery(settings: Settings, usage: UsageSettings) -> Charges:
    """Copies: what a day adds, for as long as each class holds it; the cache's at its full size, every hour."""
    if settings.recovery is None:
        return
    plan = recovery_plan(settings.recovery, settings, names_for(settings.project))
    usable = settings.cache.redis.usable.gib if settings.cache and settings.cache.redis else 0
    for bucket in plan.buckets:
        a_day = _gb(usage.copies) if bucket.key == BACKUPS else Decimal(usable * _HOURS_A_DAY)
        account = Account("recovery", bucket.region)
        for name, days in _days(bucket).items():
            item = f"gcs-{name.lower()}"
            yield from account.charge(f"{bucket.key}, {days} days {name}", item, a_day * days, "C")


def monitoring(settings: Settings, usage: UsageSettings) -> Charges:
    """Metrics that are charged; Google's own cost nothing."""
    if settings.monitoring is None:
        return
    account = Account("monitoring", settings.project.region)
    yield from account.charge("log-based metrics", "monitoring-samples", usage.metrics.mib)
    yield account.unpriced("samples of managed Prometheus")


def _days(bucket: BucketPlan) -> Mapping[str, int]:
    """How long a copy lies in each class, from the day it is made to its last."""
    starts = [("STANDARD", 0), *bucket.storage_classes.items(), ("", bucket.expiry_days)]
    return {name: end - start for (name, start), (_, end) in pairwise(starts) if end > start}


def _gb(size: Size) -> Decimal:
    return Decimal(size.mib) / 1024


def _tb(size: Size) -> Decimal:
    return Decimal(size.mib) / 1024 / 1024


SERVICES: tuple[Charged, ...] = (bigquery, invalidation, cdn, network, recovery, monitoring)
