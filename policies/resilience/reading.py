"""What several rules of this pack read alike: hours in Japan, versions, and values that wait for the update."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from policies.kit import Node, Parameter, must_be_set
from policies.kit.values import UNKNOWN
from policies.kit.waiting import Waiting

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


def known_text(node: Node, path: str) -> str:
    """The text there, or an empty one when it is missing or not known yet."""
    return node.text(path) if node.known(path) else ""


def same(node: Node, path: str, wanted: Node, wanted_path: str) -> bool:
    """Whether both hold the same; raises Undecided when one is not known yet."""
    return bool(node.get(path) == wanted.get(wanted_path))


def is_unknown(value: Any) -> bool:
    """Whether the value comes with the update."""
    return value is UNKNOWN
