"""Redis changes its primary, as Memorystore does by itself, before and in the middle of a purge: nothing comes back."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.servers.invalidation import Site, event
from sandbox.servers.passage import Fate, Passage
from services.cache.client import Cache

ENTRIES = 3000


@pytest.fixture
def link(place: Site) -> Iterator[Passage]:
    """What the replica hears the primary through."""
    with Passage(place.primary.endpoint) as made:
        with place.replica.client() as client:
            client.execute_command("REPLICAOF", made.endpoint.address, str(made.endpoint.port))
        place.replica.wait_until_it_follows()
        yield made


def fail_over(place: Site) -> None:
    """The primary is gone, the replica takes over with what it has heard, and the address leads to it."""
    place.primary.kill()
    place.replica.promote()
    place.passage.switch(place.replica.endpoint)


def await_copy(place: Site, *keys: str) -> None:
    """Wait until the replica has entries."""
    with place.replica.client() as client:
        place.wait_for("the replica has the entries", lambda: client.exists(*keys) == len(keys))


def replicas(place: Site) -> int:
    """How many replicas the primary has."""
    told: Any = place.redis.info("replication")
    return int(told["connected_slaves"])


def answered(place: Site, keys: list[str]) -> list[str]:
    """What the new primary answers of some entries."""
    with place.replica.client() as client:
        return [key for key in keys if Cache(client).cache_get(key).value is not None]


@pytest.mark.parametrize("settings", [{}, {"REDIS_REPLICAS": "0"}], indirect=True, ids=["waits", "does not wait"])
def test_a_purge_is_acknowledged_when_a_failover_cannot_take_it_back(
    place: Site, link: Passage, settings: dict[str, str]
) -> None:
    key = place.put("GET /hotels", "old")
    await_copy(place, key)
    link.hold()
    place.publish(event("tag", tags=["entity:hotel"]))
    tried = "purged" if settings else "failed"
    place.wait_for("it was tried", lambda: place.worker.metric("invalidator_events_total", outcome=tried) > 0)
    assert not place.kept(key)
    place.primary.kill()
    link.cut()
    link.release()
    place.replica.promote()
    place.passage.switch(place.replica.endpoint)
    if settings:
        # Without the wait the event is gone, and what it had purged is back.
        assert answered(place, [key]) == [key]
    else:
        place.wait_until_purged(1)
        assert answered(place, [key]) == []


def test_a_failover_in_the_middle_of_a_purge_begins_it_anew(place: Site) -> None:
    keys = [place.put("GET /hotels/{id}", "old", id=str(number)) for number in range(ENTRIES)]
    await_copy(place, *keys)
    steps = itertools.count(1)

    def watch(data: bytes) -> Fate:
        if b"triptrip_invalidate_tag" not in data or next(steps) != 3:  # the third of six
            return Fate.PASSED
        fail_over(place)
        return Fate.CUT

    place.passage.watch = watch
    place.publish(event("tag", tags=["entity:hotel"]))
    place.wait_until_purged(1)
    assert answered(place, keys) == []
    with place.replica.client() as client:
        assert client.exists(*keys) == 0


def test_a_primary_that_has_become_a_replica_is_left(place: Site) -> None:
    place.publish(event("tag", tags=["entity:product"]))
    place.wait_until_purged(1)
    key = place.put("GET /hotels", "old")
    await_copy(place, key)
    place.replica.promote()
    place.primary.follow(place.replica)
    place.passage.switch(place.replica.endpoint, cuts=False)
    place.publish(event("tag", tags=["entity:hotel"]))
    place.wait_until_purged(2)
    assert answered(place, [key]) == []


def test_without_any_replica_a_purge_is_acknowledged_and_counted(place: Site) -> None:
    place.replica.stop()
    place.wait_for("the primary knows", lambda: replicas(place) == 0)
    place.publish(event("tag", tags=["entity:hotel"]))
    place.wait_until_purged(1)
    assert place.worker.metric("invalidator_unreplicated_total") >= 1


def test_a_server_without_wait_is_counted_and_purged(place: Site) -> None:
    place.redis.acl_setuser("default", enabled=True, commands=["-wait"])
    key = place.put("GET /hotels", "old")
    place.publish(event("tag", tags=["entity:hotel"]))
    place.wait_until_purged(1)
    assert not place.kept(key)
    assert place.worker.metric("invalidator_unreplicated_total") >= 1


def test_redis_away_for_a_while_delays_and_loses_nothing(place: Site) -> None:
    key = place.put("GET /hotels", "old")
    place.primary.save()
    place.primary.kill()
    place.publish(event("tag", tags=["entity:hotel"]))
    place.wait_for("it was tried", lambda: place.worker.metric("invalidator_events_total", outcome="failed") > 0)
    assert place.worker.status("healthz") == 200
    assert place.worker.status("readyz") == 503
    place.primary.start()
    place.wait_until_purged(1)
    assert not place.kept(key)
