"""The checks that most rules are made of; each yields a message when the resource does not keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.kit.resource import Node


def must_be(node: Node, path: str, *allowed: object) -> Iterator[str]:
    """The value is one of those allowed; a missing one is None."""
    if node.get(path) not in allowed:
        wanted = " or ".join("not set" if value is None else str(value) for value in allowed)
        yield stated(node, path, wanted)


def must_be_set(node: Node, path: str) -> Iterator[str]:
    """Something is set there; a value that the update gives counts."""
    if not node.has(path):
        yield f"{_named(node, path)} is not set"


def must_reach(node: Node, path: str, least: float, unit: str) -> Iterator[str]:
    """The number there is at least `least`; a missing one is too little."""
    found = node.number(path)
    if found is None or found < least:
        yield f"{_named(node, path)} is {node.shown(path)}; at least {least:g} {unit} are needed"


def stated(node: Node, path: str, wanted: str) -> str:
    """A message: what stands there, and what must."""
    return f"{_named(node, path)} is {node.shown(path)}; it must be {wanted}"


def _named(node: Node, path: str) -> str:
    return f"{node.where}.{path}" if node.where else path
