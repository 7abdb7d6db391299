"""Puts a report together: works the stack out, judges and prices it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.report.model import Report
from ops.report.targets.facts import Facts
from ops.report.targets.judge import judge

if TYPE_CHECKING:
    from ops.report.stack import Stack


def report(stack: Stack) -> Report:
    """The report of a stack; raises PlanError when the cloud would refuse what it declares."""
    facts = Facts(stack)
    return Report(
        stack=stack.name,
        made=datetime.now(UTC).date(),
        verdicts=tuple(judge(facts, stack.added)),
        month=stack.month,
        advice=tuple((each.path, each.text) for each in facts.platform.advice),
    )
