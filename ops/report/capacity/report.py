"""Every reading of the document for one stack, from its settings alone."""

from collections.abc import Iterator

from infra.catalog.capacity_rows import CaseRow, TriggerRow, cases, contradictions, measured
from infra.catalog.mongodb_rows import atlas_alerts
from infra.catalog.monitoring_rows import alerts
from infra.catalog.words import Words
from infra.derive.atlas_alerts import PREFIX
from infra.derive.features import features
from ops.report.capacity.gauges import reading
from ops.report.capacity.model import Capacity, Firing, Timeline
from ops.report.capacity.timeline import answer, demands, planned, present, walk
from ops.report.stack import Stack

_NOT_BY_THEN = Words("Not by the end of year 5", "5年目末までに該当なし")


def capacity(stack: Stack) -> Capacity:
    """Work out every case."""
    return Capacity(
        timelines=tuple(timeline(stack, name, case) for name, case in cases().items()),
        contradictions=tuple(row.words for row in contradictions()),
    )


def timeline(stack: Stack, name: str, case: CaseRow) -> Timeline:
    """Work out one case."""
    way = walk(stack, case)
    return Timeline(
        case=name,
        title=case.words,
        months=tuple(way.months),
        firings=tuple(_firings(stack, case)),
        steps=tuple(way.steps),
        ends=tuple(way.ends),
    )


def _firings(stack: Stack, case: CaseRow) -> Iterator[Firing]:
    months = list(demands(case))
    for name, row in present(stack).items():
        found = [(needs, reading(row, stack.settings, needs)) for needs in months]
        needs, first = next(((needs, each) for needs, each in found if each and each.fires), (None, found[-1][1]))
        answered = answer(stack, row, needs, case) if needs else None
        month = needs.month if needs else None
        yield Firing(
            trigger=name,
            month=month,
            plan=month if answered or month is None else planned(row, month),
            reading=first,
            alert=row.alert,
            watched=_watched(stack, row),
            title=row.words,
            action=row.action,
            reason=_reason(row, month, is_watched=_watched(stack, row)),
            changes=answered.changes if answered else (),
        )


def _reason(row: TriggerRow, month: int | None, *, is_watched: bool) -> Words:
    if row.gauge is None:
        return measured()["watched" if is_watched else "unwatched"]
    return row.words if month else _NOT_BY_THEN


def _watched(stack: Stack, row: TriggerRow) -> bool:
    """Whether the stack has the trigger's alert: a policy of Cloud Monitoring, or one of Atlas."""
    if row.alert is None or stack.settings.monitoring is None:
        return False
    if row.alert.removeprefix(PREFIX) in atlas_alerts():
        return stack.settings.mongodb is not None
    return features(stack.settings).issuperset(alerts()[row.alert].needs)
