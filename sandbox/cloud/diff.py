"""Differences between a resource's old and new inputs, as the provider reports them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.cloud.catalogue import replacements, resource_type
from sandbox.cloud.expressions import PURE, Scope
from sandbox.cloud.values import DEFAULTS, UNKNOWN, Path, lookup, path_text, without_marks

Kind = Literal["add", "delete", "update"]


@dataclass(frozen=True)
class Change:
    """One property that differs; `replaces` when the change cannot be made in place."""

    path: Path
    kind: Kind
    replaces: bool

    @property
    def text(self) -> str:
        """The path as Pulumi writes it."""
        return path_text(self.path)


@dataclass(frozen=True)
class Diff:
    """All changes of one resource, and whether the old one must go before the new one comes."""

    changes: tuple[Change, ...]
    delete_before_replace: bool

    @property
    def replaces(self) -> tuple[str, ...]:
        """The top-level properties that force a replacement."""
        return tuple(sorted({str(change.path[0]) for change in self.changes if change.replaces}))


def compare(token: str, old: Mapping[str, Any], new: Mapping[str, Any], state: Mapping[str, Any]) -> Diff:
    """What changes between old and new inputs of a resource whose last outputs are `state`.

    Write-only properties (`…Wo`) never differ by themselves: their version property does. As the bridge does it, the
    old resource goes first only where the program itself names both: a name of the provider's own would be new.
    """
    declared = resource_type(token)
    row = declared.row
    named_by_provider = DEFAULTS in old
    old, new = without_marks(old), without_marks(new)
    scope = Scope({"self": declared.shape.complete(new), "state": dict(state)}, PURE)
    changes = []
    for path, before, after in _walk((), old, new):
        dotted = _dotted(path)
        kept = [one for one in row.computed if not any(True for _ in lookup(new, one))]
        if str(path[-1]).endswith("Wo") or (
            after is None and (_under(dotted, kept) or row.defaults.get(dotted) == before)
        ):
            continue
        scope.bind(old=before, new=after)
        if dotted in row.quiet and UNKNOWN not in (before, after) and scope.evaluate(row.quiet[dotted]):
            continue
        replaces = any(
            _under(dotted, [rule.property]) and (after == UNKNOWN or scope.evaluate(rule.when))
            for rule in replacements(token)
        )
        kind: Kind = "add" if before is None else "delete" if after is None else "update"
        changes.append(Change(path, kind, replaces))
    replaced = any(change.replaces for change in changes)
    name = row.auto_name or "name"
    same_name = new.get(name) not in (None, UNKNOWN) and new.get(name) == old.get(name)
    return Diff(tuple(changes), replaced and same_name and not named_by_provider)


def _walk(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Every differing leaf; null and an empty list, object or text are all "not set", as in Terraform's state."""
    before, after = _set(old), _set(new)
    if before == after:
        return
    if {type(before), type(after)} in ({dict}, {dict, type(None)}):
        before, after = before or {}, after or {}
        for key in {**before, **after}:
            yield from _walk((*path, key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            yield from _walk(
                (*path, index),
                before[index] if index < len(before) else None,
                after[index] if index < len(after) else None,
            )
    else:
        yield path, before, after


def _set(value: Any) -> Any:
    return None if value in ([], {}, "") else value


def _dotted(path: Path) -> str:
    return ".".join(str(step) for step in path if not isinstance(step, int))


def _under(dotted: str, properties: list[str]) -> bool:
    return any(dotted == one or dotted.startswith(f"{one}.") for one in properties)
