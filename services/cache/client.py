"""The cache as Python programs use it: one method a function of the contract, thin over redis-py.

The library must have been loaded (`python -m schema apply redis`). What changes goes to the primary; what may be read
on a replica goes to the replica where one is given. Errors of the connection are redis-py's own.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from services.cache import contract
from services.cache.keys import key


class LibraryMissingError(Exception):
    """The server has no such function: the schema step has not brought it this version of the library yet."""


@dataclass(frozen=True)
class Budget:
    """What a rate limit answers: whether a request is admitted, how many more are, when the oldest counts no more."""

    allowed: bool
    remaining: int
    reset_ms: int


@dataclass(frozen=True)
class Lock:
    """A lock that is held: give `fence` to what it guards, which refuses a lower number than it has seen."""

    resource: str
    token: str
    fence: int


@dataclass(frozen=True)
class Cached:
    """An entry: its value, the moment in microseconds of which it is true, and how many milliseconds it has left.

    Without a value it is a miss, and the moment is the one to hand to cache_put with what is then read.
    """

    value: bytes | None
    as_of: int
    left_ms: int


@dataclass(frozen=True)
class Purged:
    """One step of an invalidation by tag: entries that went, entries that are left for the next step."""

    deleted: int
    left: int


@dataclass(frozen=True)
class Scanned:
    """One step of an invalidation by pattern: the next step's cursor, 0 after the last one; entries that went.

    A cursor means something on the server that gave it alone: after a failover begin again at 0.
    """

    cursor: int
    deleted: int


class Cache:
    """The functions of the library over a connection pool to the primary, and one to replicas where there is any."""

    def __init__(self, redis: Redis, replica: Redis | None = None) -> None:
        self._primary: Any = redis
        self._reader: Any = replica or redis

    # --- the library and the server

    def version(self) -> tuple[int, str]:
        """Number and digest of the library that is loaded; LibraryMissingError when none is."""
        number, _, digest = _text(self._read("version")).partition(" ")
        return int(number), digest

    def now(self) -> int:
        """The primary's clock in microseconds: take it before the query whose answer is to be kept."""
        seconds, microseconds = self._primary.time()
        return int(seconds) * 1_000_000 + int(microseconds)

    def wait(self, replicas: int, timeout_ms: int) -> int:
        """Wait until so many replicas have what this connection wrote; returns how many have."""
        return int(self._primary.wait(replicas, timeout_ms))

    # --- sessions

    def session_start(self, session: str, fields: Mapping[str, str]) -> None:
        """Begin a session, or overwrite fields of it."""
        self._session_write(session, fields, create=True)

    def session_write(self, session: str, fields: Mapping[str, str]) -> bool:
        """Write fields of a session that lives; False when it has ended, and then it stays so."""
        return self._session_write(session, fields, create=False)

    def session_touch(self, session: str) -> dict[str, str] | None:
        """Read a session and keep it alive; None when there is none."""
        answer = self._call("session_touch", [key("session", session=session)], contract.SESSION_MS)
        return {_text(name): _text(value) for name, value in _pairs(answer)} or None

    def session_end(self, session: str) -> bool:
        """Sign out; whether there was a session."""
        return bool(self._primary.unlink(key("session", session=session)))

    def _session_write(self, session: str, fields: Mapping[str, str], *, create: bool) -> bool:
        flat = [text for pair in fields.items() for text in pair]
        name = key("session", session=session)
        return bool(self._call("session_write", [name], contract.SESSION_MS, int(create), *flat))

    # --- rate limits

    def rate_limit(self, user: str, endpoint: str, limit: int, window_ms: int = contract.RATE_LIMIT_MS) -> Budget:
        """Count a request, unless `limit` have been admitted within the last `window_ms`."""
        name = key("rate_limit", user=user, endpoint=endpoint)
        admitted, remaining, reset = self._call("rate_limit", [name], limit, window_ms)
        return Budget(bool(admitted), int(remaining), int(reset))

    # --- locks

    def lock_acquire(self, resource: str, ttl_ms: int = contract.LOCK_MS, token: str | None = None) -> Lock | None:
        """Take a lock for so long; None when another holds it.

        `token` is of secrets, never of a clock; give the same one to ask again when the answer was lost.
        """
        mine = token or secrets.token_hex(16)
        names = [key("lock", resource=resource), key("fence", resource=resource)]
        fence = self._call("lock_acquire", names, mine, ttl_ms)
        return None if fence is None else Lock(resource, mine, int(fence))

    def lock_renew(self, lock: Lock, ttl_ms: int = contract.LOCK_MS) -> bool:
        """Hold a lock for so long from now; False when it is lost."""
        return bool(self._call("lock_renew", [key("lock", resource=lock.resource)], lock.token, ttl_ms))

    def lock_release(self, lock: Lock) -> bool:
        """Let go; False when it was lost before."""
        return bool(self._call("lock_release", [key("lock", resource=lock.resource)], lock.token))

    # --- counters

    def count_view(self, kind: str, identity: str, viewer: str) -> None:
        """Count a viewer of an entity, once however often it comes."""
        self._call("count_view", [key("views", type=kind, id=identity)], viewer)

    def views(self, kind: str, identity: str) -> int:
        """Different viewers, within the error of a HyperLogLog."""
        return int(self._reader.pfcount(key("views", type=kind, id=identity)))

    def online_seen(self, user: str) -> None:
        """Count a user as online in this minute."""
        self._call("online_seen", [], user)

    def online_count(self, minutes: int = 5) -> int:
        """Different users of the running minute and those before it, so many together."""
        return int(self._call("online_count", [], minutes))

    # --- leaderboards

    def leaderboard_add(self, board: str, period: str, member: str, score: float) -> float:
        """Add to a member's score; returns the sum. ValueError for a period of no form of the contract."""
        name = key("leaderboard", type=board, period=period)
        return float(self._call("leaderboard_add", [name], member, repr(score), _board_lifetime(period)))

    def leaderboard_top(self, board: str, period: str, count: int = 10) -> list[tuple[str, float]]:
        """The highest members with their scores."""
        answer = self._read("leaderboard_top", [key("leaderboard", type=board, period=period)], count)
        return [(_text(member), float(score)) for member, score in _pairs(answer)]

    # --- answers of the API

    def cache_put(self, entry: str, value: bytes, ttl_ms: int, tags: Sequence[str], as_of: int) -> bool:
        """Keep an answer that is known to be true of the moment `as_of`, in microseconds.

        That is the miss's moment, or `now()`, before the query on the database's primary; less the measured lag when
        the query goes to a replica. False when an invalidation came after it, or when it is too long ago to tell.
        """
        return bool(self._call("cache_put", [entry], value, ttl_ms, as_of, *tags))

    def cache_get(self, entry: str) -> Cached:
        """A kept answer, unless it has ended or an invalidation came after its moment: then a miss."""
        value, as_of, left = self._read("cache_get", [entry])
        return Cached(None if value is None else _bytes(value), int(as_of), int(left))

    # --- invalidation

    def invalidate_keys(self, entries: Sequence[str], moment: int) -> int:
        """Delete entries, as of the moment in microseconds at which their data changed; returns how many there were.

        At most contract.STEP entries.
        """
        return int(self._call("invalidate_keys", entries, moment)) if entries else 0

    def invalidate_tag(self, tag: str, moment: int, limit: int = contract.STEP) -> Purged:
        """One step: from the first on nothing older under the tag is answered; repeat until nothing is left."""
        deleted, left = self._call("invalidate_tag", [], tag, moment, limit)
        return Purged(int(deleted), int(left))

    def invalidate_pattern_step(self, cursor: int, pattern: str, moment: int, limit: int = contract.STEP) -> Scanned:
        """One step, from cursor 0: from the first on nothing older that matches is answered."""
        following, deleted = self._call("invalidate_pattern_step", [], cursor, pattern, moment, limit)
        return Scanned(int(following), int(deleted))

    def _call(self, name: str, keys: Sequence[str], *arguments: object) -> Any:
        return _asked(self._primary.fcall, name, keys, arguments)

    def _read(self, name: str, keys: Sequence[str] = (), *arguments: object) -> Any:
        return _asked(self._reader.fcall_ro, name, keys, arguments)


def _asked(call: Any, name: str, keys: Sequence[str], arguments: Sequence[object]) -> Any:
    try:
        return call(f"{contract.LIBRARY}_{name}", len(keys), *keys, *arguments)
    except ResponseError as error:
        if "Function not found" in str(error):
            wanted = f"{contract.LIBRARY} {contract.LIBRARY_VERSION}"
            raise LibraryMissingError(
                f"the server has no function {contract.LIBRARY}_{name}; `python -m schema apply redis` loads {wanted}"
            ) from error
        raise


def _board_lifetime(period: str) -> int:
    for form in contract.PERIODS:
        if form.matches(period):
            return form.lifetime_ms
    raise ValueError(f"{period} is no period; write it as {', '.join(form.example for form in contract.PERIODS)}")


def _pairs(flat: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _text(answer: str | bytes) -> str:
    return answer.decode() if isinstance(answer, bytes) else answer


def _bytes(answer: str | bytes) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()
