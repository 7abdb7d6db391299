"""The lock: one holder at a time, also when holders die, sleep, or lose answers."""

from typing import Any

import pytest
import requests

from schema.bigquery.lease import LEASE_SECONDS, SKEW_SECONDS, Lease
from schema.kit import SchemaError
from tests.unit.schema.bigquery.fake import Fake, Request

PLACE = "triptrip-test.analytics"
LOCK = "analytics.schema_lock"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lease(fake: Fake, clock: Clock) -> Lease:
    return Lease(fake.client(), PLACE, clock)


def test_second_is_told_who_holds_it(fake: Fake, clock: Clock) -> None:
    second = lease(fake, clock)
    with (
        lease(fake, clock).held(0),
        pytest.raises(SchemaError, match=r"is taken: Held by .* on .*, process \d+") as raised,
        second.held(0),
    ):
        pytest.fail("two hold it")
    assert f"{LEASE_SECONDS + SKEW_SECONDS} s" in str(raised.value)


def test_given_up_is_free(fake: Fake, clock: Clock) -> None:
    with lease(fake, clock).held(0):
        assert LOCK in fake.tables
    assert LOCK not in fake.tables
    with lease(fake, clock).held(0):
        pass


def test_given_up_when_the_work_fails(fake: Fake, clock: Clock) -> None:
    with pytest.raises(ZeroDivisionError), lease(fake, clock).held(0):
        raise ZeroDivisionError
    assert LOCK not in fake.tables


def dead_holder(fake: Fake, clock: Clock) -> None:
    """Leave the lock as a killed process does."""
    assert lease(fake, clock).take()


def test_dead_holder_keeps_it_for_its_lease(fake: Fake, clock: Clock) -> None:
    dead_holder(fake, clock)
    clock.now += LEASE_SECONDS + SKEW_SECONDS - 1
    with pytest.raises(SchemaError, match="is taken"), lease(fake, clock).held(0):
        pytest.fail("taken before its time")
    clock.now += 1
    with lease(fake, clock).held(0):
        pass


def test_one_of_two_takes_over(fake: Fake, clock: Clock) -> None:
    dead_holder(fake, clock)
    clock.now += LEASE_SECONDS + SKEW_SECONDS
    first, second = lease(fake, clock), lease(fake, clock)
    taken: list[bool] = []

    def first_is_quicker(request: Request) -> tuple[int, Any] | None:
        if request.method == "PATCH" and not taken:
            taken.append(True)
            assert first.take()  # between the other's reading and its writing
        return None

    fake.answer = first_is_quicker
    with pytest.raises(SchemaError, match="is taken"), second.held(0):
        pytest.fail("two took it over")
    assert taken
    first.check()


def test_every_change_names_what_was_seen(fake: Fake, clock: Clock) -> None:
    dead_holder(fake, clock)
    clock.now += LEASE_SECONDS + SKEW_SECONDS
    with lease(fake, clock).held(0):
        pass
    changes = [request for request in fake.seen if request.method == "PATCH"]
    assert changes
    assert all(request.headers.get("If-Match") for request in changes)


def test_sleeper_stops_and_leaves_the_lock_to_the_next(fake: Fake, clock: Clock) -> None:
    sleeper, other = lease(fake, clock), lease(fake, clock)
    with sleeper.held(0):
        sleeper.check()
        clock.now += LEASE_SECONDS + SKEW_SECONDS
        assert other.take()  # held beyond this block
        with pytest.raises(SchemaError, match="could not be renewed"):
            sleeper.check()
    assert LOCK in fake.tables
    other.check()


def test_renewal_moves_the_end(fake: Fake, clock: Clock) -> None:
    holder = lease(fake, clock)
    with holder.held(0):
        clock.now += LEASE_SECONDS / 3
        assert holder.renew()
        clock.now += LEASE_SECONDS - 1
        holder.check()
        clock.now += 1
        with pytest.raises(SchemaError):
            holder.check()


def test_lost_answers_are_no_loss_of_the_lock(fake: Fake, clock: Clock) -> None:
    lost: list[str] = []

    def lose_first_answers(request: Request) -> tuple[int, Any] | None:
        if request.method in ("POST", "PATCH") and request.method not in lost:
            lost.append(request.method)
            fake._answer(request)  # noqa: SLF001 # done, and the answer lost on its way
            raise requests.ConnectionError("reset")
        return None

    fake.answer = lose_first_answers
    holder = lease(fake, clock)
    with holder.held(0):
        assert holder.renew()
        holder.check()
    assert lost == ["POST", "PATCH"]
    assert LOCK not in fake.tables


def test_who_never_took_it_has_nothing_to_lose(fake: Fake, clock: Clock) -> None:
    """`plan` and `verify` hold no lock, and ask nobody for one."""
    lease(fake, clock).check()
    assert fake.seen == []
