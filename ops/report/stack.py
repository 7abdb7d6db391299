"""A stack file, and what settings laid over it would make of it and of its price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.derive.checks import problems
from infra.derive.cost import Estimate, own_estimate
from infra.derive.cost_lines import Range
from infra.derive.phases import lay_over
from infra.settings import load
from infra.settings.problems import SettingsError
from infra.settings.stack_file import StackFile

if TYPE_CHECKING:
    from infra.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

Overlay = Mapping[str, Any]
"""Raw values by subject, to lay over a stack's own; None takes a value away."""


@dataclass(frozen=True)
class Added:
    """What a change adds to a month in USD, and what it adds that has no price in the book."""

    month: Range
    unpriced: tuple[str, ...]


@dataclass(frozen=True)
class Stack:
    """A stack that can be built: raw values by subject, and the settings that they are accepted as."""

    name: str
    raw: Mapping[str, Any]
    settings: Settings

    @classmethod
    def read(cls, name: str, root: Path = ROOT) -> Stack:
        """Read the stack's file; raises SettingsError, each problem with its line, when it cannot be used."""
        return cls.from_file(name, root / f"Pulumi.{name}.yaml")

    @classmethod
    def from_file(cls, name: str, path: Path) -> Stack:
        """Read a file of the stack that lies elsewhere, such as the one that was deployed; raises as `read` does."""
        file = StackFile.read(path)
        try:
            return cls.of(name, file.subjects)
        except SettingsError as error:
            raise error.located(file.location) from None

    @classmethod
    def of(cls, name: str, raw: Mapping[str, Any]) -> Stack:
        """Accept raw values; raises SettingsError with everything that is wrong."""
        settings = load(raw)
        if found := problems(settings):
            raise SettingsError(found)
        return cls(name, raw, settings)

    def laid_over(self, overlay: Overlay) -> Stack | None:
        """The stack with other values in places; None when it could not be built so."""
        try:
            return Stack.of(self.name, lay_over(self.raw, overlay))
        except SettingsError:
            return None

    @cached_property
    def month(self) -> Estimate:
        """What a month costs at list price."""
        return own_estimate(self.settings)

    def added(self, overlay: Overlay) -> Added | None:
        """What other values add to a month; None when the stack would refuse them."""
        changed = self.laid_over(overlay)
        if changed is None:
            return None
        named = {each.what for each in self.month.unpriced}
        unpriced = tuple(each.what for each in changed.month.unpriced if each.what not in named)
        return Added(changed.month.month().minus(self.month.month()), unpriced)

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
