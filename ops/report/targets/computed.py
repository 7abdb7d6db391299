"""Verdicts that are worked out of the settings, by the names that conformance/*.yaml calls them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from typing import TYPE_CHECKING

from infra.catalog.words import Words
from ops.report.targets import availability, money, recovery, sizes
from ops.report.targets.finding import Finding

if TYPE_CHECKING:
    from ops.report.targets.availability import Part
    from ops.report.targets.facts import Facts

_PLATFORM, _POSTGRES, _CACHE = Decimal("99.99"), Decimal("99.99"), Decimal("99.95")
"""Percent (TGT-SLA, TGT-PG-SLA, TGT-CACHE-SLA)."""


def _postgres(facts: Facts) -> Finding:
    return _promised(availability.of_postgres(facts), _POSTGRES)


def _cache(facts: Facts) -> Finding:
    return _promised(availability.of_cache(facts), _CACHE)


def _promised(part: Part | None, target: Decimal) -> Finding:
    if part is None:
        return Finding(False, Words("not declared", "定義されていない"), ())
    reached = part.percent is not None and part.percent >= target
    evidence = replace(part.evidence, holds=reached, asked=f"at least {target} %")
    if part.percent is None:
        return Finding(False, Words("nothing is promised of it", "SLA の対象外"), (evidence,))
    away = availability.minutes_down(part.percent)
    found = Words(
        f"{part.percent} % promised of {target} %: up to {away} minutes a month",
        f"SLA {part.percent} %(目標 {target} %)、月あたり最大 {away} 分の停止",
    )
    return Finding(reached, found, (evidence,))


def _platform(facts: Facts) -> Finding:
    parts = availability.of_platform(facts)
    known = [each.percent for each in parts if each.percent is not None]
    if not known:
        return Finding(False, Words("no store is declared", "ストアが定義されていない"), ())
    percent = availability.serial(*known)
    least, away = percent.quantize(Decimal("0.001"), ROUND_FLOOR), availability.minutes_down(percent)
    silent = len(parts) - len(known)
    found = Words(
        f"{least} % when a request needs every store at once: up to {away} minutes a month"
        + (f"; {silent} of {len(parts)} parts are promised nothing" if silent else ""),
        f"全ストアを同時に必要とする場合 {least} %、月あたり最大 {away} 分の停止"
        + (f"({len(parts)} 要素中 {silent} 要素は SLA なし)" if silent else ""),
    )
    return Finding(percent >= _PLATFORM and not silent, found, tuple(each.evidence for each in parts))


COMPUTED: Mapping[str, Callable[[Facts], Finding]] = {
    "availability-platform": _platform,
    "availability-postgres": _postgres,
    "availability-cache": _cache,
    "data-loss-postgres": recovery.data_loss,
    "outage-postgres": recovery.outage,
    "region-loss": recovery.region,
    "connections-postgres": sizes.connections,
    "throughput-cache": sizes.cache_throughput,
    "throughput-search": sizes.search_throughput,
    "workload-cache": sizes.cache_workload,
    "client-pool": sizes.client_pool,
    **{f"storage-year-{year}": partial(sizes.storage, year=year) for year in sizes.DATA_GIB},
    "cost-year-1": partial(money.year, target="COST-Y1"),
    "cost-year-3": partial(money.year, target="COST-Y3"),
    "commitments": money.commitments,
}
