"""More than the worker bears, and its end: what is not done comes again, what is in hand is finished."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from sandbox.servers.invalidation import Site, envelope, event

MEMBERS = 10_000
HOTELS = event("tag", tags=["entity:hotel"])


@pytest.mark.parametrize("settings", [{"IN_HAND": "2"}], indirect=True)
def test_more_events_than_it_bears_are_told_to_come_again(place: Site) -> None:
    place.passage.hold()
    with ThreadPoolExecutor(2) as pool:
        in_hand = [pool.submit(place.post, envelope(HOTELS)) for _ in range(2)]
        place.wait_for("two are in hand", lambda: place.worker.metric("invalidator_in_hand") == 2)
        assert place.push(HOTELS, HOTELS, HOTELS) == [429, 429, 429]
        assert place.worker.status("healthz") == 200
        place.passage.release()
        assert [one.result().status_code for one in in_hand] == [204, 204]
    assert place.worker.metric("invalidator_events_total", outcome="turned_away") == 3


@pytest.mark.parametrize("settings", [{"IN_HAND": "1"}], indirect=True)
def test_what_was_turned_away_is_purged_in_the_end(place: Site) -> None:
    keys = [place.put("GET /hotels/{id}", "old", id=str(number)) for number in range(20)]
    place.passage.hold()
    place.publish(*(event("tag", tags=[f"entity:hotel:{number}"]) for number in range(20)))
    place.wait_for(
        "some are turned away", lambda: place.worker.metric("invalidator_events_total", outcome="turned_away") > 0
    )
    place.passage.release()
    place.wait_until_purged(20)
    assert [key for key in keys if place.kept(key)] == []


def test_told_to_end_it_finishes_what_is_in_hand_and_takes_nothing_more(place: Site) -> None:
    key = place.put("GET /hotels", "old")
    place.passage.hold()
    with ThreadPoolExecutor(1) as pool:
        in_hand = pool.submit(place.post, envelope(HOTELS))
        place.wait_for("it is in hand", lambda: place.worker.metric("invalidator_in_hand") == 1)
        place.worker.signal(signal.SIGTERM)
        place.wait_for("it takes nothing more", lambda: is_refused(place))
        place.passage.release()
        assert in_hand.result().status_code == 204
    assert place.worker.wait() == 0
    assert not place.kept(key)


@pytest.mark.parametrize("settings", [{"STOP_SECONDS": "1"}], indirect=True)
def test_told_to_end_it_does_not_wait_for_a_redis_that_is_away(place: Site) -> None:
    place.passage.hold()
    with ThreadPoolExecutor(1) as pool:
        in_hand = pool.submit(place.post, envelope(HOTELS))
        place.wait_for("it is in hand", lambda: place.worker.metric("invalidator_in_hand") == 1)
        assert place.worker.stop() == 0
        # It is no success, so that the event comes again.
        assert in_hand.result().status_code == 500
        place.passage.release()


def is_refused(place: Site) -> bool:
    try:
        return place.post(envelope(HOTELS)).status_code == 503
    except requests.ConnectionError:
        return True


def test_ten_thousand_entries_under_one_tag_go_in_steps(place: Site) -> None:
    keys = [f"cache:api:hotels.id:{number:064x}" for number in range(MEMBERS)]
    with place.redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.fcall("triptrip_cache_put", 1, key, "old", 60_000, place.cache.now(), "entity:hotel")
        assert set(pipe.execute()) == {1}
    before = calls(place)
    place.publish(HOTELS)
    place.wait_until_purged(1)
    assert place.redis.exists(*keys) == 0
    assert place.worker.metric("invalidator_keys_total") == MEMBERS
    # Each call deletes 500 at most, so that no bystander waits for all of them.
    assert calls(place) - before >= MEMBERS / 500


def calls(place: Site) -> int:
    told: Any = place.redis.info("commandstats")
    return int(told["cmdstat_fcall"]["calls"])


def test_many_events_at_once_are_one_purge(place: Site) -> None:
    ready = threading.Barrier(40)

    def push(_: int) -> int:
        ready.wait()
        return place.post(envelope(HOTELS)).status_code

    place.passage.hold()
    place_first = threading.Thread(target=place.post, args=(envelope(HOTELS),))
    place_first.start()
    place.wait_for("one is in hand", lambda: place.worker.metric("invalidator_in_hand") == 1)
    with ThreadPoolExecutor(40) as pool:
        answers = pool.map(push, range(40))
        place.wait_for("all are in hand", lambda: place.worker.metric("invalidator_in_hand") == 41)
        before = calls(place)
        place.passage.release()
        assert set(answers) == {204}
    place_first.join()
    # The second batch is the forty together; the sender's lock is a call too.
    assert calls(place) - before < 40


def test_what_is_no_push_is_refused(place: Site) -> None:
    for body in (b"", b"[]", b'{"message": {}}'):
        assert place.post(body).status_code == 400
    try:
        assert place.post(b"x" * (17 * 2**20)).status_code == 413
    except requests.ConnectionError:
        # The rest of a body that is too long is not read, which its sender may see first.
        assert place.worker.status("healthz") == 200
    assert place.worker.status("") == 405
