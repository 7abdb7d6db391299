"""What was read before a change comes back to neither layer, however late, often or out of order its events come."""

import random
import threading
import time
from dataclasses import dataclass, field

import pytest

from sandbox.servers.invalidation import Site, event
from services.cache.client import Cache
from services.cache.keys import entry

HOTELS, CHANGES, READERS = 5, 60, 4
LEAST_LAG, LONGEST_LAG = 1.5, 2.0


def test_an_answer_read_before_the_change_is_not_kept_after_the_purge(place: Site) -> None:
    here = entry("GET /hotels/{id}", {"id": "7"})
    as_of = place.cache.cache_get(here.key).as_of
    place.publish(event("entity", entity="hotel", entityId="7"))
    place.wait_until_purged(1)
    assert not place.cache.cache_put(here.key, b"old", 60_000, here.tags, as_of)
    fresh = place.cache.cache_get(here.key).as_of
    place.wait_for(
        "an answer read later is kept",
        lambda: place.cache.cache_put(here.key, b"new", 60_000, here.tags, max(fresh, place.cache.now())),
    )


@pytest.mark.parametrize(
    ("settings", "shown"),
    [({"CDN_SECOND_PURGE_SECONDS": "0.5"}, "new"), ({"CDN_SECOND_PURGE_SECONDS": "0"}, "old")],
    indirect=["settings"],
    ids=["purged twice", "purged once"],
)
def test_what_a_lagging_replica_gave_the_cdn_goes_with_the_second_purge(place: Site, shown: str) -> None:
    tags = ("entity:hotel", "entity:hotel:7")
    place.show("/api/hotels/7", "old", *tags)
    place.publish(event("entity", entity="hotel", entityId="7"))
    place.wait_for("the first purge", lambda: bool(place.asked_of_the_cdn()))
    # A traveller comes at once, and the API reads what the replica still has.
    place.show("/api/hotels/7", "old", *tags)
    place.wait_until_nothing_waits()
    assert place.show("/api/hotels/7", "new", *tags) == shown


@dataclass
class Database:
    """Versions of hotels, and what a replica that lags answers."""

    changes: list[tuple[int, str, int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def change(self, hotel: str, moment: int) -> None:
        """A new version."""
        with self.lock:
            self.changes.append((moment, hotel, len(self.changes) + 1))

    def read(self, hotel: str, until: int) -> int:
        """The version as of a moment."""
        with self.lock:
            return max((version for at, one, version in self.changes if one == hotel and at <= until), default=0)


@pytest.mark.parametrize("seed", [1, 2])
def test_duplicates_and_any_order_leave_nothing_stale(place: Site, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 # the order of a test
    database, ended = Database(), threading.Event()
    readers = [threading.Thread(target=read, args=(place, database, ended, seed + number)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    events, published = [], 0
    for _ in range(CHANGES):
        hotel = str(chance.randrange(HOTELS))
        database.change(hotel, place.cache.now())
        events.append(event("entity", entity="hotel", entityId=hotel))
        if chance.random() < 0.3:  # some come together, the last first, and some of them again
            batch = [*events[-4:], *chance.sample(events, min(3, len(events)))]
            chance.shuffle(batch)
            place.publish(*batch)
            published += len(batch)
            events.clear()
    for hotel in map(str, range(HOTELS)):
        database.change(hotel, place.cache.now())
        events.append(event("entity", entity="hotel", entityId=hotel))
    place.publish(*events)
    place.wait_until_purged(published + len(events))
    # Replicas that still have what was before are read for as long as they may lag.
    until = place.cache.now() + round(LONGEST_LAG * 1e6)
    place.wait_for("replicas have followed", lambda: place.cache.now() > until)
    ended.set()
    for reader in readers:
        reader.join()
    stale = {}
    for hotel in map(str, range(HOTELS)):
        value = place.cache.cache_get(entry("GET /hotels/{id}", {"id": hotel}).key).value
        if value is not None and int(value) != database.read(hotel, place.cache.now()):
            stale[hotel] = value
    assert stale == {}


def read(place: Site, database: Database, ended: threading.Event, seed: int) -> None:
    """Answer requests as the API does: from the cache, or else from a replica, whose lag is known."""
    chance = random.Random(seed)  # noqa: S311 # as above
    with place.primary.client() as client:
        cache = Cache(client)
        while not ended.is_set():
            hotel = str(chance.randrange(HOTELS))
            here = entry("GET /hotels/{id}", {"id": hotel})
            found = cache.cache_get(here.key)
            if found.value is None:
                lag = chance.uniform(LEAST_LAG, LONGEST_LAG)
                as_of = found.as_of - round(lag * 1e6)
                version = database.read(hotel, as_of)
                # Between its query and its put a reader is overtaken: this is the race.
                time.sleep(chance.uniform(0, 0.05))
                cache.cache_put(here.key, str(version).encode(), 60_000, here.tags, as_of)
