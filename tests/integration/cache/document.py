"""The document's RedisClientManager and CacheInvalidationManager (Doc-DA-002, 3.2.2 and 4.2.2), command for command.

They are here to fail: each test of test_document_faults.py holds them and the contract against the same question.
"""

import json
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from redis import Redis

Parameters = Mapping[str, Any]


class Document:
    """Both classes in one; `clock` and `random` stand for Date.now() in milliseconds and Math.random()."""

    def __init__(self, redis: Redis, clock: Callable[[], int] | None = None, random: Random | None = None) -> None:
        self._redis: Any = redis
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._random = random or Random()  # noqa: S311 # it is the fault

    def cache_api_response(self, endpoint: str, parameters: Parameters, data: str, ttl_seconds: int) -> None:
        self._redis.setex(self.api_key(endpoint, parameters), ttl_seconds, data)

    def get_cached_api_response(self, endpoint: str, parameters: Parameters) -> str | None:
        found: str | None = self._redis.get(self.api_key(endpoint, parameters))
        return found

    def check_rate_limit(self, user: str, endpoint: str, limit: int, window_ms: int) -> bool:
        """Its windowSeconds in milliseconds, so that a test need not wait for whole seconds."""
        key = f"ratelimit:{user}:{endpoint}"
        multi = self._redis.pipeline(transaction=True)
        multi.incr(key)
        multi.ttl(key)
        count, ttl = multi.execute()
        if ttl == -1:
            self._redis.pexpire(key, window_ms)
        return bool(count <= limit)

    def acquire_lock(self, resource: str, ttl_ms: int = 30_000) -> str | None:
        lock_id = f"{self._clock()}-{self._base36(self._random.random())[:9]}"
        taken = self._redis.set(f"lock:{resource}", lock_id, px=ttl_ms, nx=True)
        return lock_id if taken else None

    def release_lock(self, resource: str, lock_id: str) -> bool:
        script = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
        return bool(self._redis.eval(script, 1, f"lock:{resource}", lock_id) == 1)

    def set_with_tags(self, key: str, value: str, ttl_seconds: int, tags: list[str]) -> None:
        self._redis.setex(key, ttl_seconds, value)
        for tag in tags:
            self._redis.sadd(f"cache:tags:{tag}", key)
            self._redis.expire(f"cache:tags:{tag}", ttl_seconds + 3600)

    def invalidate_pattern(self, pattern: str) -> None:
        keys = self._redis.keys(pattern)
        if keys:
            self._redis.delete(*keys)

    def invalidate_by_tags(self, tags: list[str]) -> None:
        found: dict[str, None] = {}
        for tag in tags:
            found.update(dict.fromkeys(self._redis.smembers(f"cache:tags:{tag}")))
            self._redis.delete(f"cache:tags:{tag}")
        if found:
            self._redis.delete(*found)

    def api_key(self, endpoint: str, parameters: Parameters) -> str:
        return f"cache:api:{endpoint}:{self.hash_params(parameters)}"

    @staticmethod
    def hash_params(parameters: Parameters) -> str:
        """JSON.stringify with the sorted names of the outermost object as what it keeps, hashed to 32 bits."""
        text = json.dumps(_allowed(parameters, sorted(parameters)), separators=(",", ":"), ensure_ascii=False)
        hashed = 0
        for character in text:
            hashed = (hashed * 31 + ord(character)) & 0xFFFFFFFF
        signed = hashed - (1 << 32) if hashed >= 1 << 31 else hashed
        return str(abs(signed))

    @staticmethod
    def _base36(number: float) -> str:
        return f"{int(number * 36**11):011d}"


def _allowed(value: Any, names: list[str]) -> Any:
    """What JSON.stringify keeps: a list of names holds for inner objects too."""
    if isinstance(value, Mapping):
        return {name: _allowed(value[name], names) for name in names if name in value}
    if isinstance(value, list):
        return [_allowed(each, names) for each in value]
    return value
