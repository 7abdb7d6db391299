"""What holds however many programs use the cache at once."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock as Mutex

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from sandbox.servers.redis import RedisServer
from services.cache.client import Cache

PROGRAMS = 8
LATER = 2**53 - 1
few = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def at_once(work: Callable[[int], None], programs: int = PROGRAMS) -> None:
    """Do the work in so many threads, numbered; the first failure fails the test."""
    with ThreadPoolExecutor(programs) as pool:
        for done in [pool.submit(work, number) for number in range(programs)]:
            done.result()


@few
@given(limit=st.integers(1, 60), each=st.integers(1, 15))
def test_a_limit_admits_exactly_what_it_may(redis: Redis, limit: int, each: int) -> None:
    redis.flushdb()
    cache, mutex, admitted = Cache(redis), Mutex(), []

    def work(_: int) -> None:
        for _ in range(each):
            budget = cache.rate_limit("u", "search", limit)
            with mutex:
                admitted.append(budget.allowed)

    at_once(work)
    assert sum(admitted) == min(limit, PROGRAMS * each)


@few
@given(limit=st.integers(1, 12), window_ms=st.integers(5, 40))
def test_no_window_admits_more_than_its_limit(redis: Redis, limit: int, window_ms: int) -> None:
    redis.flushdb()
    mutex, moments = Mutex(), []

    def work(_: int) -> None:
        for _ in range(60):
            pipe = redis.pipeline(transaction=True)
            pipe.fcall("triptrip_rate_limit", 1, "ratelimit:u:search", str(limit), str(window_ms))
            pipe.lindex("ratelimit:u:search", -1)
            (allowed, _, _), newest = pipe.execute()
            if allowed:
                with mutex:
                    moments.append(int(newest))

    at_once(work)
    moments.sort()
    assert len(moments) >= limit
    for first, beyond in zip(moments, moments[limit:], strict=False):
        assert beyond - first >= window_ms * 1000


def test_a_lock_has_one_holder(redis: Redis) -> None:
    cache, mutex, inside, most, held = Cache(redis), Mutex(), 0, 0, 0

    def work(_: int) -> None:
        nonlocal inside, most, held
        for _ in range(60):
            lock = cache.lock_acquire("hotel:1")
            if lock is None:
                continue
            with mutex:
                inside, held = inside + 1, held + 1
                most = max(most, inside)
            with mutex:
                inside -= 1
            assert cache.lock_release(lock)

    at_once(work)
    assert (most, held > 0) == (1, True)


@few
@given(ttl_ms=st.integers(1, 4))
def test_no_two_acquisitions_have_one_fencing_number(redis: Redis, ttl_ms: int) -> None:
    """Times that end at once: holders lose their locks while they work, and others take them."""
    redis.flushdb()
    cache, mutex, clock = Cache(redis), Mutex(), 0
    taken: list[tuple[int, int, int]] = []

    def tick() -> int:
        nonlocal clock
        with mutex:
            clock += 1
            return clock

    def work(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 # a test's own dice
        for _ in range(60):
            begun = tick()
            lock = cache.lock_acquire("hotel:1", ttl_ms)
            if lock is not None:
                taken.append((begun, tick(), lock.fence))
                if chance.random() < 0.5:
                    cache.lock_release(lock)

    at_once(work)
    fences = [fence for _, _, fence in taken]
    assert len(set(fences)) == len(fences)
    for begun, _, fence in taken:
        assert all(earlier < fence for _, ended, earlier in taken if ended < begun)


@pytest.mark.parametrize("lost", ["evicted", "failed over"])
def test_fencing_numbers_grow_when_the_last_one_is_lost(
    primary: RedisServer, replica: RedisServer, redis: Redis, lost: str
) -> None:
    first = Cache(redis).lock_acquire("hotel:1")
    assert first is not None
    if lost == "evicted":
        redis.flushdb()
        following = Cache(redis).lock_acquire("hotel:1")
    else:
        redis.wait(1, 10_000)
        replica.promote()
        try:
            # Nobody has told the replica of this one.
            redis.delete("lock:hotel%3A1")
            first = Cache(redis).lock_acquire("hotel:1")
            with replica.client() as promoted:
                promoted.delete("lock:hotel%3A1")
                following = Cache(promoted).lock_acquire("hotel:1")
        finally:
            replica.follow(primary)
            replica.wait_until_it_follows()
    assert first is not None
    assert following is not None
    assert following.fence > first.fence


def test_a_session_that_has_ended_stays_so(redis: Redis) -> None:
    cache = Cache(redis)
    for session in map(str, range(20)):
        cache.session_start(session, {"user": "7"})

        def work(number: int, session: str = session) -> None:
            if number == 0:
                cache.session_end(session)
            else:
                cache.session_write(session, {"page": str(number)})
                cache.session_touch(session)

        at_once(work, 4)
    assert redis.keys("session:*") == []


def test_counters_are_right_within_the_error_of_a_hyperloglog(redis: Redis) -> None:
    cache, viewers = Cache(redis), 6_000

    def work(number: int) -> None:
        # Neighbours have half of their viewers in common.
        for viewer in range(number * viewers // PROGRAMS, (number + 2) * viewers // PROGRAMS):
            name = f"viewer-{viewer % viewers}"
            cache.count_view("hotel", "1", name)
            cache.online_seen(name)

    at_once(work)
    # Three times the standard error of 0.81 %.
    assert abs(cache.views("hotel", "1") - viewers) <= viewers * 0.0243
    assert abs(cache.online_count(60) - viewers) <= viewers * 0.0243


@few
@given(scores=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 1_000)), min_size=1, max_size=30))
def test_a_leaderboard_has_every_score(redis: Redis, scores: list[tuple[str, int]]) -> None:
    redis.flushdb()
    cache = Cache(redis)

    def work(_: int) -> None:
        for member, score in scores:
            cache.leaderboard_add("hotels", "2026-W48", member, score)

    at_once(work, 4)
    sums: dict[str, float] = {}
    for member, score in scores:
        sums[member] = sums.get(member, 0) + 4 * score
    assert dict(cache.leaderboard_top("hotels", "2026-W48")) == sums
    assert [score for _, score in cache.leaderboard_top("hotels", "2026-W48")] == sorted(sums.values(), reverse=True)


@pytest.mark.parametrize("by", ["tag", "pattern"])
def test_ten_thousand_entries_go_in_steps_while_others_are_kept(redis: Redis, by: str) -> None:
    """Readers put old and new answers throughout; once the purge has begun, no old one is answered."""
    cache, entries, limit = Cache(redis), 10_000, 500
    as_of = cache.now()

    def fill(number: int) -> None:
        for entry in range(number, entries, PROGRAMS):
            assert cache.cache_put(f"cache:api:hotels:{entry}", b"old", 600_000, ["listing:hotels"], as_of)
        assert cache.cache_put(f"cache:api:products:{number}", b"other", 600_000, ["listing:products"], as_of)

    at_once(fill)
    largest = 0

    def purge() -> None:
        nonlocal largest
        cursor = 0
        while True:
            if by == "tag":
                purged = cache.invalidate_tag("listing:hotels", LATER, limit)
                largest, more = max(largest, purged.deleted), purged.left > 0
            else:
                step = cache.invalidate_pattern_step(cursor, "cache:api:hotels:*", LATER, limit)
                cursor, largest, more = step.cursor, max(largest, step.deleted), step.cursor > 0
            if not more:
                return

    def work(number: int) -> None:
        if number == 0:
            purge()
            return
        for entry in range(number, 2_000, PROGRAMS):
            cache.cache_put(f"cache:api:hotels:{entry}", b"old", 600_000, ["listing:hotels"], as_of)
            cache.cache_get(f"cache:api:products:{number}")

    at_once(work)
    assert [key for key in redis.scan_iter("cache:api:hotels:*", 1_000) if cache.cache_get(key).value] == []
    assert all(cache.cache_get(f"cache:api:products:{number}").value == b"other" for number in range(PROGRAMS))
    # SCAN may overshoot by a bucket of its table.
    assert 0 < largest <= (limit if by == "tag" else 2 * limit)


def test_the_library_outlives_a_crash(primary: RedisServer, redis: Redis) -> None:
    Cache(redis).session_start("s1", {"user": "7"})
    version = Cache(redis).version()
    primary.save()
    primary.kill()
    primary.start()
    with primary.client() as client:
        assert Cache(client).version() == version
        assert Cache(client).session_touch("s1") == {"user": "7"}
