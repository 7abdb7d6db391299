"""Two workers over one Redis: one talks to the CDN, and the other goes on when it is gone."""

import signal

import pytest

from sandbox.api.faults import Fault, Kind
from sandbox.servers.invalidation import Site, envelope, event
from sandbox.servers.invalidator import Invalidator
from sandbox.servers.passage import Fate
from tests.integration.conftest import group

PURGE = "compute.urlMaps.invalidateCache"
ONCE = {"CDN_SECOND_PURGE_SECONDS": "0"}
HOTELS = range(30)
_LOOKS = 3


@pytest.fixture
def other(place: Site) -> Invalidator:
    made = Invalidator(place.workspace, group("redis"), place.worker.environment, "other")
    made.start()
    return made


@pytest.mark.parametrize("settings", [ONCE], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_other_worker_sends_what_one_has_left(place: Site, other: Invalidator, number: signal.Signals) -> None:
    place.cdn.api.faults.add(Fault(PURGE, Kind.UNAVAILABLE, lasts=True))
    wanted = {f"entity:hotel:{hotel}" for hotel in HOTELS}
    assert set(place.push(*(event("tag", tags=[tag]) for tag in wanted))) == {204}
    place.worker.signal(number)
    place.worker.wait()
    place.cdn.api.faults.clear()
    place.wait_for("the CDN has all", lambda: set(place.asked_of_the_cdn()) == wanted)
    assert other.status("readyz") == 200


@pytest.mark.parametrize("settings", [ONCE], indirect=True)
def test_who_does_not_hold_the_lock_sends_nothing(place: Site, other: Invalidator) -> None:
    for worker in (place.worker, other):
        worker.stop()
    lock = place.cache.lock_acquire("edge-purge")
    assert lock is not None
    other.start()
    looked: list[bytes] = []

    def watch(data: bytes) -> Fate:
        if b"triptrip_lock_acquire" in data:
            looked.append(data)
        return Fate.PASSED

    place.passage.watch = watch
    assert place.post(envelope(event("tag", tags=["search:hotels"])), other).status_code == 204
    before = len(looked)
    place.wait_for("it has looked", lambda: place.cache.lock_renew(lock) and len(looked) > before + _LOOKS)
    assert place.asked_of_the_cdn() == []
    place.cache.lock_release(lock)
    place.wait_for("the CDN has it", lambda: place.asked_of_the_cdn() == ["search:hotels"])
