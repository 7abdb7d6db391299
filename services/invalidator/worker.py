"""What becomes of an event: a purge of Redis at once, together with those that wait, and a place in the CDN's queue."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from services.cache.client import LibraryMissingError
from services.invalidator import edge
from services.invalidator.batches import Batches
from services.invalidator.cdn import Cdn
from services.invalidator.configuration import Configuration
from services.invalidator.google_api import GoogleApi
from services.invalidator.metrics import Metrics
from services.invalidator.purge import Purge
from services.invalidator.sender import Sender
from services.invalidator.store import PASSING, Store, UnreplicatedError
from services.invalidator.waiting import Waiting

_AT_ONCE = 500
"""Events of one batch."""

_LOG = logging.getLogger("invalidator")


@dataclass(frozen=True)
class Asked:
    """A purge, and when its event was published: microseconds since 1970."""

    purge: Purge
    published: int


class Worker:
    """Two lanes, so that a pattern, for which every key is looked at, holds up no other; and the CDN's sender."""

    def __init__(self, configuration: Configuration, metrics: Metrics) -> None:
        self._configuration = configuration
        self._lanes = {name: self._lane(name, metrics) for name in ("names", "patterns")}
        self._sender = _sender(configuration, metrics) if configuration.cdn_url_map else None

    def start(self) -> None:
        """Begin to work."""
        for lane in self._lanes.values():
            lane.start()
        if self._sender:
            self._sender.start()

    @property
    def is_alive(self) -> bool:
        """Whether every thread is there."""
        return all(lane.is_alive for lane in self._lanes.values()) and (not self._sender or self._sender.is_alive)

    def ask(self, asked: Asked) -> "Future[None]":
        """Have a purge done; the future ends when Redis and its replicas have it, and the CDN's queue its part."""
        return self._lanes["patterns" if asked.purge.patterns else "names"].put(asked)

    def close(self, timeout: float) -> None:
        """Finish what was asked for, within some seconds, and end. What the CDN is to be asked for waits in Redis."""
        end = time.monotonic() + timeout
        for lane in self._lanes.values():
            lane.close(max(0.1, end - time.monotonic()))
        if self._sender:
            self._sender.close(max(0.1, end - time.monotonic()))

    def _lane(self, name: str, metrics: Metrics) -> Batches[Asked]:
        work = _Lane(self._configuration, metrics, self._wake).work
        return Batches(name, work, _AT_ONCE, (*PASSING, UnreplicatedError, LibraryMissingError))

    def _wake(self) -> None:
        if self._sender:
            self._sender.wake()


class _Lane:
    """The work of one lane, over a connection of its own."""

    def __init__(self, configuration: Configuration, metrics: Metrics, wake: Callable[[], None]) -> None:
        self._configuration = configuration
        self._metrics = metrics
        self._wake = wake
        self._store = Store(configuration)

    def work(self, batch: Sequence[Asked]) -> None:
        """Purge what a batch asks for; raises RedisError, UnreplicatedError or what the contract's functions refuse."""
        gone = self._store.patiently(lambda: self._purge(batch))
        now = _now()
        for asked in batch:
            self._metrics.purged("redis", (now - asked.published) / 1e6)
        self._metrics.keys(gone)
        oldest = (now - min(asked.published for asked in batch)) / 1e6
        _LOG.info("purged", extra={"events": len(batch), "keys": gone, "oldestSeconds": round(oldest, 3)})
        self._wake()

    def _purge(self, batch: Sequence[Asked]) -> int:
        """Redis first, or the CDN would fetch what is stale there; begun anew as a whole when it breaks."""
        gone = self._store.purge(Purge.all_of(asked.purge for asked in batch))
        if self._configuration.cdn_url_map:
            waiting = Waiting(self._store.redis, self._configuration.cdn_second_purge_seconds)
            waiting.add(self._members(batch), _now())
        if not self._store.confirm():
            self._metrics.unreplicated()
        return gone

    def _members(self, batch: Sequence[Asked]) -> dict[str, int]:
        """What to ask the CDN for, each with the earliest event that wants it."""
        prefix = self._configuration.cdn_path_prefix
        wanted: dict[str, int] = {}
        for asked in batch:
            purge = asked.purge
            for member in edge.asked(purge.keys | purge.patterns, purge.tags, purge.paths, prefix):
                wanted[member] = min(asked.published, wanted.get(member, asked.published))
        return wanted


def _sender(configuration: Configuration, metrics: Metrics) -> Sender:
    api = GoogleApi(configuration.compute_api)
    cdn = Cdn(api, configuration.cdn_project, configuration.cdn_url_map)
    return Sender(Store(configuration), configuration.cdn_second_purge_seconds, cdn, metrics)


def _now() -> int:
    return time.time_ns() // 1000
