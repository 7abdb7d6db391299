"""Redis as the worker uses it: purges that a failover does not take back, and the queue of what the CDN is to be asked.

One connection a thread: WAIT tells what has become of the writes of its own connection.
"""

import logging
import math
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeVar, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ConnectionError,  # noqa: A004 # Redis' own
    NoPermissionError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,  # noqa: A004 # as above
)
from redis.retry import Retry
from tenacity import Retrying, before_sleep_log, retry_if_exception_type, stop_after_delay, wait_random_exponential

from services.cache.client import Cache
from services.cache.connection import TokenOfTheAccount
from services.cache.contract import STEP
from services.invalidator.configuration import Configuration
from services.invalidator.purge import Purge

_NOW = 2**53 - 1
"""The server takes no later moment than its own clock's: publishers' clocks need not be right."""

_SCANNED = 1000
"""Keys that one step of a pattern looks at, the contract's most: it looks at every key that there is."""

PASSING = (ConnectionError, TimeoutError, ReadOnlyError, BusyLoadingError)
"""What a failover looks like to a client that was connected to the old primary."""

_PATIENCE_SECONDS = 5
_ANSWER_SECONDS = 5
_REPLICA_MILLISECONDS = 1000
_LOG = logging.getLogger("invalidator.store")

Result = TypeVar("Result")


class UnreplicatedError(RuntimeError):
    """A purge has not reached the replicas: a failover now would bring back what it took away."""


class Store:
    """Purges over one connection, for one thread; it is made when it is first needed.

    One that breaks raises instead of being made anew in between, so that what is done again begins at its beginning.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._replicas = configuration.redis_replicas

    @cached_property
    def redis(self) -> Redis:
        """The connection's client; raises RedisError when there is no server."""
        return connect(self._configuration, single_connection_client=True)

    @cached_property
    def cache(self) -> Cache:
        """The functions of the contract over it."""
        return Cache(self.redis)

    def purge(self, purge: Purge) -> int:
        """Delete in Redis what a purge names, and let nothing be put there that was read before now.

        Returns how many entries went. May be done again at any point: what is gone is gone. Raises RedisError.
        """
        gone = sum(self.cache.invalidate_keys(keys, _NOW) for keys in _in_steps(sorted(purge.keys)))
        gone += sum(self._tag(tag) for tag in sorted(purge.tags))
        return gone + sum(self._pattern(pattern) for pattern in sorted(purge.patterns))

    def confirm(self) -> bool:
        """Wait until replicas have what this connection wrote; False where no replica could, or none can be waited for.

        A replica that is not connected cannot be waited for. Raises UnreplicatedError when connected ones do not
        follow, RedisError when the server is gone.
        """
        if not self._replicas:
            return True
        try:
            reached = self.cache.wait(self._replicas, _REPLICA_MILLISECONDS)
        except ResponseError as error:
            # A managed server may know no WAIT; that it is a replica by now is another matter.
            if isinstance(error, NoPermissionError) or "unknown command" in str(error):
                return False
            raise
        if reached >= self._replicas:
            return True
        connected = int(cast("dict[str, str]", self.redis.info("replication"))["connected_slaves"])
        wanted = min(connected, self._replicas)
        if self.cache.wait(wanted, _REPLICA_MILLISECONDS) < wanted:
            raise UnreplicatedError(f"fewer than {wanted} replicas have the purge after {_REPLICA_MILLISECONDS} ms")
        return wanted == self._replicas

    def patiently(self, work: Callable[[], Result]) -> Result:
        """Do something again while a failover passes, for five seconds at the most."""
        attempts = Retrying(
            retry=retry_if_exception_type(PASSING),
            stop=stop_after_delay(_PATIENCE_SECONDS),
            wait=wait_random_exponential(multiplier=0.05, max=0.5),
            before_sleep=before_sleep_log(_LOG, logging.INFO),
            reraise=True,
        )

        def once() -> Result:
            try:
                return work()
            except ReadOnlyError:
                # The old primary keeps its connections: only a new one leads to the new primary.
                cast("Any", self.redis.connection).disconnect()
                raise

        return attempts(once)

    def _tag(self, tag: str) -> int:
        """Delete what is under a tag now; what is put there meanwhile was read later."""
        step = self.cache.invalidate_tag(tag, _NOW, STEP)
        gone = step.deleted
        for _ in range(math.ceil(step.left / STEP)):
            gone += self.cache.invalidate_tag(tag, _NOW, STEP).deleted
        return gone

    def _pattern(self, pattern: str) -> int:
        step = self.cache.invalidate_pattern_step(0, pattern, _NOW, _SCANNED)
        gone = step.deleted
        while step.cursor:
            step = self.cache.invalidate_pattern_step(step.cursor, pattern, _NOW, _SCANNED)
            gone += step.deleted
        return gone


def connect(configuration: Configuration, *, single_connection_client: bool = False) -> Redis:
    """A client, by default over a pool that connects when it is first asked; raises RedisError when it connects."""
    secret = configuration.redis_auth.get_secret_value()
    options: dict[str, Any] = {"password": secret or None}
    if configuration.redis_sign_in == "iam":
        options = {"credential_provider": TokenOfTheAccount()}
    if authorities := configuration.authorities:
        # The certificate names the instance, not the address that clients are given (COR-18: verify-ca).
        options |= {"ssl": True, "ssl_ca_data": authorities, "ssl_check_hostname": False}
    return Redis(
        host=configuration.redis_host,
        port=configuration.redis_port,
        decode_responses=True,
        protocol=2,
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        single_connection_client=single_connection_client,
        **options,
    )


def _in_steps(keys: list[str]) -> Iterable[list[str]]:
    return (keys[first : first + STEP] for first in range(0, len(keys), STEP))
