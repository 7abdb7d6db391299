"""What a resource looks like after an operation: defaults, computed outputs, and what a preview can promise of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.cloud.catalogue import ResourceType, TypeRow, general_outputs
from sandbox.cloud.expressions import Scope
from sandbox.cloud.values import UNKNOWN, has_unknown, lookup, place


def with_defaults(row: TypeRow, inputs: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """The inputs, with the defaults of provider and API where nothing was set and the block around is there."""
    filled = copy.deepcopy(dict(inputs))
    for path, template in row.defaults.items():
        if not is_set(filled, path):
            place(filled, path, scope.render(template))
    return filled


def keep_computed(row: TypeRow, inputs: dict[str, Any], before: Mapping[str, Any]) -> None:
    """Keep what the API keeps when the program stops setting it (Terraform: Optional and Computed)."""
    for path in row.computed:
        if not is_set(inputs, path):
            for _, value in lookup(before, path):
                place(inputs, path, value)


def outputs(kind: ResourceType, inputs: dict[str, Any], scope: Scope, old: Any) -> dict[str, Any]:
    """The state after a write: the inputs without write-only values, in the API's order, and every computed output."""
    made: dict[str, Any] = _readable(inputs)
    for path, key in kind.row.sorted.items():
        for _, items in lookup(made, path):
            items.sort(key=lambda item, key=key: str(item.get(key)))
    created, written = _templates(kind, made)
    for path, template in created.items():
        place(made, path, next((value for _, value in lookup(old, path)), None) or scope.render(template), create=True)
    scope.bind(self=kind.shape.complete(made))
    for path, template in written.items():
        place(made, path, scope.render(template), create=True)
    return {key: value for key, value in made.items() if value is not None}


def foretold(kind: ResourceType, inputs: dict[str, Any], scope: Scope, old: Any) -> dict[str, Any]:
    """The outputs a preview can promise: what was given, and for an update (`old`) what is there already.

    What only the API can say stays unknown, or a program would be previewed with values it will not get.
    """
    made: dict[str, Any] = _readable(inputs)
    created, written = _templates(kind, made)
    for path in created:
        place(made, path, next((value for _, value in lookup(old, path)), UNKNOWN), create=True)
    scope.bind(self=kind.shape.complete(made))
    for path, template in written.items():
        value = UNKNOWN if old is None and path != "project" else scope.render(template)
        place(made, path, UNKNOWN if has_unknown(value) else value, create=True)
    return made


def is_set(value: Any, path: str) -> bool:
    """Whether anything is set under a dotted path."""
    return any(True for _ in lookup(value, path))


def _readable(inputs: Any) -> Any:
    """A copy without the write-only values, at any depth."""
    if isinstance(inputs, Mapping):
        return {key: _readable(value) for key, value in inputs.items() if not key.endswith("Wo")}
    return [_readable(value) for value in inputs] if isinstance(inputs, list) else inputs


def _templates(kind: ResourceType, made: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The templates for creation and for every write: the type's rows, and the package's for what is still unset."""
    row = kind.row
    own = {**row.created, **row.outputs}
    sections = []
    for mine, general in zip((row.created, row.outputs), general_outputs(kind.name), strict=True):
        added = {
            key: template
            for key, template in general.items()
            if key in kind.shape.outputs and key not in own and made.get(key) is None
        }
        sections.append({**added, **mine})
    return {path: value for path, value in sections[0].items() if not is_set(made, path)}, sections[1]
