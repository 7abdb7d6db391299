"""Questions about several things of which some wait for the update: what is decided is told, the rest is put off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from policies.kit.resource import Resource, Undecided

Item = TypeVar("Item")
Found = TypeVar("Found")


class Waiting:
    """Puts off what is not decided: `with waiting:` around each question, and `waiting.end()` after the last."""

    def __init__(self) -> None:
        self._first: Undecided | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: object, _trace: object) -> bool:
        if not isinstance(error, Undecided):
            return False
        self._first = self._first or error
        return True

    def end(self) -> None:
        """Raise the first Undecided that was put off."""
        if self._first:
            raise self._first


def about_each(items: Iterable[Item], check: Callable[[Item], Iterable[Found]]) -> Iterator[Found]:
    """What the check says of every item; one that waits for the update hides none of the others."""
    waiting = Waiting()
    for item in items:
        with waiting:
            yield from check(item)
    waiting.end()


def about_each_resource(
    resources: Iterable[Resource], check: Callable[[Resource], Iterator[str]]
) -> Iterator[tuple[Resource, str]]:
    """Every resource with its messages, as a rule of whole stacks yields them; what waits says for which resource."""

    def named(resource: Resource) -> Iterator[tuple[Resource, str]]:
        try:
            for message in check(resource):
                yield resource, message
        except Undecided as undecided:
            raise Undecided(f"{undecided.path} (asked for {resource.name})") from undecided

    yield from about_each(resources, named)


def all_of(*parts: Iterable[Item]) -> Iterator[Item]:
    """What each part finds; one that waits for the update hides nothing of the others."""
    yield from about_each(parts, lambda part: part)


def fitting(items: Iterable[Item], holds: Callable[[Item], bool]) -> list[Item]:
    """The items for which it holds; raises Undecided when it holds for none that is known already."""
    waiting = Waiting()
    found: list[Item] = []
    for item in items:
        with waiting:
            found += [item] if holds(item) else []
    if not found:
        waiting.end()
    return found


def some_of(items: Iterable[Item], holds: Callable[[Item], bool]) -> bool:
    """Whether it holds for one of the items; raises Undecided when it holds for none that is known already."""
    return bool(fitting(items, holds))


def every(*questions: Callable[[], bool]) -> bool:
    """Whether each is answered with yes; raises Undecided when none says no, and one waits for the update."""
    return not some_of(questions, lambda question: not question())
