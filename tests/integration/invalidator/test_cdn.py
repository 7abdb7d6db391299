"""The CDN's API in trouble: purges wait in Redis, events do not."""

import pytest

from sandbox.api.faults import Fault, Kind
from sandbox.servers.invalidation import Site, event

PURGE = "compute.urlMaps.invalidateCache"
ONCE = {"CDN_SECOND_PURGE_SECONDS": "0"}


@pytest.mark.parametrize("settings", [ONCE], indirect=True)
@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.THROTTLED, Kind.CUT, Kind.LOST], ids=lambda kind: kind.name)
def test_a_purge_that_failed_is_sent_again_and_its_event_does_not_wait(place: Site, kind: Kind) -> None:
    place.cdn.api.faults.add(Fault(PURGE, kind, nth=1), Fault(PURGE, kind, nth=2))
    place.publish(event("tag", tags=["search:hotels"]))
    place.wait_until_purged(1)
    place.wait_until_nothing_waits()
    assert set(place.asked_of_the_cdn()) == {"search:hotels"}
    failed = "throttled" if kind is Kind.THROTTLED else "failed"
    assert place.worker.metric("invalidator_cdn_requests_total", outcome=failed) == 2
    assert place.worker.metric("invalidator_cdn_requests_total", outcome="purged") == 1


@pytest.mark.parametrize("settings", [ONCE], indirect=True)
def test_what_waits_is_told_and_gathered(place: Site) -> None:
    place.cdn.api.faults.add(Fault(PURGE, Kind.UNAVAILABLE, lasts=True))
    place.publish(event("tag", tags=["search:hotels"]))
    place.wait_for("it was tried", lambda: place.worker.metric("invalidator_cdn_requests_total", outcome="failed") > 0)
    place.publish(*(event("tag", tags=[f"entity:hotel:{number}", "search:hotels"]) for number in range(40)))
    place.wait_until_purged(41)
    place.wait_for("it is told", lambda: place.worker.metric("invalidator_edge_pending") == 42)
    assert place.worker.metric("invalidator_edge_oldest_seconds") > 0
    place.cdn.api.faults.clear()
    place.wait_until_nothing_waits()
    # One was being sent and is asked for again; the rest go by tens.
    assert len(place.compute.purges) <= 6
    assert set(place.asked_of_the_cdn()) == {"search:hotels", *(f"entity:hotel:{number}" for number in range(40))}


@pytest.mark.parametrize("settings", [{**ONCE, "CDN_URL_MAP": "", "CDN_PROJECT": ""}], indirect=True)
def test_without_a_cdn_nothing_waits_for_one(place: Site) -> None:
    key = place.put("GET /hotels", "old")
    place.publish(event("tag", tags=["entity:hotel"]))
    place.wait_until_purged(1)
    assert not place.kept(key)
    assert place.nothing_waits()
    assert place.compute.purges == []
