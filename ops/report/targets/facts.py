"""What verdicts are made of: the settings, what follows from them, and every resource of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infra.derive.platform import derive
from ops.report.stack import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from infra.derive.cost import Estimate
    from infra.derive.platform import PlatformPlan
    from infra.settings import Settings
    from ops.report.stack import Stack
    from sandbox.plan import Plan


@dataclass(frozen=True)
class Facts:
    """One stack; `root` is where the project's files are.

    `planned` is its plan where somebody has one, else it is worked out for the first who asks.
    """

    stack: Stack
    root: Path = ROOT
    planned: Plan | None = None

    @property
    def settings(self) -> Settings:
        """What is set."""
        return self.stack.settings

    @property
    def month(self) -> Estimate:
        """What a month costs."""
        return self.stack.month

    @cached_property
    def platform(self) -> PlatformPlan:
        """What follows from the settings."""
        return derive(self.settings)

    @cached_property
    def plan(self) -> Plan:
        """Every resource; raises PlanError when the cloud would refuse one."""
        if self.planned is not None:
            return self.planned
        # The in-process plan is not installed where the other commands run.
        from sandbox.plan.kept import kept_plan  # noqa: PLC0415

        return kept_plan(self.settings, self.stack.name)
