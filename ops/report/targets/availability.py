"""Availability of what is declared, composed of what providers promise (TGT-SLA, TGT-PG-SLA, TGT-CACHE-SLA)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING

from infra.catalog.cache_rows import promise
from infra.catalog.conformance_rows import promises
from ops.report.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from ops.report.targets.facts import Facts

_ALL = Decimal(100)
MINUTES_A_MONTH = 30 * 24 * 60


@dataclass(frozen=True)
class Part:
    """A part that a request goes through; `percent` is None where nothing is promised."""

    origin: str
    percent: Decimal | None
    source: str
    date: date | None = None

    @property
    def evidence(self) -> Evidence:
        """The promise as a fact."""
        told = "nothing promised" if self.percent is None else f"{self.percent} %"
        return Evidence(self.origin, told, self.percent is not None, source=self.source, date=self.date)


def serial(*percents: Decimal) -> Decimal:
    """Percent of the time in which all parts are there, when each fails by itself."""
    return reduce(lambda all_, each: all_ * each / _ALL, percents, _ALL)


def parallel(*percents: Decimal) -> Decimal:
    """Percent of the time in which at least one of the parts is there, when each fails by itself."""
    return _ALL - reduce(lambda none, each: none * (_ALL - each) / _ALL, percents, _ALL)


def minutes_down(percent: Decimal) -> Decimal:
    """Minutes of a month of 30 days in which it may be away."""
    return (MINUTES_A_MONTH * (_ALL - percent) / _ALL).quantize(Decimal("0.1"))


def of_postgres(facts: Facts) -> Part | None:
    """The primary, on which writes depend; its replicas and zonal instances are promised nothing."""
    plan = facts.platform.postgres
    if plan is None:
        return None
    service = {"ENTERPRISE": "cloud-sql-enterprise", "ENTERPRISE_PLUS": "cloud-sql-enterprise-plus"}[plan.edition]
    return _promised("postgres-primary", service if plan.availability == "REGIONAL" else "cloud-sql-zonal")


def of_cache(facts: Facts) -> Part | None:
    """The cache."""
    cache = facts.settings.cache
    if cache is None:
        return None
    return Part(f"cache-{cache.engine}", promise(cache.engine).availability_percent, "infra/catalog/memorystore.yaml")


def way_to_postgres(facts: Facts) -> Iterator[Part]:
    """What stands before PostgreSQL: load balancer and machines of the pooler, of which one is enough."""
    pooler = facts.platform.postgres.pooler if facts.platform.postgres else None
    if pooler is not None:
        yield _promised("pooler-front-write", "load-balancing")
        alone, spread = (
            _promised("pooler-group", "compute-instance"),
            _promised("pooler-group", "compute-instances-in-zones"),
        )
        several = replace(alone, percent=parallel(*[alone.percent or Decimal(0)] * pooler.instances))
        # Machines of one region share more than chance: no more than the promise of several zones.
        yield min(several, spread, key=lambda part: part.percent or Decimal(0))


def of_platform(facts: Facts) -> tuple[Part, ...]:
    """Every store that is declared, as if each request needed all of them at once."""
    postgres, cache, platform = of_postgres(facts), of_cache(facts), facts.platform
    partners = {
        "mongodb-cluster": ("atlas", platform.mongodb),
        "elasticsearch-deployment": ("elastic-cloud", platform.elasticsearch),
        "timescale-service": ("timescale", platform.timescale),
        "bigquery-dataset-*": ("bigquery", platform.bigquery),
        "invalidation-topic": ("pubsub", platform.invalidation),
        "cdn-forward-https": ("load-balancing", platform.cdn),
    }
    others = [_promised(name, service) for name, (service, plan) in partners.items() if plan is not None]
    return tuple(each for each in (postgres, *way_to_postgres(facts), cache, *others) if each is not None)


def _promised(origin: str, service: str) -> Part:
    row = promises()[service]
    return Part(origin, row.percent, row.source, row.date)
