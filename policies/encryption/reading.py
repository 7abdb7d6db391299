"""What several rules of this pack read alike: one item after the other, references, and every text of a resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

from policies.kit import Node, Resource, Stack, Undecided
from policies.kit.values import Secret
from policies.kit.waiting import fitting

Item = TypeVar("Item")
Found = TypeVar("Found")

_SEPARATORS = re.compile(r"[/:]")


def declared(stack: Stack, user: Resource, path: str, type_: str, naming: str = "name") -> list[Resource]:
    """The stack's resources of a type that the user names there.

    While the id is not known they are those that it depends on; raises Undecided when it depends on none.
    """
    try:
        named = {last_part(text) for text in user.texts(path)}
    except Undecided:
        if found := [each for each in stack.of(type_) if each.urn in user.dependencies]:
            return found
        raise
    return fitting(stack.of(type_), lambda each: each.text(naming) in named) if named else []


def last_part(id_: str) -> str:
    """The name at the end of an id such as `projects/p/global/urlMaps/api` or `project:instance`."""
    return _SEPARATORS.split(id_)[-1]


def stated(node: Node, path: str, wanted: str) -> str:
    """A message: what stands there, and what must."""
    return f"{node.where + '.' if node.where else ''}{path} is {node.shown(path)}; it must be {wanted}"


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every plain or unknown value inside with the names above it; what is secret is left out."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    elif not isinstance(value, Secret):
        yield path, value
