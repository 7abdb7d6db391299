"""What changes between two plans of one stack, as the engine would do it: created, updated, deleted, replaced."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ops.report.phases.model import Held, Touched
from sandbox.cloud.diff import Change, compare
from sandbox.cloud.values import Path
from sandbox.plan import Plan, PlannedResource

_FLAGS = ("settings", "databaseFlags")


@dataclass(frozen=True)
class Changed:
    """A resource of both plans: its inputs that change, those of them that force a replacement, those held back."""

    resource: PlannedResource
    inputs: tuple[str, ...]
    forcing: tuple[str, ...]
    held: tuple[Held, ...]


@dataclass(frozen=True)
class Changes:
    """What happens to the resources of a stack when one plan follows another."""

    before: Plan
    after: Plan

    @cached_property
    def created(self) -> tuple[PlannedResource, ...]:
        """What the plan afterwards has alone."""
        old = {each.urn for each in self.before.resources}
        return tuple(each for each in _resources(self.after) if each.urn not in old)

    @cached_property
    def deleted(self) -> tuple[PlannedResource, ...]:
        """What the plan before has alone."""
        new = {each.urn for each in self.after.resources}
        return tuple(each for each in _resources(self.before) if each.urn not in new)

    @cached_property
    def updated(self) -> tuple[Changed, ...]:
        """What changes in place."""
        return tuple(each for each in self._changed if each.inputs and not each.forcing)

    @cached_property
    def replaced(self) -> tuple[Changed, ...]:
        """What is made anew, because an input that changes cannot be changed in place (infra/catalog/force_new)."""
        return tuple(each for each in self._changed if each.forcing)

    @cached_property
    def held(self) -> tuple[Held, ...]:
        """Inputs that differ and that the engine is told to leave alone (ignoreChanges)."""
        return tuple(held for each in self._changed for held in each.held)

    @cached_property
    def _changed(self) -> tuple[Changed, ...]:
        old = {each.urn: each for each in _resources(self.before)}
        pairs = ((old[each.urn], each) for each in _resources(self.after) if each.urn in old)
        return tuple(_changed(*pair) for pair in pairs if _known(pair[0]) != _known(pair[1]))


def touched(resource: PlannedResource, inputs: tuple[str, ...] = ()) -> Touched:
    """A resource as a step names it."""
    return Touched(resource.name, resource.type, inputs)


def _resources(plan: Plan) -> Iterator[PlannedResource]:
    """What the cloud makes: neither components nor providers."""
    return (each for each in plan.resources if each.custom and not each.type.startswith("pulumi:"))


def _changed(old: PlannedResource, new: PlannedResource) -> Changed:
    ignored = [str(path) for path in new.options.get("ignoreChanges", ())]
    told: list[Change] = []
    held: list[Change] = []
    # Sorted: the wire keeps no order of what a mapping holds.
    for change in sorted(compare(new.type, _known(old), _known(new), {}).changes, key=_text):
        (held if _is_under(_dotted(change.path), ignored) else told).append(change)
    return Changed(
        new,
        tuple(dict.fromkeys(name for change in told for name in _names(change, old.inputs, new.inputs))),
        tuple(dict.fromkeys(_dotted(change.path) for change in told if change.replaces)),
        tuple(
            Held(new.name, _dotted(each.path), _value(old.inputs, each.path), _value(new.inputs, each.path))
            for each in held
        ),
    )


def _known(resource: PlannedResource) -> dict[str, Any]:
    """The inputs with digests in place of what is secret: whether it changes, and not what it is."""
    return {key: _filled(value, resource.secrets, (key,)) for key, value in resource.inputs.items()}


def _filled(value: Any, secrets: Mapping[Path, str], path: Path) -> Any:
    if path in secrets:
        return secrets[path]
    if isinstance(value, dict):
        return {key: _filled(inner, secrets, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, secrets, (*path, index)) for index, inner in enumerate(value)]
    return value


def _names(change: Change, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """The input that changes; database flags by their names, since one more moves all that follow it in the list."""
    if change.path[:2] != _FLAGS:
        yield _dotted(change.path)
        return
    before, after = _flags(old), _flags(new)
    yield from (".".join((*_FLAGS, name)) for name in sorted({*before, *after}) if before.get(name) != after.get(name))


def _flags(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {flag["name"]: flag["value"] for flag in inputs.get("settings", {}).get("databaseFlags") or ()}


def _value(inputs: Any, path: Path) -> Any:
    for step in path:
        try:
            inputs = inputs[step]
        except (KeyError, IndexError, TypeError):
            return None
    return inputs


def _text(change: Change) -> str:
    return change.text


def _dotted(path: Path) -> str:
    return ".".join(str(step) for step in path if not isinstance(step, int))


def _is_under(dotted: str, paths: list[str]) -> bool:
    return any(dotted == path or dotted.startswith(f"{path}.") for path in paths)
