"""A pattern means the same to what deletes and to what refuses: SCAN of the server, and the functions' own reading."""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.cache import contract
from services.cache.client import Cache

PREFIX = contract.ENTRY_PREFIX
LATER = 2**53 - 1
parts = st.lists(st.sampled_from(["a", "b", ":", PREFIX, "%3A", ".", "-", "+", "(", "$", "^"]), max_size=5).map("".join)
wild = st.lists(st.sampled_from(["a", "b", ":", PREFIX, "*", "%", ".", "-", "+", "(", "$", "^"]), max_size=6).map(
    "".join
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(pattern="a*", names={f"b{PREFIX}a", "a", "ab"})
@example(pattern="*a", names={f"a{PREFIX}b", "a", "ba", ""})
@example(pattern="a*a", names={"a", "aa", "aba"})
@given(pattern=wild, names=st.sets(parts, min_size=1, max_size=6))
def test_what_a_pattern_deletes_is_what_it_refuses(redis: Any, pattern: str, names: set[str]) -> None:
    redis.flushdb()
    cache, as_of = Cache(redis), Cache(redis).now()
    keys = [PREFIX + name for name in sorted(names)]
    for key in keys:
        assert cache.cache_put(key, b"", 60_000, [], as_of)
    cursor = -1
    while cursor:
        cursor = cache.invalidate_pattern_step(max(cursor, 0), PREFIX + pattern, LATER).cursor
    deleted = {key for key in keys if not redis.exists(key)}
    refused = {key for key in keys if not cache.cache_put(key, b"", 60_000, [], as_of)}
    assert refused == deleted
