"""The queue of what the CDN is to be asked, at moments that the test chooses."""

from collections.abc import Iterator

import pytest
from redis import Redis

from sandbox.servers.redis import RedisServer, ValkeyServer
from sandbox.servers.workspace import Workspace
from services.invalidator.waiting import LATER, NOW, SENDING, Backlog, Waiting
from tests.integration.conftest import group

SECOND = 1_000_000
LAG = 5


@pytest.fixture(scope="module", params=["redis", "valkey"])
def server(module_workspace: Workspace, request: pytest.FixtureRequest) -> RedisServer:
    made = {"redis": RedisServer, "valkey": ValkeyServer}[request.param](
        module_workspace, group(request.param), request.param
    )
    made.start()
    return made


@pytest.fixture
def redis(server: RedisServer) -> Iterator[Redis]:
    with server.client() as client:
        client.flushall()
        yield client


@pytest.fixture
def waiting(redis: Redis) -> Waiting:
    return Waiting(redis, LAG)


def sent(waiting: Waiting, moment: int) -> dict[str, int]:
    """What is taken at a moment, and done with."""
    taken = dict(waiting.take(moment))
    waiting.done(taken)
    return taken


def test_what_was_asked_twice_is_sent_once_as_the_earlier(waiting: Waiting) -> None:
    waiting.add({"tag:a": 30, "tag:b": 20}, 40)
    waiting.add({"tag:a": 10, "path:/x": 50}, 60)
    assert waiting.backlog() == Backlog(3, 10)
    assert list(sent(waiting, 70).items()) == [("tag:a", 10), ("tag:b", 20), ("path:/x", 50)]
    assert sent(waiting, 80) == {}
    assert waiting.backlog() == Backlog(0, 0)


def test_what_is_asked_while_it_is_sent_is_sent_again(waiting: Waiting) -> None:
    waiting.add({"tag:a": 10}, 10)
    taken = waiting.take(20)
    waiting.add({"tag:a": 30}, 30)
    waiting.done(taken)
    assert sent(waiting, 40) == {"tag:a": 30}


def test_what_a_killed_worker_left_comes_first_and_whole(waiting: Waiting) -> None:
    waiting.add({"tag:a": 10, "tag:b": 20}, 20)
    waiting.take(30)
    waiting.done(["tag:a"])
    waiting.add({"tag:c": 40}, 40)
    assert sent(waiting, 50) == {"tag:b": 20}
    assert sent(waiting, 60) == {"tag:c": 40}


def test_the_second_purge_comes_when_it_is_due_and_once(waiting: Waiting, redis: Redis) -> None:
    waiting.add({"tag:a": 0}, 0)
    assert sent(waiting, 1) == {"tag:a": 0}
    assert sent(waiting, LAG * SECOND - 1) == {}
    assert sent(waiting, LAG * SECOND) == {"tag:a": LAG * SECOND}
    assert sent(waiting, 100 * SECOND) == {}
    assert redis.exists(NOW, SENDING, LATER) == 0


def test_a_later_event_puts_the_second_purge_off_since_it_brings_one_itself(waiting: Waiting) -> None:
    waiting.add({"tag:a": 0}, 0)
    sent(waiting, 1)
    waiting.add({"tag:a": 4 * SECOND}, 4 * SECOND)
    # Sent at 4 s: a read of before 0 s is covered once 5 s have passed, at the next one.
    assert sent(waiting, 4 * SECOND) == {"tag:a": 4 * SECOND}
    assert sent(waiting, 6 * SECOND) == {}
    assert sent(waiting, 9 * SECOND) == {"tag:a": 9 * SECOND}


def test_without_a_second_purge_nothing_is_kept_for_later(redis: Redis) -> None:
    once = Waiting(redis, 0)
    once.add({"tag:a": 10}, 10)
    assert sent(once, 20) == {"tag:a": 10}
    assert redis.exists(NOW, SENDING, LATER) == 0
