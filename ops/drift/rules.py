"""Reads rules.yaml: which difference matters, and what a platform changes by itself, within which bounds."""

from __future__ import annotations

import functools
import re
from fnmatch import fnmatchcase
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from infra import catalog
from infra.catalog.mongodb_rows import atlas_sizes
from ops.drift.values import Path, at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = FilePath(__file__).with_name("rules.yaml")

Concern = Literal["exposure", "access", "encryption", "guard", "retention", "audit", "alert", "integrity", "size"]


class Rule(catalog.Row):
    """What a difference of a property means.

    `type` is a token or a pattern of tokens; `path` names the property without places in lists and covers what lies
    under it, `*` covers the whole resource.
    """

    type: str
    path: str
    reason: str

    @property
    def names(self) -> tuple[str, ...]:
        """The path's names; none for the whole resource."""
        return () if self.path == "*" else tuple(self.path.split("."))

    def covers(self, type_: str, names: tuple[str, ...]) -> bool:
        """Whether it is about that property of that type."""
        return fnmatchcase(type_, self.type) and names[: len(self.names)] == self.names

    @property
    def rank(self) -> tuple[int, bool]:
        """How closely it names a property: the one that names it most closely decides."""
        return len(self.names), "*" not in self.type


class Security(Rule):
    """Whoever changed this opened, weakened or switched off something."""

    concern: Concern


class Benign(Rule):
    """A difference that harms nobody."""


class Expected(Rule):
    """What the platform changes by itself, between bounds that are read from what is declared.

    `at_least` and `at_most` are paths of the bounds; without `at_least` the declared value is the least. A bound that
    is not set, or 0, is none. `when` names what must be declared, or nobody but a person changes it.
    """

    scale: Literal["number", "size", "version", "atlas"]
    at_least: str | None = None
    at_most: str | None = None
    when: dict[str, Any] = Field(default_factory=dict)

    def broken(self, path: Path, declared: Any, found: Any, inputs: Mapping[str, Any]) -> str:
        """Why a change is not the platform's own, empty when it is."""
        for condition, wanted in self.when.items():
            if at(inputs, _beside(path, condition)) != wanted:
                return f"{condition} is not declared as {str(wanted).lower()}: nothing changes it by itself"
        value = _SCALES[self.scale](found)
        if value is None:
            return "it cannot be compared with its bounds"
        least = at(inputs, _beside(path, self.at_least)) if self.at_least else declared
        most = at(inputs, _beside(path, self.at_most)) if self.at_most else None
        low, high = _SCALES[self.scale](least), _SCALES[self.scale](most)
        if low is None and not self.at_least:
            return "it cannot be compared with its bounds"
        if low is not None and value < low:
            return f"less than {self.at_least or 'what is declared'}, {least}: nothing shrinks it by itself"
        if high and value > high:
            return f"more than {self.at_most}, {most}"
        return ""


class Rules(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    security: tuple[Security, ...]
    expected: tuple[Expected, ...]
    benign: tuple[Benign, ...]

    @property
    def all(self) -> tuple[Rule, ...]:
        """Every rule; of two that name a property equally closely, the one that comes first decides: the stricter."""
        return (*self.security, *self.expected, *self.benign)

    def deciding(self, type_: str, names: tuple[str, ...]) -> Rule | None:
        """The rule that names a property most closely, if any does."""
        return max((one for one in self.all if one.covers(type_, names)), key=lambda one: one.rank, default=None)

    def watched(self, type_: str) -> tuple[tuple[str, ...], ...]:
        """Properties that are compared although the program ignores their changes: the platform's own."""
        return tuple(one.names for one in self.expected if fnmatchcase(type_, one.type))


@functools.cache
def rules() -> Rules:
    """The file's content."""
    return Rules.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def _beside(path: Path, other: str) -> Path:
    """A path of names, in the same places of the lists that it has in common with another path."""
    names = other.split(".")
    found: list[str | int] = []
    own = list(path)
    for name in names:
        while own and isinstance(own[0], int):
            found.append(own.pop(0))
        if own and own[0] == name:
            own.pop(0)
        else:
            own = []
        found.append(name)
    return tuple(found)


def _number(value: Any) -> tuple[float, ...] | None:
    return (float(value),) if isinstance(value, (int, float)) and not isinstance(value, bool) and value else None


def _size(value: Any) -> tuple[float, ...] | None:
    """An Elastic size such as 4g or 0.5g, in mebibytes."""
    found = re.fullmatch(r"([0-9.]+)([mg])b?", str(value).lower())
    return (float(found[1]) * (1024 if found[2] == "g" else 1),) if found else None


def _version(value: Any) -> tuple[float, ...] | None:
    """The numbers of a version in their order, such as POSTGRES_16_11.R20260901.00_01."""
    return tuple(float(number) for number in re.findall(r"\d+", str(value))) if value else None


def _atlas(value: Any) -> tuple[float, ...] | None:
    """The rank of an Atlas size such as M30."""
    order = list(atlas_sizes())
    return (float(order.index(value)),) if value in order else None


_SCALES: dict[str, Callable[[Any], tuple[float, ...] | None]] = {
    "number": _number,
    "size": _size,
    "version": _version,
    "atlas": _atlas,
}
"""How values of a scale compare; None for what is none of it."""
