"""The way to year 5: month by month, each trigger that fires is answered, until nothing larger is offered (TRIG)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from infra.catalog.capacity_rows import CaseRow, TriggerRow, growth_model, on_the_instance, triggers
from infra.derive.features import features
from ops.report.capacity.gauges import Reading, reading
from ops.report.capacity.growth import Demand, demand
from ops.report.capacity.model import Change, End, Month, Step
from ops.report.capacity.remedies import REMEDIES
from ops.report.stack import Overlay, Stack, leaves


@dataclass(frozen=True)
class Answer:
    """What answers a trigger: the stack as it is then, and what was changed."""

    stack: Stack
    changes: tuple[Change, ...]


@dataclass
class Walk:
    """A walk through the months; `here` is the stack as it is by then, `ended` triggers that nothing answers."""

    case: CaseRow
    here: Stack
    months: list[Month] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)


def walk(stack: Stack, case: CaseRow) -> Walk:
    """Walk through all months of a case from a stack that can be built."""
    way = Walk(case, stack)
    for needs in demands(case):
        _answer_all(way, needs)
        way.months.append(_month(stack, way, needs))
    return way


def demands(case: CaseRow) -> Iterator[Demand]:
    """The demand of each month of a case."""
    for month in range(1, growth_model().months + 1):
        yield demand(month, case.curve, case.placement)


def present(stack: Stack) -> Mapping[str, TriggerRow]:
    """The triggers of what the stack has."""
    has = features(stack.settings)
    return {name: row for name, row in triggers().items() if has.issuperset(row.needs)}


def answer(stack: Stack, row: TriggerRow, needs: Demand, case: CaseRow) -> Answer | None:
    """The change that answers a trigger for a year, or for as long as anything offered does; None: nothing does."""
    if row.gauge is None:
        return None
    before = reading(row, stack.settings, needs)
    model = growth_model()
    last = min(needs.month + (row.ahead or model.ahead), model.months)
    tried: set[str] = set()
    for month in range(last, needs.month - 1, -1):
        overlay = REMEDIES[row.gauge](
            stack.settings, demand(month, case.curve, case.placement), before.threshold if before else 1.0
        )
        if not overlay or repr(overlay) in tried:
            continue
        tried.add(repr(overlay))
        changed = stack.laid_over(overlay)
        found = reading(row, changed.settings, needs) if changed else None
        if changed and found and not found.fires:
            return Answer(changed, tuple(changes(stack, overlay)))
    return None


def _answer_all(way: Walk, needs: Demand) -> None:
    """Answer every trigger of a month; each is answered once, or ends."""
    for name, row in present(way.here).items():
        found = reading(row, way.here.settings, needs)
        if found is None or not found.fires or name in {end.trigger for end in way.ends}:
            continue
        answered = answer(way.here, row, needs, way.case)
        if answered is None:
            way.ends.append(_end(name, row, needs.month, found))
            continue
        before, after = way.here.month, answered.stack.month
        unpriced = tuple(each.what for each in after.unpriced if each not in before.unpriced)
        way.steps.append(Step(needs.month, name, found, answered.changes, before.month(), after.month(), unpriced))
        way.here = answered.stack


def planned(row: TriggerRow, month: int) -> int:
    """When an end in a month is planned: shards earlier."""
    return month - growth_model().shards.plan if row.shards else month


def _end(name: str, row: TriggerRow, month: int, found: Reading) -> End:
    words = row.ends or row.action
    begin = month - growth_model().shards.move if row.shards else month
    return End(name, month, planned(row, month), begin, row.shards, found, words)


def _month(declared: Stack, way: Walk, needs: Demand) -> Month:
    storage = way.here.settings.postgres.storage if way.here.settings.postgres else None
    return Month(
        index=needs.month,
        demand=needs,
        postgres_gib=needs.in_postgres(way.here.settings.stores),
        disk_gib=storage.size.gib if storage else None,
        disk_limit_gib=storage.limit.gib if storage else None,
        declared=readings(declared, needs),
        followed=readings(way.here, needs),
        cost=way.here.month.month(),
    )


def readings(stack: Stack, needs: Demand) -> Mapping[str, Reading]:
    """Every trigger's reading that can be worked out."""
    found = {name: reading(row, stack.settings, needs) for name, row in present(stack).items()}
    return {name: each for name, each in found.items() if each}


def changes(stack: Stack, overlay: Overlay) -> Iterator[Change]:
    """The values that an overlay changes, as they are written in the stack file."""
    for path, after in leaves(overlay):
        before = stack.at(path)
        if before != after:
            yield Change(path, before, after, "instance" if path in on_the_instance() else "setting")
