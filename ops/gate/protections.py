"""Reads protections.yaml and compares what a guard was with what it would be."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from policies.kit.values import UNKNOWN_STRINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = Path(__file__).with_name("protections.yaml")


class Protection(BaseModel):
    """One guarded input of a type: where it is, which way is safe, and what it guards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    safe: Literal["set", "true", "higher", "lower", "longer", "unchanged"] | tuple[str | bool, ...]
    kind: Literal["protection", "retention"]
    unset: str | bool | None = None

    def weakened(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Whether it guards less afterwards; what is not known before the update is taken for less."""
        old, new = (_at(inputs, self.path) for inputs in (before, after))
        if isinstance(new, str) and new in UNKNOWN_STRINGS:
            return old is not None
        if self.safe == "unchanged" and self._begins(before):
            return False
        if isinstance(self.safe, str) and self.safe in _WEAKENED:
            return _WEAKENED[self.safe](old, new)
        return self._rank(new) < self._rank(old)

    def shown(self, inputs: Mapping[str, Any]) -> str:
        """The value as a message says it."""
        value = _at(inputs, self.path)
        if value is None:
            return "not set"
        if isinstance(value, str) and value in UNKNOWN_STRINGS:
            return "not known before the update"
        return (
            "changed"
            if isinstance(value, (dict, list))
            else str(value).lower()
            if value in (True, False)
            else str(value)
        )

    def _begins(self, before: Mapping[str, Any]) -> bool:
        """Whether the block that it stands in was not there: a promoted replica had no backups to move elsewhere."""
        block = self.path.rpartition(".")[0]
        return bool(block) and _at(before, block) is None

    def _rank(self, value: Any) -> int:
        order: tuple[Any, ...] = (False, True) if self.safe == "true" else tuple(self.safe)
        found = self.unset if value is None else value
        return order.index(found) if found in order else -1


class Protections(BaseModel):
    """The whole file: guarded inputs by type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    types: dict[str, tuple[Protection, ...]]


@functools.cache
def protections() -> Protections:
    """The file's content."""
    return Protections.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def _at(inputs: Mapping[str, Any], path: str) -> Any:
    value: Any = inputs
    for name in path.split("."):
        if isinstance(value, str) and value in UNKNOWN_STRINGS:
            return value
        value = value.get(name) if isinstance(value, dict) else None
    return None if value in ("", [], {}) else value


def _agree(old: Any, new: Any) -> bool:
    """Whether both are the same wherever the new one is known."""
    if isinstance(new, str) and new in UNKNOWN_STRINGS:
        return True
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_agree(old[key], new[key]) for key in new)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_agree, old, new))
    return bool(old == new)


def _duration(value: Any, missing: float) -> float:
    """A number, or a duration in seconds such as 86400s; what is neither counts as missing."""
    try:
        return float(str(value).removesuffix("s"))
    except ValueError:
        return missing


_NEVER = float("inf")
_WEAKENED: dict[str, Callable[[Any, Any], bool]] = {
    "unchanged": lambda old, new: not _agree(old, new),
    "set": lambda old, new: old is not None and new is None,
    "longer": lambda old, new: _duration(new, _NEVER) < _duration(old, _NEVER),
    "lower": lambda old, new: _duration(new, _NEVER) > _duration(old, _NEVER),
    "higher": lambda old, new: _duration(new, 0) < _duration(old, 0),
}
"""What is less, by the way that is safe; the other ways are an order of values."""
