import threading
from collections.abc import Sequence

import pytest

from services.invalidator.batches import Batches


class Work:
    """Does what it is told to, and waits before its first batch until it may."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may = threading.Event()
        self.began = threading.Event()

    def __call__(self, items: Sequence[int]) -> None:
        self.began.set()
        assert self.may.wait(10)
        self.batches.append(list(items))
        if any(item < 0 for item in items):
            raise ValueError("a negative one")
        if 0 in items:
            raise ConnectionError("nobody there")


def started(work: Work, most: int = 100) -> Batches[int]:
    made = Batches("test", work, most, (ConnectionError,))
    made.start()
    return made


def test_what_comes_in_while_one_batch_is_worked_on_is_the_next() -> None:
    work = Work()
    batches = started(work, most=3)
    first = batches.put(1)
    assert work.began.wait(10)
    rest = [batches.put(number) for number in (2, 3, 4, 5)]
    work.may.set()
    for future in (first, *rest):
        future.result(10)
    assert work.batches == [[1], [2, 3, 4], [5]]
    batches.close(10)
    assert not batches.is_alive


def test_one_that_cannot_be_done_takes_no_other_with_it() -> None:
    work = Work()
    batches = started(work)
    batches.put(1)
    assert work.began.wait(10)
    good, bad, other = (batches.put(number) for number in (2, -1, 3))
    work.may.set()
    good.result(10)
    other.result(10)
    with pytest.raises(ValueError, match="negative"):
        bad.result(10)
    batches.close(10)


def test_what_everyone_would_meet_is_not_tried_one_by_one() -> None:
    work = Work()
    batches = started(work)
    batches.put(1)
    assert work.began.wait(10)
    futures = [batches.put(number) for number in (0, 2)]
    work.may.set()
    for future in futures:
        with pytest.raises(ConnectionError):
            future.result(10)
    assert work.batches == [[1], [0, 2]]
    batches.close(10)


def test_one_that_nobody_waits_for_is_left_out() -> None:
    work = Work()
    batches = started(work)
    batches.put(1)
    assert work.began.wait(10)
    left, stays = batches.put(2), batches.put(3)
    assert left.cancel()
    work.may.set()
    stays.result(10)
    assert work.batches == [[1], [3]]
    batches.close(10)


def test_at_the_end_it_finishes_what_was_asked_for() -> None:
    work = Work()
    batches = started(work)
    futures = [batches.put(number) for number in (1, 2)]
    work.may.set()
    batches.close(10)
    assert [future.result(0) for future in futures] == [None, None]
