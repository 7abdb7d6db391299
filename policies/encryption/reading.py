"""What several rules of this pack read alike: one item after the other, references, and every text of a resource."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from policies.kit import Node, Resource, Stack, Undecided
from policies.kit.values import Secret

Item = TypeVar("Item")
Found = TypeVar("Found")

_SEPARATORS = re.compile(r"[/:]")


def about_each(items: Iterable[Item], check: Callable[[Item], Iterable[Found]]) -> Iterator[Found]:
    """What the check says of every item; one that waits for the update hides none of the others."""
    waiting: Undecided | None = None
    for item in items:
        try:
            yield from check(item)
        except Undecided as undecided:
            waiting = waiting or undecided
    if waiting:
        raise waiting


def fitting(items: Iterable[Item], holds: Callable[[Item], bool]) -> list[Item]:
    """The items for which it holds; raises Undecided when it holds for none that is known already."""
    found: list[Item] = []
    waiting: Undecided | None = None
    for item in items:
        try:
            found += [item] if holds(item) else []
        except Undecided as undecided:
            waiting = waiting or undecided
    if waiting and not found:
        raise waiting
    return found


def some_of(items: Iterable[Item], holds: Callable[[Item], bool]) -> bool:
    """Whether it holds for one of the items; raises Undecided when it holds for none that is known already."""
    return bool(fitting(items, holds))


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
