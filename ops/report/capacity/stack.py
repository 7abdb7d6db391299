"""A stack as the timeline changes it: raw values, and the settings that they are accepted as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.derive.checks import problems
from infra.derive.cost import Estimate, estimate
from infra.derive.phases import lay_over
from infra.settings import Settings, SettingsError, load
from infra.settings.monitoring_budget import UsageSettings

Overlay = Mapping[str, Any]
"""Raw values to lay over a stack's own."""


@dataclass(frozen=True)
class Stack:
    """A stack that can be built."""

    raw: Mapping[str, Any]
    settings: Settings

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Stack:
        """Accept raw values by subject; raises SettingsError with everything that is wrong."""
        settings = load(raw)
        if found := problems(settings):
            raise SettingsError(found)
        return cls(raw, settings)

    def laid_over(self, overlay: Overlay) -> Stack | None:
        """The stack with other values in places; None when it could not be built so."""
        try:
            return Stack.read(lay_over(self.raw, overlay))
        except SettingsError:
            return None

    def month(self) -> Estimate:
        """What a month costs."""
        budget = self.settings.monitoring.budget if self.settings.monitoring else None
        return estimate(self.settings, budget.usage if budget else UsageSettings())

    def at(self, path: str) -> str | None:
        """A value as it is written; None when it is not."""
        found: Any = self.raw
        for key in path.split("."):
            if not isinstance(found, Mapping) or key not in found:
                return None
            found = found[key]
        return str(found)


def leaves(overlay: Overlay, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every value of an overlay with its path."""
    for key, each in overlay.items():
        path = f"{prefix}{key}"
        if isinstance(each, Mapping):
            yield from leaves(each, f"{path}.")
        else:
            yield path, str(each)
