"""The phases as a table for a person and as JSON for a program."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ops.money import as_data, signed, whole
from ops.report.phases.model import Journey, Phase, Restart, Span, Step, Touched

NOTE = (
    "Worked out in this process; no account is asked. Minutes are those of the longest chain of operations; downtime "
    "is what clients of the primary see. How far both can be trusted (A to D): infra/catalog/operations.yaml."
)


def by_step(journey: Journey) -> Table:
    """A row a step."""
    table = Table(title=f"Phases of {journey.stack}", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("step", no_wrap=True)
    for column in ("made", "changed", "replaced", "deleted", "restarts", "minutes", "downtime, s", "USD a month"):
        table.add_column(column, justify="right", overflow="fold")
    for step in journey.steps:
        _row(table, f"{step.from_phase} → {step.to_phase}", step)
    if journey.following and journey.following not in journey.steps:
        table.add_section()
        _row(table, f"now → {journey.following.to_phase}", journey.following)
    return table


def remarks(journey: Journey) -> Iterator[str]:
    """Where the stack is, what each step changes and interrupts, and which phase it cannot be in."""
    titles = {phase.number: phase.title.en for phase in journey.phases}
    if journey.now:
        yield f"{journey.stack} has at least the settings of phase {journey.now}: {titles[journey.now]}."
    else:
        yield f"{journey.stack} has less than the settings of any phase."
    named = [(f"{step.from_phase} → {step.to_phase}", step) for step in journey.steps]
    if journey.following and journey.following not in journey.steps:
        named.append((f"now → {journey.following.to_phase}", journey.following))
    for name, step in named:
        yield f"{name}, {titles[step.to_phase]}:"
        yield from (f"  {line}" for line in _details(step))
    for phase in journey.phases:
        if phase.refused:
            yield f"Phase {phase.number}, {phase.title.en}, does not fit {journey.stack} as declared: {phase.refused}"
    yield NOTE


def as_json(journey: Journey) -> dict[str, Any]:
    """Everything; amounts are texts with cents, so that no program rounds them."""
    return {
        "stack": journey.stack,
        "now": journey.now,
        "phases": [_phase(phase) for phase in journey.phases],
        "steps": [_step(step) for step in journey.steps],
        "following": _step(journey.following) if journey.following else None,
    }


def _row(table: Table, name: str, step: Step) -> None:
    changed = (step.created, step.updated, step.replaced, step.deleted, step.restarts)
    table.add_row(
        name,
        *(str(len(each)) for each in changed),
        span(step.minutes),
        span(step.downtime),
        f"{whole(step.after)} ({signed(step.after.minus(step.before))})",
    )


def _details(step: Step) -> Iterator[str]:
    for each in step.lost:
        yield f"LOSES DATA: {each.name} is deleted or replaced"
    for each in step.replaced:
        yield f"{each.name} is replaced: {', '.join(each.inputs)}"
    for restart in step.restarts:
        row, seconds = restart.row, span(Span(*restart.row.downtime))
        yield f"{restart.name}, {restart.input}: {restart.effect}, {seconds} s ({row.confidence}): {restart.why.en}"
    for held in step.held:
        kept = f"{held.name} keeps {held.input} {held.before} where {held.after} is declared"
        yield f"{kept}: the cloud grows it, and charges for what it has"
    for each in step.untold:
        yield f"{each.name}: no row tells whether {', '.join(each.inputs)} interrupts"
    yield f"longest chain: {', '.join(step.chain.names)}"


def span(found: Span) -> str:
    """A time between two ends; once where both read the same."""
    return "–".join(dict.fromkeys(f"{round(end, 1):g}" for end in found))


def _phase(phase: Phase) -> dict[str, Any]:
    return {**asdict(phase), "settings": [asdict(each) for each in phase.settings], "refused": phase.refused or None}


def _step(step: Step) -> dict[str, Any]:
    return {
        "from": step.from_phase,
        "to": step.to_phase,
        "created": [_touched(each) for each in step.created],
        "updated": [_touched(each) for each in step.updated],
        "deleted": [_touched(each) for each in step.deleted],
        "replaced": [_touched(each) for each in step.replaced],
        "lost": [_touched(each) for each in step.lost],
        "restarts": [_restart(each) for each in step.restarts],
        "held": [asdict(each) for each in step.held],
        "untold": [_touched(each) for each in step.untold],
        "minutes": step.minutes._asdict(),
        "chain": list(step.chain.names),
        "downtime": step.downtime._asdict(),
        "before": as_data(step.before),
        "after": as_data(step.after),
    }


def _touched(each: Touched) -> dict[str, Any]:
    return {"name": each.name, "type": each.type, "inputs": list(each.inputs)}


def _restart(each: Restart) -> dict[str, Any]:
    row = each.row
    return {
        "name": each.name,
        "input": each.input,
        "effect": each.effect,
        "why": asdict(each.why),
        "minutes": list(row.minutes),
        "downtime": list(row.downtime),
        "confidence": row.confidence,
        "date": row.date.isoformat(),
        "source": row.source,
    }
