"""The way of a stack through the phases: each phase planned in this process, and what lies between two of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from infra.catalog.operation_rows import PhaseRow, phase_titles
from infra.catalog.words import Words
from infra.derive.phases import in_phase
from infra.settings import Settings, SettingsError
from ops.report.phases.changes import Changes, touched
from ops.report.phases.effects import Effects
from ops.report.phases.model import Journey, Phase, Step
from ops.report.phases.position import differences, keeps
from ops.report.stack import Stack
from sandbox.plan import Plan, PlanError
from sandbox.plan.run import plan_settings

Planner = Callable[[Settings, str], Plan]


class NoPhasesError(Exception):
    """The stack has no PostgreSQL, whose phases these are."""


@dataclass(frozen=True)
class Stage:
    """A stack at a point of its way, and what it declares there."""

    stack: Stack
    plan: Plan

    @classmethod
    def of(cls, name: str, raw: Mapping[str, Any], planner: Planner) -> Stage:
        """Plan a stack's subjects; raises SettingsError or PlanError where they cannot be built."""
        stack = Stack.of(name, raw)
        return cls(stack, planner(stack.settings, name))


def journey(stack: str, raw: Mapping[str, Any], planner: Planner = plan_settings) -> Journey:
    """Work out where a stack is and what each step does; `raw` are the subjects of its file.

    Nearly all the time goes into `planner`, which is asked for the stack as declared and for each phase that is not it;
    one that keeps the plans it has made saves those.

    Raises NoPhasesError without PostgreSQL, SettingsError or PlanError where the stack cannot be built as declared.
    """
    if raw.get("postgres") is None:
        raise NoPhasesError(f"{stack} has no postgres, and the four phases are PostgreSQL's: nothing to show")
    declared = Stage.of(stack, raw, planner)
    stages: dict[int, Stage] = {}
    phases: list[Phase] = []
    before = raw
    for number, row in phase_titles().items():
        after = in_phase(raw, number)
        refused = ""
        try:
            stages[int(number)] = declared if after == raw else Stage.of(stack, after, planner)
        except (SettingsError, PlanError) as error:
            refused = str(error)
        title, changed = Words(row.en, row.ja), tuple(differences(before, after))
        phases.append(Phase(int(number), row.requirement, title, changed, refused))
        before = after
    reached = [
        each for each, there in stages.items() if keeps(declared.stack.settings, there.stack.settings, _row(each))
    ]
    now = max(reached, default=0)
    steps = {one: step(one, other, stages[one], stages[other]) for one, other in pairwise(stages) if other == one + 1}
    following = None
    if now + 1 in stages:
        exact = stages.get(now) is declared
        following = steps[now] if exact else step(now, now + 1, declared, stages[now + 1])
    return Journey(stack, now, tuple(phases), tuple(steps.values()), following)


def step(from_phase: int, to_phase: int, before: Stage, after: Stage) -> Step:
    """What leads from one stage to another."""
    changes = Changes(before.plan, after.plan)
    effects = Effects(changes)
    return Step(
        from_phase,
        to_phase,
        created=tuple(touched(each) for each in changes.created),
        updated=tuple(touched(each.resource, each.inputs) for each in changes.updated),
        deleted=tuple(touched(each) for each in changes.deleted),
        replaced=tuple(touched(each.resource, each.forcing) for each in changes.replaced),
        held=changes.held,
        restarts=effects.restarts,
        untold=effects.untold,
        chain=effects.chain,
        downtime=effects.downtime,
        before=before.stack.month.month(),
        after=after.stack.month.month(),
    )


def _row(number: int) -> PhaseRow:
    return phase_titles()[str(number)]
