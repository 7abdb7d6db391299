"""Each fault that the document's own classes have and ours must not: the same question to both, and two answers."""

import random
from collections.abc import Callable, Iterator
from itertools import count
from random import Random
from typing import Any

import pytest
from redis import Redis

from sandbox.servers.redis import RedisServer
from services.cache import keys
from services.cache.client import Cache, Lock
from tests.integration.cache.database import Database
from tests.integration.cache.document import Document
from tests.integration.cache.watched import KilledError, killed_at, overtaken_at, watched

TAG = "entity:hotel:7"
FIRST, SECOND = "cache:api:hotels.id:first", "cache:api:hotels.id:second"
WINDOW_MS, LIMIT = 1_500, 5


@pytest.fixture(params=["document", "ours"])
def is_ours(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "ours")


def every_cut(server: RedisServer, program: Callable[[Redis], object]) -> Iterator[None]:
    """Run a program again and again, killed before each of its commands in turn, and last without being killed."""
    for position in count():
        try:
            with watched(server, killed_at(position)) as client:
                program(client)
        except KilledError:
            yield
        else:
            yield
            return


# A key without an expiry blocks a user until somebody gives it one: INCR and EXPIRE are two commands.


def test_a_rate_limit_that_is_cut_off_anywhere_still_ends(primary: RedisServer, redis: Any, is_ours: bool) -> None:
    def request(client: Redis) -> object:
        if is_ours:
            return Cache(client).rate_limit("u", "search", LIMIT, WINDOW_MS)
        return Document(client).check_rate_limit("u", "search", LIMIT, WINDOW_MS)

    endless = []
    for _ in every_cut(primary, request):
        endless += [key for key in redis.scan_iter("ratelimit:*") if redis.pttl(key) == -1]
        redis.flushdb()
    assert bool(endless) is not is_ours


def now_us(redis: Any) -> int:
    seconds, microseconds = redis.time()
    return int(seconds) * 1_000_000 + int(microseconds)


def admitted_in_any_window(redis: Any, request: Callable[[], bool]) -> int:
    """The most requests that one window admitted for certain, asked for around the end of the first."""
    redis.flushdb()
    admitted: list[tuple[int, int]] = []
    end = now_us(redis) + 2 * WINDOW_MS * 1_000

    def ask() -> None:
        """By the server's clock a request came after the first moment and before the second."""
        before = now_us(redis)
        if request():
            admitted.append((before, now_us(redis)))

    ask()
    [name] = redis.keys("ratelimit:*")
    while redis.pttl(name) > WINDOW_MS // 5:
        pass
    while len(admitted) < 2 * LIMIT - 1 and now_us(redis) < end:
        ask()
    return max(
        sum(first <= before and after < first + WINDOW_MS * 1_000 for before, after in admitted)
        for first, _ in admitted
    )


def test_a_rate_limit_holds_across_the_end_of_a_window(redis: Any, is_ours: bool) -> None:
    def request() -> bool:
        if is_ours:
            return Cache(redis).rate_limit("u", "search", LIMIT, WINDOW_MS).allowed
        return Document(redis).check_rate_limit("u", "search", LIMIT, WINDOW_MS)

    # A machine that is busy may miss the end of a window, and then sees nothing of it.
    found = any(admitted_in_any_window(redis, request) > LIMIT for _ in range(1 if is_ours else 5))
    assert found is not is_ours


# KEYS stops the server: its work, and that of one DEL, grows with everything that is there.


def test_a_pattern_is_purged_in_bounded_steps(redis: Any, is_ours: bool) -> None:
    entries, limit = 2_000, 100
    cache, as_of = Cache(redis), Cache(redis).now()
    for number in range(entries):
        cache.cache_put(f"cache:api:hotels:{number}", b"", 60_000, [], as_of)
    before = redis.info("commandstats").get("cmdstat_keys", {"calls": 0})["calls"]
    if is_ours:
        largest, cursor, purged = 0, 0, 0
        while True:
            step = cache.invalidate_pattern_step(cursor, "cache:api:hotels:*", cache.now(), limit)
            largest, cursor, purged = max(largest, step.deleted), step.cursor, purged + step.deleted
            if not cursor:
                break
    else:
        Document(redis).invalidate_pattern("cache:api:hotels:*")
        purged = largest = entries
    used_keys = redis.info("commandstats").get("cmdstat_keys", {"calls": 0})["calls"] - before
    assert redis.exists(*(f"cache:api:hotels:{number}" for number in range(entries))) == 0
    assert purged == entries
    # SCAN may overshoot by a bucket of its table.
    assert (used_keys == 0, largest <= 2 * limit) == (is_ours, is_ours)


# A tag's set is given the lifetime of whatever entry came last.


def test_a_tag_lives_an_hour_longer_than_each_of_its_entries(redis: Any, is_ours: bool) -> None:
    for key, ttl in ((FIRST, 3_600), (SECOND, 10)):
        if is_ours:
            assert Cache(redis).cache_put(key, b"", ttl * 1000, [TAG], Cache(redis).now())
        else:
            Document(redis).set_with_tags(key, "", ttl, [TAG])
    margin = redis.pttl(f"cache:tags:{TAG}") - redis.pttl(FIRST)
    # What passes between two commands is not a tenth of an hour.
    assert (margin > 3_600_000 * 0.9) is is_ours


# The set is deleted between reading its members and deleting them.


def test_an_entry_that_is_put_during_a_purge_is_found_by_the_next_one(
    primary: RedisServer, redis: Any, is_ours: bool
) -> None:
    lost = []
    for position in range(6):
        redis.flushdb()
        put(redis, FIRST, is_ours)
        with watched(primary, overtaken_at(position, lambda: put(redis, SECOND, is_ours))) as client:
            purge(client, is_ours)
        purge(redis, is_ours)
        lost += [key for key in (FIRST, SECOND) if redis.exists(key)]
    assert bool(lost) is not is_ours


def test_a_purge_that_is_cut_off_anywhere_is_finished_by_its_repetition(
    primary: RedisServer, redis: Any, is_ours: bool
) -> None:
    lost = []
    put(redis, FIRST, is_ours)
    for _ in every_cut(primary, lambda client: purge(client, is_ours)):
        purge(redis, is_ours)
        lost += [key for key in (FIRST,) if redis.exists(key)]
        redis.flushdb()
        put(redis, FIRST, is_ours)
    assert bool(lost) is not is_ours


def put(redis: Any, key: str, is_ours: bool) -> None:
    if is_ours:
        # As of far enough ahead of what was purged a moment ago; the server takes its own clock instead.
        Cache(redis).cache_put(key, b"", 60_000, [TAG], 2**53 - 1)
    else:
        Document(redis).set_with_tags(key, "", 60, [TAG])


def purge(redis: Any, is_ours: bool) -> None:
    if not is_ours:
        Document(redis).invalidate_by_tags([TAG])
        return
    while Cache(redis).invalidate_tag(TAG, Cache(redis).now(), 1).left:
        pass


# A hash of 32 bits lets one user read another's answer.


def test_no_user_reads_what_was_kept_for_another(redis: Any, is_ours: bool) -> None:
    one, other = "user-Aa", "user-BB"
    if is_ours:
        found = keys.entry("GET /users/me", user=one), keys.entry("GET /users/me", user=other)
        assert Cache(redis).cache_put(found[0].key, one.encode(), 60_000, found[0].tags, Cache(redis).now())
        answer: object = Cache(redis).cache_get(found[1].key).value
    else:
        document = Document(redis)
        document.cache_api_response("/users/me", {"user_id": one}, one, 60)
        answer = document.get_cached_api_response("/users/me", {"user_id": other})
    assert (answer is None) is is_ours


def test_two_searches_that_differ_within_a_parameter_have_two_keys(redis: Any, is_ours: bool) -> None:
    cities = ("Tokyo", "Osaka")
    if is_ours:
        found = {keys.entry("GET /search/hotels", query=[("filters", f"city:{city}")]).key for city in cities}
    else:
        # The list of allowed names holds for inner objects too, which lose every name that the outer one lacks.
        found = {Document(redis).api_key("/search/hotels", {"filters": {"city": city}}) for city in cities}
    assert (len(found) == len(cities)) is is_ours


# A lock's token is of a clock and Math.random(), and nothing refuses a holder whose time is over.


def test_one_holder_cannot_release_anothers_lock(redis: Any, is_ours: bool) -> None:
    # Two programs that came of one image of a process in the same millisecond.
    tokens = []
    for _ in range(2):
        random.seed(7)
        if is_ours:
            lock = Cache(redis).lock_acquire("hotel:7", ttl_ms=30_000)
            assert lock is not None
            tokens.append(lock.token)
        else:
            same = Random(7)  # noqa: S311 # it is the fault
            token = Document(redis, clock=lambda: 1_764_000_000_000, random=same).acquire_lock("hotel:7")
            assert token is not None
            tokens.append(token)
        # The first one's time is over before it lets go.
        if len(tokens) == 1:
            redis.delete("lock:hotel:7", keys.key("lock", resource="hotel:7"))
    if is_ours:
        released = Cache(redis).lock_release(Lock("hotel:7", tokens[0], 0))
    else:
        released = Document(redis).release_lock("hotel:7", tokens[0])
    assert released is not is_ours


def test_a_holder_whose_time_is_over_changes_nothing(redis: Any, is_ours: bool) -> None:
    guarded: dict[str, tuple[float, str]] = {"seen": (0, "")}

    def write(fence: float | None, who: str) -> None:
        """What the lock guards: it refuses a lower number than it has seen; without numbers it cannot refuse."""
        if fence is None or fence >= guarded["seen"][0]:
            guarded["seen"] = (fence or 0, who)

    def acquire() -> float | None:
        if is_ours:
            lock = Cache(redis).lock_acquire("hotel:7")
            assert lock is not None
            return lock.fence
        assert Document(redis).acquire_lock("hotel:7")
        return None

    first = acquire()
    redis.delete("lock:hotel:7", keys.key("lock", resource="hotel:7"))
    second = acquire()
    write(second, "second")
    write(first, "first")
    assert (guarded["seen"][1] == "second") is is_ours


# A purge that is published before the write is visible on the replica brings the stale value back.


@pytest.mark.parametrize("overtaking", ["the replica lags", "the reader is slow"])
def test_no_stale_answer_comes_back_after_a_purge(redis: Any, is_ours: bool, overtaking: str) -> None:
    cache, database = Cache(redis), Database(Cache(redis).now)
    database.write("old")
    database.replicate()
    if overtaking == "the reader is slow":
        read = database.read_primary()
        database.write("new")
        purge(redis, is_ours)
    else:
        database.write("new")
        purge(redis, is_ours)
        read = database.read_replica()
    if is_ours:
        assert not cache.cache_put(FIRST, read.value.encode(), 60_000, [TAG], read.as_of)
    else:
        Document(redis).set_with_tags(FIRST, read.value, 60, [TAG])
    database.replicate()
    kept = cache.cache_get(FIRST).value if is_ours else redis.get(FIRST)
    assert (kept != "old") is is_ours
