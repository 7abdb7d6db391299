"""Puts a report together: works the stack out, judges and prices it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from infra.derive.platform import derive
from ops.report.model import Report
from ops.report.stack import ROOT
from ops.report.targets.facts import Facts
from ops.report.targets.judge import judge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.report.stack import Stack


def facts_of(stack: Stack, over: Mapping[str, Any] | None = None) -> Facts:
    """Everything that verdicts are made of, with settings laid over the stack's own."""
    # The in-process plan is not installed where the other commands run.
    from sandbox.plan.run import plan_settings  # noqa: PLC0415

    settings = stack.settings(over)
    return Facts(settings, derive(settings), plan_settings(settings, stack.name), stack.month(over), ROOT)


def report(stack: Stack) -> Report:
    """The report of a stack; raises SettingsError, and PlanError when the cloud would refuse what it declares."""
    facts = facts_of(stack)
    return Report(
        stack=stack.name,
        made=datetime.now(UTC).date(),
        verdicts=tuple(judge(facts, stack.added)),
        month=facts.month,
        advice=tuple((each.path, each.text) for each in facts.platform.advice),
    )
