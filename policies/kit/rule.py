"""A rule: one small unit that says what it wants, how much it matters, why, and how to mend it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType
from typing import Any

from policies.kit.resource import Resource, Stack

ResourceCheck = Callable[..., Iterator[str]]
StackCheck = Callable[..., Iterator[tuple[Resource | None, str]]]
Remedy = Callable[[dict[str, Any]], dict[str, Any]]


class Severity(StrEnum):
    """How much a violation matters, in the words of Pulumi's policies."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(StrEnum):
    """What a violation does: advisory tells, mandatory refuses, remediate mends and refuses what it cannot mend."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"
    REMEDIATE = "remediate"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Parameter:
    """A figure of a rule that a stack's level file may set: its default, and what it means with its unit."""

    default: int | str | bool | tuple[str, ...]
    meaning: str

    def schema(self) -> dict[str, Any]:
        """The JSON schema of the parameter."""
        if isinstance(self.default, tuple):
            kind: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "default": list(self.default)}
        elif isinstance(self.default, bool):
            kind = {"type": "boolean", "default": self.default}
        elif isinstance(self.default, int):
            kind = {"type": "integer", "default": self.default, "minimum": 0}
        else:
            kind = {"type": "string", "default": self.default}
        return {**kind, "description": self.meaning}


@dataclass(frozen=True)
class Case:
    """An example of a rule: resources as `type: inputs` written out, kept or broken.

    `inputs` are one resource's; `protect`, `ignore_changes` and `provider` (the provider's own inputs) belong to it. A
    stack rule's case is a mapping of names to (type, inputs) in `stack`. `type` may be left out where a rule has one.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    type: str = ""
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    provider: Mapping[str, Any] = field(default_factory=dict)
    stack: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule with all that a reader, a report and the engine need to know of it.

    `types` are the resources it looks at (empty: every one), `level` is its enforcement unless a stack's level file
    says otherwise, `sources` are ids in other rule books, `check` yields one message a violation.
    """

    id: str
    title: str
    severity: Severity
    level: Level
    types: tuple[str, ...]
    sources: tuple[str, ...]
    reason: str
    fix: str
    parameters: Mapping[str, Parameter]
    good: tuple[Case, ...]
    bad: tuple[Case, ...]
    whole_stack: bool
    check: Callable[..., Iterator[Any]]
    remedy: Remedy | None = None

    def applies_to(self, type_: str) -> bool:
        """Whether the rule looks at resources of a type; components and providers only when it names them."""
        return type_ in self.types if self.types else not type_.startswith(("pulumi:", "triptrip:"))


def rule(  # noqa: PLR0913 # the parts of a rule, all by name
    id: str,  # noqa: A002 # what rule books call it
    *,
    title: str,
    severity: Severity,
    reason: str,
    fix: str,
    good: Iterable[Case],
    bad: Iterable[Case],
    types: Iterable[str] = (),
    level: Level = Level.MANDATORY,
    sources: Iterable[str] = (),
    parameters: Mapping[str, Parameter] | None = None,
    remedy: Remedy | None = None,
) -> Callable[[Callable[..., Iterator[Any]]], Rule]:
    """Make a rule of a check: a function of a Resource, or of the whole Stack, and the rule's parameters by name.

    A resource's check yields messages, a stack's yields (resource or None, message).
    """

    def made(check: Callable[..., Iterator[Any]]) -> Rule:
        subject = next(iter(inspect.signature(check).parameters.values())).annotation
        return Rule(
            id=id,
            title=title,
            severity=severity,
            level=level,
            types=tuple(types),
            sources=tuple(sources),
            reason=reason,
            fix=fix,
            parameters=parameters or {},
            good=tuple(good),
            bad=tuple(bad),
            whole_stack=subject in (Stack, "Stack"),
            check=check,
            remedy=remedy,
        )

    return made


def rules_of(*modules: ModuleType) -> tuple[Rule, ...]:
    """Every rule of these modules in the order they are written; raises ValueError when two share an id."""
    rules = [value for module in modules for value in vars(module).values() if isinstance(value, Rule)]
    ids = [each.id for each in rules]
    if twice := {id_ for id_ in ids if ids.count(id_) > 1}:
        raise ValueError(f"rules share an id: {', '.join(sorted(twice))}")
    return tuple(rules)
