"""Each kind of event, from the topic to Redis and to the edge."""

import json
from base64 import b64decode

import pytest

from sandbox.servers.invalidation import Site, event

SOON = {"CDN_SECOND_PURGE_SECONDS": "0.3"}


def test_an_entity_event_clears_what_shows_the_entity_in_both_layers(place: Site) -> None:
    gone = [place.put("GET /hotels/{id}", "old", id="7"), place.put("GET /hotels", "old")]
    searched = place.put("GET /search/hotels", "old")
    stays = [place.put("GET /products", "old"), place.put("GET /rooms/{id}/price", "old", id="7")]
    assert place.show("/api/hotels/7", "old", "entity:hotel", "entity:hotel:7") == "old"
    assert place.show("/api/products", "old", "entity:product", "listing:products") == "old"
    place.publish(event("entity", entity="hotel", entityId="7"))
    place.wait_until_purged(1)
    assert [key for key in (*gone, searched) if place.kept(key)] == []
    assert [key for key in stays if not place.kept(key)] == []
    place.wait_for("the CDN is asked", lambda: set(place.asked_of_the_cdn()) == {"entity:hotel", "search:hotels"})
    assert place.show("/api/hotels/7", "new", "entity:hotel", "entity:hotel:7") == "new"
    assert place.show("/api/products", "new", "entity:product", "listing:products") == "old"


def test_a_tag_event_clears_one_hotel_alone_and_the_keys_beside_it(place: Site) -> None:
    [seven, eight] = [place.put("GET /hotels/{id}", "old", id=number) for number in "78"]
    named = place.put("GET /attractions", "old")
    place.publish(event("tag", tags=["entity:hotel:7"], keys=[named]))
    place.wait_until_purged(1)
    assert [place.kept(key) for key in (seven, eight, named)] == [False, True, False]
    wanted = {"entity:hotel:7", "/api/attractions"}
    place.wait_for("the CDN is asked", lambda: set(place.asked_of_the_cdn()) == wanted)


def test_keys_and_paths_are_cleared_by_name(place: Site) -> None:
    key, other = place.put("GET /hotels/{id}", "old", id="7"), place.put("GET /hotels/{id}", "old", id="8")
    place.publish(event("single", keys=[key, "/api/pages/about"]))
    place.wait_until_purged(1)
    assert [place.kept(one) for one in (key, other)] == [False, True]
    # The CDN knows no key: every answer of its endpoint goes.
    wanted = {"/api/hotels/*", "/api/pages/about"}
    place.wait_for("the CDN is asked", lambda: set(place.asked_of_the_cdn()) == wanted)


def test_a_pattern_clears_what_matches_and_nothing_else(place: Site) -> None:
    hotels = [place.put("GET /hotels/{id}", "old", id=str(number)) for number in range(1200)]
    product = place.put("GET /products", "old")
    place.redis.set("session:1", "stays")
    place.publish(event("pattern", pattern="cache:api:hotels.id:*"))
    place.wait_until_purged(1)
    assert [key for key in hotels if place.redis.exists(key)] == []
    assert place.kept(product)
    assert place.redis.get("session:1") == "stays"
    place.wait_for("the CDN is asked", lambda: place.asked_of_the_cdn() == ["/api/hotels/*"])


@pytest.mark.parametrize("settings", [SOON], indirect=True)
def test_the_cdn_is_asked_again_when_replicas_must_have_followed(place: Site) -> None:
    place.publish(event("tag", tags=["search:hotels", "user:bookings"]))
    place.wait_until_purged(1)
    place.wait_for("the second purge", lambda: len(place.asked_of_the_cdn()) == 2)
    place.wait_until_nothing_waits()
    # Twice and no more; what no answer at the edge carries is not asked for.
    assert place.asked_of_the_cdn() == ["search:hotels", "search:hotels"]


ATTRIBUTES = {"reason", "detail", "messageId", "publishTime"}
POISON = {
    "nothing-named": event("entity", entity="hotel"),
    "not-cached": event("single", keys=["session:1"]),
    "bad-pattern": event("pattern", pattern="*"),
    "bad-path": event("pattern", pattern="/api/*/rooms"),
    "bad-tag": event("tag", tags=["a,b"]),
}


def test_what_can_never_be_purged_is_put_aside_with_its_reason(place: Site) -> None:
    place.redis.set("session:1", "stays")
    place.publish(*POISON.values())
    letters = place.await_dead_letters(len(POISON))
    assert {letter["attributes"]["reason"]: json.loads(b64decode(letter["data"])) for letter in letters} == POISON
    # What begins with goog is Pub/Sub's own: it refuses messages of others with it, which the emulator does not.
    assert {name for letter in letters for name in letter["attributes"]} == ATTRIBUTES
    assert place.redis.get("session:1") == "stays"
    for reason in POISON:
        assert place.worker.metric("invalidator_dead_letters_total", reason=reason) == 1
    assert place.worker.metric("invalidator_events_total", outcome="put_aside") == len(POISON)
    assert place.purged() == 0


@pytest.mark.parametrize("settings", [{"PUBSUB_API": "http://127.0.0.1:9"}], indirect=True)
def test_what_cannot_be_put_aside_is_not_acknowledged(place: Site) -> None:
    assert place.push(event("tag")) == [503]
    assert place.worker.metric("invalidator_events_total") == 0
    assert place.worker.metric("invalidator_dead_letters_total") == 0
