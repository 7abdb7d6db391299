"""Every function of the contract does what its row says, on a real Redis 7."""

from redis import Redis

from services.cache import contract, library
from services.cache.client import Cache


def test_the_version_tells_number_and_digest(cache: Cache) -> None:
    assert cache.version() == (contract.LIBRARY_VERSION, library.digest())


def test_a_session_is_read_written_and_ended(cache: Cache, redis: Redis) -> None:
    cache.session_start("s1", {"user": "7", "lang": "ja"})
    assert cache.session_touch("s1") == {"user": "7", "lang": "ja"}
    assert cache.session_write("s1", {"lang": "en"})
    assert cache.session_end("s1")
    assert not cache.session_write("s1", {"lang": "ja"})
    assert cache.session_touch("s1") is None
    assert redis.keys("session:*") == []


def test_put_get_and_invalidate(cache: Cache) -> None:
    as_of = cache.now()
    assert cache.cache_put("cache:api:hotels:1", b"one", 60_000, ["entity:hotel", "listing:hotels"], as_of)
    assert cache.cache_put("cache:api:hotels:2", b"two", 60_000, ["entity:hotel"], as_of)
    found = cache.cache_get("cache:api:hotels:1")
    assert (found.value, found.as_of) == (b"one", as_of - contract.CLOCK_SKEW_MS * 1000)
    assert cache.invalidate_tag("entity:hotel", cache.now(), 1).left == 1
    assert cache.cache_get("cache:api:hotels:1").value is None
    assert cache.cache_get("cache:api:hotels:2").value is None
    assert cache.invalidate_tag("entity:hotel", cache.now(), 1).left == 0
    assert not cache.cache_put("cache:api:hotels:1", b"one", 60_000, ["entity:hotel"], as_of)
    assert cache.cache_put("cache:api:hotels:1", b"one", 60_000, ["listing:hotels"], as_of)
    assert cache.invalidate_keys(["cache:api:hotels:1"], cache.now()) == 1
    assert not cache.cache_put("cache:api:hotels:1", b"one", 60_000, [], as_of)
    assert cache.cache_put("cache:api:hotels.id:3", b"one", 60_000, [], as_of)
    step = cache.invalidate_pattern_step(0, "cache:api:hotels.id:*", cache.now())
    assert (step.cursor, step.deleted) == (0, 1)
    assert not cache.cache_put("cache:api:hotels.id:3", b"one", 60_000, [], as_of)


def test_limits_locks_counters_and_boards(cache: Cache) -> None:
    assert [cache.rate_limit("u", "GET /hotels", 2).allowed for _ in range(3)] == [True, True, False]
    lock = cache.lock_acquire("hotel:1")
    assert lock is not None
    assert cache.lock_acquire("hotel:1") is None
    again = cache.lock_acquire("hotel:1", token=lock.token)
    assert again == lock
    assert cache.lock_renew(lock)
    assert cache.lock_release(lock)
    assert not cache.lock_release(lock)
    cache.count_view("hotel", "1", "v")
    cache.count_view("hotel", "1", "v")
    assert cache.views("hotel", "1") == 1
    cache.online_seen("u")
    assert cache.online_count() == 1
    cache.leaderboard_add("hotels", "2026-11", "a", 1.5)
    assert cache.leaderboard_add("hotels", "2026-11", "b", 3) == 3
    assert cache.leaderboard_top("hotels", "2026-11") == [("b", 3.0), ("a", 1.5)]
