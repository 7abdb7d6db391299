"""Every function of the contract does what its row says: on Redis, on Valkey, and with Memorystore's commands alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import ReadOnlyError, ResponseError

from sandbox.servers.redis import BlockingServer, RedisServer
from sandbox.servers.workspace import Workspace
from services.cache import contract, library
from services.cache.client import Cache, LibraryMissingError
from tests.integration.conftest import group

HOTEL = "cache:api:hotels.id:1"
LATER = 2**53 - 1
"""A moment that the server takes its own clock for."""


@pytest.fixture(scope="module")
def blocking(module_workspace: Workspace) -> RedisServer:
    made = BlockingServer(module_workspace, group("redis"), "blocking")
    made.start()
    return made


@pytest.fixture(params=["free", "as Memorystore blocks"])
def redis(request: pytest.FixtureRequest, primary: RedisServer, blocking: RedisServer) -> Iterator[Any]:
    with (primary if request.param == "free" else blocking).client() as client:
        client.flushall()
        client.function_load(library.text(), replace=True)
        yield client


def test_the_version_tells_number_and_digest(cache: Cache, redis: Any) -> None:
    assert cache.version() == (contract.LIBRARY_VERSION, library.digest())
    redis.function_flush()
    with pytest.raises(LibraryMissingError, match="schema apply redis"):
        cache.version()


def test_a_session_lives_from_its_start_to_its_end(cache: Cache, redis: Any) -> None:
    cache.session_start("s1", {"user": "7", "lang": "ja"})
    redis.pexpire("session:s1", 1_000)
    assert cache.session_touch("s1") == {"user": "7", "lang": "ja"}
    assert redis.pttl("session:s1") > contract.SESSION_MS // 2
    assert cache.session_write("s1", {"lang": "en"})
    assert cache.session_end("s1")
    assert not cache.session_write("s1", {"lang": "ja"})
    assert cache.session_touch("s1") is None
    assert redis.dbsize() == 0


def test_a_session_takes_no_more_fields_than_its_bound(cache: Cache) -> None:
    whole = {str(number): "" for number in range(64)}
    cache.session_start("s1", whole)
    cache.session_start("s1", {"63": "again"})
    with pytest.raises(ResponseError, match='the number of fields is "65"; allowed: 64 at most'):
        cache.session_start("s1", {"64": ""})
    assert cache.session_touch("s1") == {**whole, "63": "again"}


def test_a_limit_tells_what_remains_and_until_when(cache: Cache, redis: Any) -> None:
    answers = [cache.rate_limit("u", "GET /hotels", 2) for _ in range(4)]
    assert [answer.allowed for answer in answers] == [True, True, False, False]
    assert [answer.remaining for answer in answers] == [1, 0, 0, 0]
    assert all(0 < answer.reset_ms <= contract.RATE_LIMIT_MS for answer in answers)
    assert cache.rate_limit("u", "GET /products", 1).allowed
    assert cache.rate_limit("other", "GET /hotels", 1).allowed
    # Denied requests are not counted.
    assert redis.llen("ratelimit:u:GET%20%2Fhotels") == 2


def test_a_limit_holds_when_the_clock_is_set_back(cache: Cache, redis: Any) -> None:
    """As after a failover to a server whose clock is behind."""
    ahead = cache.now() + 20_000_000
    redis.rpush("ratelimit:u:search", str(ahead))
    assert [cache.rate_limit("u", "search", 2).allowed for _ in range(2)] == [True, False]
    moments = [int(moment) for moment in redis.lrange("ratelimit:u:search", 0, -1)]
    assert moments == sorted(moments)


def test_a_lock_is_taken_renewed_released_and_asked_for_again(cache: Cache, redis: Any) -> None:
    lock = cache.lock_acquire("hotel:1", ttl_ms=10_000)
    assert lock is not None
    assert cache.lock_acquire("hotel:1") is None
    assert cache.lock_acquire("hotel:1", token=lock.token) == lock
    assert cache.lock_renew(lock, ttl_ms=30_000)
    assert redis.pttl("lock:hotel%3A1") > 10_000
    assert cache.lock_release(lock)
    assert not cache.lock_release(lock)
    assert not cache.lock_renew(lock)
    following = cache.lock_acquire("hotel:1")
    assert following is not None
    assert following.fence > lock.fence
    # Evicted, the number goes on all the same.
    redis.flushdb()
    evicted = cache.lock_acquire("hotel:1")
    assert evicted is not None
    assert evicted.fence > following.fence


def test_counters_and_leaderboards(cache: Cache, redis: Any) -> None:
    for viewer in ("a", "b", "a"):
        cache.count_view("hotel", "1", viewer)
        cache.online_seen(viewer)
    assert (cache.views("hotel", "1"), cache.online_count(), cache.views("hotel", "2")) == (2, 2, 0)
    assert cache.leaderboard_add("hotels", "2026-11", "a", 1.5) == 1.5
    assert cache.leaderboard_add("hotels", "2026-11", "b", 1) == 1
    assert cache.leaderboard_add("hotels", "2026-11", "b", 2) == 3
    assert cache.leaderboard_top("hotels", "2026-11") == [("b", 3.0), ("a", 1.5)]
    assert cache.leaderboard_top("hotels", "2026-11", 1) == [("b", 3.0)]
    with pytest.raises(ValueError, match="write it as 2026-11-27, 2026-W48, 2026-11"):
        cache.leaderboard_add("hotels", "November", "a", 1)
    assert all(redis.pttl(key) > 0 for key in redis.scan_iter())


def test_users_of_earlier_minutes_count_as_far_back_as_is_asked(cache: Cache, redis: Any) -> None:
    ten_minutes_ago = cache.now() // 60_000_000 - 10
    redis.pfadd(f"counter:online:users:{ten_minutes_ago}", "earlier")
    cache.online_seen("now")
    assert (cache.online_count(5), cache.online_count(60)) == (1, 2)


def test_the_lowest_members_leave_a_full_leaderboard(cache: Cache, redis: Any) -> None:
    bound = "leaderboard_members = 100000,"
    assert bound in library.text()
    redis.function_load(library.text().replace(bound, "leaderboard_members = 2,"), replace=True)
    for score, member in enumerate("abcd"):
        cache.leaderboard_add("hotels", "2026-11", member, score)
    assert cache.leaderboard_top("hotels", "2026-11") == [("d", 3.0), ("c", 2.0)]


def test_an_entry_is_kept_with_its_moment_and_tags(cache: Cache, redis: Any) -> None:
    missed = cache.cache_get(HOTEL)
    assert (missed.value, missed.left_ms) == (None, 0)
    assert cache.cache_put(HOTEL, b"line 1\nline 2", 60_000, ["entity:hotel", "entity:hotel:1"], missed.as_of)
    found = cache.cache_get(HOTEL)
    assert (found.value, found.as_of) == (b"line 1\nline 2", missed.as_of - contract.CLOCK_SKEW_MS * 1000)
    assert 0 < found.left_ms <= 60_000
    assert redis.zrange("cache:tags:entity:hotel:1", 0, -1) == [HOTEL]
    assert cache.cache_put("cache:api:hotels:2", b"", 60_000, [], missed.as_of)
    assert cache.cache_get("cache:api:hotels:2").value == b""


@pytest.mark.parametrize("by", ["key", "tag", "pattern"])
def test_what_was_read_before_an_invalidation_is_neither_answered_nor_kept(cache: Cache, redis: Any, by: str) -> None:
    as_of = cache.now()
    assert cache.cache_put(HOTEL, b"old", 60_000, ["entity:hotel:1"], as_of)
    content, tagged = redis.get(HOTEL), redis.zrange("cache:tags:entity:hotel:1", 0, -1, withscores=True)
    if by == "key":
        assert cache.invalidate_keys([HOTEL], LATER) == 1
    elif by == "tag":
        assert cache.invalidate_tag("entity:hotel:1", LATER).deleted == 1
    else:
        assert cache.invalidate_pattern_step(0, "cache:api:hotels.id:*", LATER).deleted == 1
    assert not redis.exists(HOTEL)
    assert not cache.cache_put(HOTEL, b"old", 60_000, ["entity:hotel:1"], as_of)
    # Were it still there, as while ten thousand others are deleted first, it would not be answered either.
    redis.set(HOTEL, str(content), px=60_000)
    redis.zadd("cache:tags:entity:hotel:1", {str(key): score for key, score in tagged})
    assert cache.cache_get(HOTEL).value is None
    # Another entry is as it was.
    assert cache.cache_put("cache:api:products:1", b"", 60_000, ["entity:product"], as_of)


def test_an_earlier_or_repeated_event_takes_nothing_back(cache: Cache, redis: Any) -> None:
    moment = cache.now()
    cache.invalidate_tag("entity:hotel:1", moment)
    cache.invalidate_tag("entity:hotel:1", moment - 60_000_000)
    assert redis.get("cache:stale:tag:entity:hotel:1") == str(moment)
    cache.invalidate_keys([HOTEL], moment)
    cache.invalidate_keys([HOTEL], 0)
    assert redis.get(f"cache:stale:key:{HOTEL}") == str(moment)
    cache.invalidate_pattern_step(0, "cache:api:*", moment)
    cache.invalidate_pattern_step(0, "cache:api:*", moment - 1)
    assert redis.zrange("cache:stale:pattern", 0, -1, withscores=True) == [("cache:api:*", moment)]


def test_what_was_read_at_the_moment_of_a_change_may_be_stale(cache: Cache) -> None:
    moment = cache.now() - 1_000_000
    skew = contract.CLOCK_SKEW_MS * 1000
    cache.invalidate_tag("entity:hotel:1", moment)
    assert not cache.cache_put(HOTEL, b"", 60_000, ["entity:hotel:1"], moment + skew)
    assert cache.cache_put(HOTEL, b"", 60_000, ["entity:hotel:1"], moment + skew + 1)


def test_a_moment_in_the_future_counts_as_now(cache: Cache, redis: Any) -> None:
    cache.invalidate_keys([HOTEL], LATER)
    cache.invalidate_tag("entity:hotel:1", LATER)
    cache.invalidate_pattern_step(0, "cache:api:hotels.id:*", LATER)
    [(_, of_pattern)] = redis.zrange("cache:stale:pattern", 0, -1, withscores=True)
    moments = [int(redis.get(f"cache:stale:{what}")) for what in (f"key:{HOTEL}", "tag:entity:hotel:1")]
    assert max(*moments, of_pattern) <= cache.now()


def test_an_entry_whose_tag_was_evicted_is_a_miss(cache: Cache, redis: Any) -> None:
    assert cache.cache_put(HOTEL, b"", 60_000, ["entity:hotel", "entity:hotel:1"], LATER)
    redis.delete("cache:tags:entity:hotel")
    assert cache.cache_get(HOTEL).value is None


def test_what_is_too_old_to_tell_is_not_kept(cache: Cache) -> None:
    now = cache.now()
    assert not cache.cache_put(HOTEL, b"", 60_000, [], now - contract.TOMBSTONE_MS * 1000)
    assert cache.cache_put(HOTEL, b"", 60_000, [], now - contract.TOMBSTONE_MS * 500)


def test_expired_entries_leave_their_tags(cache: Cache, redis: Any) -> None:
    for number in range(20):
        assert cache.cache_put(f"cache:api:hotels:{number}", b"", 1, ["listing:hotels"], LATER)
    assert cache.cache_put("cache:api:hotels:long", b"", 60_000, ["listing:hotels"], LATER)
    while redis.exists("cache:api:hotels:19"):
        pass
    for number in range(3):
        assert cache.cache_put("cache:api:hotels:long", b"", 60_000, ["listing:hotels"], LATER), number
    assert redis.zrange("cache:tags:listing:hotels", 0, -1) == ["cache:api:hotels:long"]


def test_a_pattern_is_remembered_no_longer_than_it_says_something(cache: Cache, redis: Any) -> None:
    redis.zadd("cache:stale:pattern", {"cache:api:old:*": cache.now() - contract.TOMBSTONE_MS * 1_000 - 1})
    cache.invalidate_pattern_step(0, "cache:api:new:*", LATER)
    assert redis.zrange("cache:stale:pattern", 0, -1) == ["cache:api:new:*"]


def test_many_patterns_become_one_that_takes_everything(cache: Cache, redis: Any) -> None:
    assert cache.cache_put("cache:api:products:1", b"", 60_000, [], LATER)
    for number in range(257):
        cache.invalidate_pattern_step(0, f"cache:api:hotels.id:{number}*", LATER)
    assert redis.zrange("cache:stale:pattern", 0, -1) == ["cache:api:*"]
    assert cache.cache_get("cache:api:products:1").value is None


@pytest.mark.parametrize(
    "pattern", ["session:*", "*", "cache:tags:*", "cache:api:[ab]*", "cache:api:?", "cache:api:\\*"]
)
def test_a_pattern_reaches_entries_alone(cache: Cache, redis: Any, pattern: str) -> None:
    cache.session_start("s1", {"user": "7"})
    with pytest.raises(ResponseError, match="allowed: cache:api:"):
        cache.invalidate_pattern_step(0, pattern, LATER)
    with pytest.raises(ResponseError, match=r"a key is .*allowed: cache:api:…"):
        cache.invalidate_keys(["session:s1"], LATER)
    assert redis.keys() == ["session:s1"]


@pytest.mark.parametrize(
    ("name", "keys", "arguments", "told"),
    [
        ("rate_limit", ["k"], [0, 1000], 'limit is "0"; allowed: a whole number from 1 to 10000'),
        ("rate_limit", ["k"], [1, 1.5], 'window_ms is "1.5"; allowed: a whole number from 1 to 60000'),
        ("rate_limit", ["k"], [1, "nan"], 'window_ms is "nan"'),
        ("rate_limit", [], [1, 1000], 'the number of keys is "0"; allowed: 1'),
        ("rate_limit", ["k"], [1], 'the number of arguments is "1"; allowed: 2'),
        ("rate_limit", ["k"], [1, 1000, 3], 'the number of arguments is "3"; allowed: 2'),
        ("lock_acquire", ["k", "f"], ["short", 1000], 'token, its length in bytes, is "5"; allowed: 16 to 128'),
        ("lock_acquire", ["k", "f"], ["x" * 16, 30_001], 'lifetime_ms is "30001"'),
        ("leaderboard_add", ["k"], ["m", "inf", 1000], 'score is "inf"; allowed: a number'),
        ("cache_put", ["other:1"], ["", 1000, 0], 'the key is "other:1"; allowed: cache:api:…'),
        ("cache_put", [HOTEL], ["", 3_600_001, 0], 'lifetime_ms is "3600001"'),
        ("cache_put", [HOTEL], ["", 1000, 0, "two tags"], 'a tag is "two tags"; allowed: no blank'),
        ("cache_put", [HOTEL], ["", 1000], 'the number of arguments is "2"; allowed: 3 or more'),
        ("session_write", ["s"], [1000, 1, "name"], 'the number of fields and values is "1"; allowed: pairs'),
        ("invalidate_keys", [], [0], 'the number of keys is "0"; allowed: 1 or more'),
        ("invalidate_keys", [HOTEL] * 501, [0], 'the number of keys is "501"; allowed: 500 at most'),
    ],
)
def test_a_call_against_its_signature_changes_nothing_and_says_what_is_allowed(
    redis: Any, name: str, keys: list[str], arguments: list[object], told: str
) -> None:
    with pytest.raises(ResponseError) as refused:
        redis.fcall(f"triptrip_{name}", len(keys), *keys, *arguments)
    assert f"triptrip_{name}: {told}" in str(refused.value)
    assert redis.dbsize() == 0


def test_a_replica_answers_what_is_read_and_nothing_else(primary: RedisServer, replica: RedisServer) -> None:
    with primary.client() as writer, replica.client() as reader:
        writer.flushall()
        writer.function_load(library.text(), replace=True)
        both = Cache(writer, reader)
        assert both.cache_put(HOTEL, b"value", 60_000, ["entity:hotel"], LATER)
        both.count_view("hotel", "1", "v")
        both.leaderboard_add("hotels", "2026-11", "a", 1)
        assert both.wait(1, 10_000) == 1
        assert both.version() == (contract.LIBRARY_VERSION, library.digest())
        assert both.cache_get(HOTEL).value == b"value"
        assert both.views("hotel", "1") == 1
        assert both.leaderboard_top("hotels", "2026-11") == [("a", 1.0)]
        both.invalidate_tag("entity:hotel", LATER)
        assert both.wait(1, 10_000) == 1
        assert both.cache_get(HOTEL).value is None
        with pytest.raises((ReadOnlyError, ResponseError), match=r"(?i)read.?only|write"):
            Cache(reader).cache_put(HOTEL, b"value", 60_000, [], LATER)
