"""When PgBouncer is told to read its files again, with its answers from a script."""

import threading
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import pytest

from services.pooler.pgbouncer import Console

QUIET = {"sv_login": 0, "cl_waiting": 0}


class Scripted(Console):
    """Answers SHOW POOLS with one list of rows after the other."""

    def __init__(self, answers: Iterator[Sequence[dict[str, Any]]]) -> None:
        super().__init__("")
        self._answers = answers
        self.asked = 0

    def _execute(self, command: str) -> list[dict[str, Any]]:
        assert command == "SHOW POOLS"
        self.asked += 1
        return list(next(self._answers))


@pytest.mark.parametrize(
    "busy",
    [
        {"sv_login": 1, "cl_waiting": 1},
        {"sv_login": 1, "cl_waiting": 0},
        # Between two connections that are opened one after the other.
        {"sv_login": 0, "cl_waiting": 1},
    ],
    ids=str,
)
def test_it_is_settled_when_nobody_signs_in_or_waits(busy: dict[str, int]) -> None:
    console = Scripted(iter([[QUIET, busy], [busy, QUIET], [QUIET, QUIET]]))
    console.settle(60, threading.Event())
    assert console.asked == 3


def test_a_pool_that_never_settles_is_not_waited_for_longer_than_it_may_take() -> None:
    console = Scripted(repeat([{"sv_login": 1, "cl_waiting": 9}]))
    console.settle(0.05, threading.Event())
    assert console.asked >= 1
