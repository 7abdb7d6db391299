"""What several rules of this pack read alike: hours in Japan, versions, and what waits for the update."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from policies.kit import Node, Parameter, Resource, Undecided, must_be_set
from policies.kit.values import UNKNOWN, Secret

_T = TypeVar("_T")
_HOURS_AHEAD_OF_UTC = 9

NIGHT = {
    "from_hour": Parameter(1, "First full hour of the night in Japan, 0 to 23, at which maintenance may begin"),
    "until_hour": Parameter(6, "Full hour in Japan before which maintenance must begin, 0 to 24"),
}


def at_night(node: Node, path: str, from_hour: int, until_hour: int) -> Iterator[str]:
    """The hour there, in UTC, is one of the night in Japan."""
    hour = node.number(path)
    if hour is None:
        yield f"{path} is {node.shown(path)}; the hour in UTC must be stated"
        return
    local = int(hour + _HOURS_AHEAD_OF_UTC) % 24
    if not from_hour <= local < until_hour:
        wanted = f"it must begin from {from_hour}:00 on and before {until_hour}:00"
        yield f"{path} is {node.shown(path)} UTC, {local}:00 in Japan; {wanted}"


def version(text: str) -> tuple[int, ...]:
    """The numbers of a version, such as POSTGRES_16, 8.19.21 or REDIS_7_2; empty when it has none."""
    return tuple(int(number) for number in re.findall(r"\d+", text))


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


def about_each(
    resources: Iterable[Resource], check: Callable[[Resource], Iterator[str]]
) -> Iterator[tuple[Resource, str]]:
    """Every resource with its messages; one that waits for the update hides none of the others."""
    waiting = Waiting()
    for resource in resources:
        with waiting:
            try:
                for message in check(resource):
                    yield resource, message
            except Undecided as undecided:
                raise Undecided(f"{undecided.path} (asked for {resource.name})") from undecided
    waiting.end()


def all_of(*parts: Iterable[_T]) -> Iterator[_T]:
    """What each part finds; one that waits for the update hides nothing of the others."""
    waiting = Waiting()
    for part in parts:
        with waiting:
            yield from part
    waiting.end()


def some(items: Iterable[_T], holds: Callable[[_T], bool]) -> bool:
    """Whether it holds for one; raises Undecided when it does for none yet, and the update may change that."""
    waiting = Waiting()
    for item in items:
        with waiting:
            if holds(item):
                return True
    waiting.end()
    return False


def every(*questions: Callable[[], bool]) -> bool:
    """Whether each is answered with yes; raises Undecided when none says no, and one waits for the update."""
    return not some(questions, lambda question: not question())


def missing(what: str, wanted: Iterable[_T], given: Callable[[_T], bool]) -> Iterator[str]:
    """One message that names all of what is wanted and not given; what is not decided is put off until then."""
    waiting = Waiting()
    lacking: list[str] = []
    for each in wanted:
        with waiting:
            if not given(each):
                lacking.append(str(each))
    if lacking:
        yield f"{what} {', '.join(lacking)}"
    waiting.end()


def must_be_given(node: Node, path: str) -> Iterator[str]:
    """Something is set there; one that is not known yet may turn out empty, so it is not decided."""
    node.get(path)
    yield from must_be_set(node, path)


def leaves(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain or unknown value inside with its dotted path; secrets are left out, list indices are not named."""
    if isinstance(values, dict):
        for name, value in values.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(values, list):
        for value in values:
            yield from leaves(value, path)
    elif not isinstance(values, Secret):
        yield path, values


def known_text(node: Node, path: str) -> str:
    """The text there, or an empty one when it is missing or not known yet."""
    return node.text(path) if node.known(path) else ""


def same(node: Node, path: str, wanted: Node, wanted_path: str) -> bool:
    """Whether both hold the same; raises Undecided when one is not known yet."""
    return bool(node.get(path) == wanted.get(wanted_path))


def is_unknown(value: Any) -> bool:
    """Whether the value comes with the update."""
    return value is UNKNOWN
