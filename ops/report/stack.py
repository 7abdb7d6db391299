"""A stack file, and what settings laid over it would make of it and of its price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.derive.cost import Estimate, estimate
from infra.derive.cost_lines import Range
from infra.derive.phases import lay_over
from infra.derive.platform import derive
from infra.settings import load
from infra.settings.monitoring_budget import UsageSettings
from infra.settings.problems import SettingsError
from infra.settings.stack_file import StackFile

if TYPE_CHECKING:
    from infra.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Added:
    """What a change adds to a month in USD, and what it adds that has no price in the book."""

    month: Range
    unpriced: tuple[str, ...]


@dataclass(frozen=True)
class Stack:
    """A stack file, and what settings laid over it would make of it."""

    name: str
    raw: Mapping[str, Any]

    @classmethod
    def read(cls, name: str, root: Path = ROOT) -> Stack:
        """Read the stack's file; raises SettingsError when it cannot be used."""
        return cls(name, StackFile.read(root / f"Pulumi.{name}.yaml").subjects)

    def settings(self, over: Mapping[str, Any] | None = None) -> Settings:
        """The settings, with others laid over them; raises SettingsError when they are refused."""
        settings = load(lay_over(self.raw, over or {}))
        derive(settings)
        return settings

    def month(self, over: Mapping[str, Any] | None = None) -> Estimate:
        """What a month costs at list price."""
        settings = self.settings(over)
        budget = settings.monitoring.budget if settings.monitoring else None
        return estimate(settings, budget.usage if budget else UsageSettings())

    def with_(self, over: Mapping[str, Any]) -> Stack:
        """The same stack with other settings."""
        return replace(self, raw=lay_over(self.raw, over))

    @cached_property
    def own(self) -> Estimate:
        """What a month of the stack as it is costs."""
        return self.month()

    def added(self, over: Mapping[str, Any]) -> Added | None:
        """What settings add to a month; None when the stack would refuse them."""
        try:
            after = self.month(over)
        except SettingsError:
            return None
        before, then = self.own.month(), after.month()
        named = {each.what for each in self.own.unpriced}
        unpriced = tuple(each.what for each in after.unpriced if each.what not in named)
        return Added(Range(then.low - before.low, then.high - before.high), unpriced)
