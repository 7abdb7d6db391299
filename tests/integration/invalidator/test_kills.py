"""The worker killed beside every request that it sends for an event, and what the next one makes of it."""

import itertools
import signal
from collections.abc import Callable

import pytest

from sandbox.servers.invalidation import Site, event
from sandbox.servers.passage import Fate

SOON = {"CDN_SECOND_PURGE_SECONDS": "0.2"}
_WORDS = (b"triptrip_invalidate", b"ZADD", b"WAIT", b"RENAMENX", b"EXISTS", b"ZRANGE", b"ZREM", b"ZREMRANGEBYSCORE")
"""What the worker sends for an event; the lock of the sender and its looks at the queue's length are left out."""

_LEAST, _MOST = 8, 60
"""Four steps by tag, two writes of the queue, WAIT, and the taking; the loop ends by itself well below the most."""


@pytest.mark.parametrize("settings", [SOON], indirect=True)
@pytest.mark.parametrize(("fate", "at"), [(Fate.LOST, 1), (Fate.CUT, 5), (Fate.LOST, 7), (Fate.CUT, 9)], ids=str)
def test_a_worker_killed_beside_a_request_loses_no_purge(place: Site, fate: Fate, at: int) -> None:
    assert is_whole_after_a_kill(place, at, fate)


@pytest.mark.faults
@pytest.mark.parametrize("settings", [SOON], indirect=True)
@pytest.mark.parametrize("fate", [Fate.CUT, Fate.LOST], ids=str)
def test_a_worker_killed_beside_any_request_loses_no_purge(place: Site, fate: Fate) -> None:
    ends = (at for at in range(1, _MOST) if not is_whole_after_a_kill(place, at, fate))
    assert _LEAST < next(ends, _MOST) < _MOST


def is_whole_after_a_kill(place: Site, at: int, fate: Fate) -> bool:
    """Publish an event, kill the worker at its nth request and start another; False when it has no so many."""
    key = place.put("GET /hotels/{id}", "old", id="7")
    place.show("/api/hotels/7", "old", "entity:hotel", "entity:hotel:7")
    before = len(place.asked_of_the_cdn())
    was_killed = kill_at(place, at, fate)
    place.publish(event("entity", entity="hotel", entityId="7"))
    place.wait_for("killed, or done", lambda: was_killed() or is_done(place, key, before))
    place.passage.watch = lambda _: Fate.PASSED
    if not was_killed():
        return False
    place.worker.wait()
    place.worker.start()
    place.wait_for("the purge is whole", lambda: is_done(place, key, before))
    assert place.show("/api/hotels/7", "new", "entity:hotel", "entity:hotel:7") == "new"
    place.compute.edge.purge({"path": "/*"})
    return True


def is_done(place: Site, key: str, before: int) -> bool:
    """Whether the entry is gone, the CDN was asked for both tags, and nothing waits to be asked once more."""
    asked = set(place.asked_of_the_cdn()[before:])
    return not place.kept(key) and place.nothing_waits() and {"entity:hotel", "search:hotels"} <= asked


def kill_at(place: Site, at: int, fate: Fate) -> Callable[[], bool]:
    """Kill the worker at its nth request for an event; tells whether that has happened."""
    counted = itertools.count(1)
    seen: list[str] = []

    def watch(data: bytes) -> Fate:
        if b"triptrip_invalidate" in data and not seen:
            seen.append("the event")
        if seen != ["the event"] or not any(word in data for word in _WORDS) or next(counted) < at:
            return Fate.PASSED
        place.worker.signal(signal.SIGKILL)
        seen.append("the kill")
        return fate

    place.passage.watch = watch
    return lambda: "the kill" in seen
