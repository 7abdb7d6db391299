"""What holds when the memory is full: what makes room still runs, and what was evicted is missed and never stale."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import OutOfMemoryError

from services.cache.client import Cache

LATER = 2**53 - 1


@pytest.fixture
def redis(redis: Any) -> Iterator[Any]:
    """A primary whose memory a test may bound."""
    yield redis
    redis.config_set("maxmemory", 0)
    redis.config_set("maxmemory-policy", "allkeys-lru")


def test_invalidation_and_release_run_in_a_full_memory_and_nothing_else_does(cache: Cache, redis: Any) -> None:
    as_of = cache.now()
    for number in range(3):
        assert cache.cache_put(f"cache:api:hotels:{number}", b"", 60_000, ["listing:hotels"], as_of)
    lock = cache.lock_acquire("hotel:1")
    assert lock is not None
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", 1)
    with pytest.raises(OutOfMemoryError):
        cache.cache_put("cache:api:hotels:9", b"", 60_000, [], LATER)
    with pytest.raises(OutOfMemoryError):
        cache.rate_limit("u", "search", 5)
    assert cache.invalidate_keys(["cache:api:hotels:0"], LATER) == 1
    assert cache.invalidate_pattern_step(0, "cache:api:hotels:1", LATER).deleted == 1
    assert cache.invalidate_tag("listing:hotels", LATER).deleted == 1
    assert cache.lock_release(lock)


def test_nothing_stale_is_answered_whatever_was_evicted(cache: Cache, redis: Any) -> None:
    """Entries with long values beside small sets of tags, in a memory that holds a part of them."""
    as_of, tags = cache.now(), [f"entity:hotel:{number}" for number in range(200)]
    redis.config_set("maxmemory", int(redis.info("memory")["used_memory"]) + 3_000_000)
    for number in range(4_000):
        cache.cache_put(f"cache:api:hotels:{number}", b"x" * 1_500, 600_000, [tags[number % 200]], as_of)
    assert redis.info("stats")["evicted_keys"] > 0
    for number in range(200):
        cache.invalidate_tag(tags[number], LATER)
    # The moments of invalidation are evicted before an old entry is asked for, as if LRU had taken the wrong ones.
    for key in redis.scan_iter("cache:stale:*"):
        redis.delete(key)
    left = [f"cache:api:hotels:{number}" for number in range(4_000)]
    assert [key for key in left if cache.cache_get(key).value is not None] == []
    # Sets go rarely, since each put uses them: one more entry outlives its set for certain.
    redis.config_set("maxmemory", 0)
    assert cache.cache_put("cache:api:hotels:x", b"", 600_000, ["entity:hotel:x"], LATER)
    redis.delete("cache:tags:entity:hotel:x")
    cache.invalidate_tag("entity:hotel:x", LATER)
    redis.delete("cache:stale:tag:entity:hotel:x")
    assert redis.exists("cache:api:hotels:x")
    assert cache.cache_get("cache:api:hotels:x").value is None
