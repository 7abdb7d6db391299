"""The inputs that a refresh reads back: what the program had set, as it is now, and what others have set since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.cloud.catalogue import ResourceType, general_outputs
from sandbox.cloud.values import DEFAULTS, merge, project

if TYPE_CHECKING:
    from sandbox.cloud.shape import Shape


def inputs_now(kind: ResourceType, given: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a resource that the program made with `given`, from what the cloud now says about it.

    A property that neither the program nor provider or API had set is a difference (Terraform: Optional and not
    Computed), or an address range that somebody lets in would never be noticed.
    """
    # Neither a write-only value nor a mark of the provider's own can be read back.
    unread = {key: value for key, value in given.items() if key.endswith("Wo") or key == DEFAULTS}
    known = {**unread, **project(given, outputs)}
    foreign = _foreign(kind.shape, kind.shape.root, "", (given, outputs), _made(kind))
    return dict(merge(known, foreign))


def _foreign(
    shape: Shape, name: str, above: str, sides: tuple[Mapping[str, Any], Mapping[str, Any]], made: Mapping[str, Any]
) -> dict[str, Any]:
    """What can be set, is set, and was set by nobody known; inside lists and maps nothing is looked for."""
    given, outputs = sides
    found: dict[str, Any] = {}
    for key, declared in shape.classes[name].items():
        here, value = f"{above}{key}", outputs.get(key)
        if value in (None, [], {}, ""):
            continue
        if given.get(key) is None:
            if not _is_made(here, value, made):
                found[key] = value
        elif isinstance(declared["type"], dict) and "object" in declared["type"] and isinstance(given[key], Mapping):
            inner = _foreign(shape, declared["type"]["object"], f"{here}.", (given[key], value), made)
            if inner:
                found[key] = inner
    return found


def _is_made(path: str, value: Any, made: Mapping[str, Any]) -> bool:
    """Whether provider or API set it, or part of it: with any value, or with the one that its default is."""
    if path in made:
        default = made[path]
        return default is None or default == value
    return any(one.startswith(f"{path}.") for one in made)


def _made(kind: ResourceType) -> dict[str, Any]:
    """The paths that provider or API fill in: to a default that is always the same, or to None for any value."""
    row = kind.row
    return {**{path: _constant(default) for path, default in row.defaults.items()}, **dict.fromkeys(_computed(kind))}


def _computed(kind: ResourceType) -> Iterator[str]:
    row = kind.row
    created, written = general_outputs(kind.name)
    for path in (*row.computed, *row.created, *row.outputs, *created, *written):
        yield path.replace("[*]", "")


def _constant(default: Any) -> Any:
    return None if "${" in str(default) else default
