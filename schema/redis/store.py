"""The cache as a store of the schema command: one library of functions, in the version that services/cache has.

A server that has a newer one is left as it is: its programs may need it already.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as Unreachable

from infra.derive.schemas import variable
from schema.kit import Action, Environment, Record, SchemaError, Step, Store, holder, reached
from schema.redis.connection import EXAMPLE, client
from schema.redis.errors import translated
from schema.redis.loaded import Loaded, loaded, others, written
from schema.redis.lock import LEASE_SECONDS, Lock
from services.cache import contract, library

_WHERE = f"Redis ({variable('redis')})"
_LIBRARY = f"library {contract.LIBRARY}"


class RedisStore(Store):
    """A primary and the library that it is to have."""

    def __init__(self, redis: Redis, lease_seconds: float = LEASE_SECONDS) -> None:
        self._redis = redis
        self._lock = Lock(redis, lease_seconds)

    @contextmanager
    def lock(self, wait_seconds: float) -> Iterator[None]:
        """Hold the lock of the contract's key lock:schema."""
        with translated(_WHERE), self._lock.held(wait_seconds):
            yield

    def steps(self) -> Sequence[Step]:
        """Bring the library, or the newer version of it.

        Raises SchemaError when the server's is newer, for files that are not those of their version, and in cluster
        mode, for which the library is not made.
        """
        if library.digest() != contract.LIBRARY_DIGEST:
            raise SchemaError(
                "services/cache/functions",
                f"are not those of version {contract.LIBRARY_VERSION}",
                allowed="functions that have changed have another version",
                fix="python -m services.cache tells what to write",
            )
        with translated(_WHERE):
            self._check_mode()
            return list(self._difference(loaded(self._redis)))

    def records(self) -> Sequence[Record]:
        """The library's own word of who brought it when."""
        with translated(_WHERE):
            found = loaded(self._redis)
        return [found.record] if found and found.record else []

    def findings(self) -> Sequence[str]:
        """Libraries that no file has."""
        with translated(_WHERE):
            return [
                f"library {name} is in no file: FUNCTION DELETE {name} when nobody calls it"
                for name in others(self._redis)
            ]

    def _difference(self, found: Loaded | None) -> Iterator[Step]:
        wanted = contract.LIBRARY_VERSION
        if found is None:
            yield Step(Action.CREATE, _LIBRARY, f"version {wanted}", self._load)
        elif found.version is None:
            yield Step(Action.CHANGE, _LIBRARY, f"another of the name → version {wanted}", self._load)
        elif found.version > wanted:
            raise SchemaError(
                f"{_LIBRARY} of the server",
                f"is version {found.version}, newer than {wanted}, which lies here",
                fix="check out the commit that has it: an older checkout does not take back what programs may use",
            )
        elif found.version < wanted:
            yield Step(Action.CHANGE, _LIBRARY, f"version {found.version} → {wanted}", self._load)
        elif not found.is_whole or found.digest != contract.LIBRARY_DIGEST:
            yield Step(Action.CHANGE, _LIBRARY, f"version {wanted} was changed by hand → as the files say", self._load)

    def _load(self) -> None:
        """Replace the library in one command: whoever calls a function meets the old one or the new one, never none."""
        with translated(_LIBRARY):
            self._lock.confirm()
            self._redis.function_load(written(holder(), datetime.now(UTC)), replace=True)

    def _check_mode(self) -> None:
        told: Any = self._redis.info("cluster")
        if int(told.get("cluster_enabled", 0)):
            raise SchemaError(
                _WHERE,
                "is in cluster mode, where a function reaches no key that it was not handed",
                allowed="a server without, as both engines of triptrip:cache are (docs/adr/0034)",
                fix="take the cache of the stack",
            )


@contextmanager
def opened(environment: Environment) -> Iterator[Store]:
    """Connect to an environment's primary; raises SchemaError when it cannot be reached or lets nobody in."""
    environment.declared(environment.plan.cache, "cache")
    with store_at(environment.connection("redis", EXAMPLE)) as store:
        yield store


@contextmanager
def store_at(text: str, lease_seconds: float = LEASE_SECONDS) -> Iterator[RedisStore]:
    """The store at a connection as applications are handed it, or at a URL."""
    with client(text) as redis:
        with translated(_WHERE):
            ping: Callable[[], Any] = redis.ping
            reached(ping, lambda error: isinstance(error, Unreachable))
        yield RedisStore(redis, lease_seconds)
