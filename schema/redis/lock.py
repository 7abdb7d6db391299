"""The lock of the library: the contract's own lock key, with the holder as its value."""

import uuid
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock as RedisLock

from schema import kit
from schema.kit import SchemaError, holder
from services.cache.keys import key

LEASE_SECONDS = 30.0
"""As long as a lock of the contract may live (RDS-USE)."""

_POLL_SECONDS = 0.5
_WHERE = "the schema's lock"


class Lock(kit.Lease):
    """One process's claim; the library's functions cannot hold it, since it is what brings them."""

    def __init__(self, redis: Redis, lease_seconds: float = LEASE_SECONDS) -> None:
        super().__init__(lease_seconds, min(_POLL_SECONDS, lease_seconds / kit.RENEWALS))
        self._redis: Any = redis
        self._name = key("lock", resource="schema")
        self._mine = f"{holder()} {uuid.uuid4().hex}"
        # Renewed by a thread of its own.
        self._lock = RedisLock(redis, self._name, timeout=lease_seconds, blocking=False, thread_local=False)

    def confirm(self) -> None:
        """Renew it; raises SchemaError when another has taken it over since."""
        try:
            self._lock.reacquire()
        except LockError:
            raise SchemaError(
                _WHERE,
                f"was lost to {self._holder()}: this process was silent for longer than {self.seconds:g} s",
                fix="run the command again",
            ) from None

    def take(self) -> bool:
        """Set the key where it is free."""
        return bool(self._lock.acquire(token=self._mine))

    def renew(self) -> bool:
        """Move its end on; whether it was lost is asked before the change."""
        with suppress(RedisError):
            self._lock.reacquire()
        return True

    def give_back(self) -> None:
        """Delete the key if it is still this one's."""
        with suppress(RedisError):
            self._lock.release()

    def taken(self) -> SchemaError:
        """Who has it."""
        return SchemaError(
            _WHERE,
            f"is held by {self._holder()}",
            fix="let the other one end, or wait longer with --wait; a holder that died loses it by itself",
        )

    def _holder(self) -> str:
        found: str | None = self._redis.get(self._name)
        return found.rpartition(" ")[0] if found else "another, who has ended since"
