"""Puts a report together: verdicts and prices of a stack, growth laid over it, and its phases when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.report.capacity import capacity
from ops.report.cheapest import cheapest_settings
from ops.report.model import Report
from ops.report.targets.facts import Facts
from ops.report.targets.judge import judge
from sandbox.plan.kept import kept_plan

if TYPE_CHECKING:
    from ops.report.capacity import Capacity
    from ops.report.phases.model import Journey
    from ops.report.stack import Stack
    from sandbox.plan import Plan


@dataclass(frozen=True)
class Made:
    """Everything that the files of a report are written of; `journey` is None unless it was asked for."""

    report: Report
    plan: Plan
    capacity: Capacity
    journey: Journey | None


def make(stack: Stack, deployed: Stack | None = None, *, phases: bool = False) -> Made:
    """Make the report of a stack, beside what is deployed of it; `phases` takes a plan more for each phase.

    Raises PlanError when the cloud would refuse what is declared.
    """
    facts = Facts(stack)
    verdicts = tuple(judge(facts, stack.added))
    report = Report(
        stack=stack.name,
        made=datetime.now(UTC).date(),
        verdicts=verdicts,
        month=stack.month,
        advice=tuple((each.path, each.text) for each in facts.platform.advice),
        deployed=deployed.month if deployed else None,
        cheapest=cheapest_settings(facts, verdicts, kept_plan),
    )
    return Made(report, facts.plan, capacity(stack), _journey(facts) if phases and stack.settings.postgres else None)


def _journey(facts: Facts) -> Journey:
    # What only this needs takes half a second to import.
    from ops.report.phases.journey import journey  # noqa: PLC0415

    return journey(facts.stack.name, facts.stack.raw, kept_plan)
