"""Who talks to the CDN: of all workers the one that holds the lock, at the pace that the API takes."""

import logging
import threading
import time
from collections.abc import Mapping
from functools import cached_property

from redis.exceptions import RedisError

from services.cache.client import Lock
from services.invalidator.cdn import SECONDS_A_REQUEST, Cdn, Request, one_by_one, requests_for
from services.invalidator.google_api import ApiError
from services.invalidator.metrics import Metrics
from services.invalidator.store import Store
from services.invalidator.waiting import Waiting

_LOCK = "edge-purge"
_LOCK_MILLISECONDS = 2000
"""How long the others wait for a holder that was killed."""

_LOOK_SECONDS = 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 8.0
_BAD_REQUEST = 400
_LOG = logging.getLogger("invalidator.edge")


class Sender:
    """A thread; `wake` tells it that something waits, otherwise it looks five times a second."""

    def __init__(self, store: Store, second_after: float, cdn: Cdn, metrics: Metrics) -> None:
        self._store = store
        self._second_after = second_after
        self._cdn = cdn
        self._metrics = metrics
        self._lock: Lock | None = None
        self._pause = 0.0
        self._wake = threading.Event()
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="edge", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether somebody looks."""
        return self._thread.is_alive()

    def wake(self) -> None:
        """Something waits."""
        self._wake.set()

    def close(self, timeout: float) -> None:
        """Finish the request that is under way, let another worker go on at once, and end."""
        self._is_closing.set()
        self._wake.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._is_closing.is_set():
            try:
                self._turn()
            except ApiError as error:
                self._back_off(error, error.retry_after)
            except RedisError as error:
                self._back_off(error)
            except Exception:  # noqa: BLE001 # told in full below
                # A thread that ended would leave the CDN stale in silence.
                _LOG.exception("purging the CDN failed in a way that nobody thought of")
                self._pause = _LONGEST_PAUSE
            self._rest()
        self._let_go()

    def _turn(self) -> None:
        """Send what waits, when this worker is the one to send."""
        if self._holds():
            waiting = self._waiting
            published = waiting.take(_now())
            backlog = waiting.backlog()
            self._metrics.edge_waits(backlog.count, (_now() - backlog.oldest) / 1e6 if backlog.oldest else 0)
            for request in requests_for(published):
                if self._is_closing.is_set() or not self._holds():
                    return
                self._send(request, published)
            if published:
                self._metrics.edge_waits(0, 0)
        else:
            # Whoever holds it tells.
            self._metrics.edge_waits(0, 0)
        self._pause = 0.0

    @cached_property
    def _waiting(self) -> Waiting:
        return Waiting(self._store.redis, self._second_after)

    def _send(self, request: Request, published: Mapping[str, int]) -> None:
        """Send one request; raises ApiError for one that is to be sent again."""
        began = time.monotonic()
        try:
            self._cdn.purge(request)
        except ApiError as error:
            if error.status != _BAD_REQUEST:
                self._metrics.cdn_request("throttled" if error.is_throttled else "failed")
                raise
            self._refused(request, published, error)
        else:
            self._metrics.cdn_request("purged")
            for member in request.members:
                self._metrics.purged("edge", (_now() - published[member]) / 1e6)
        self._waiting.done(request.members)
        self._is_closing.wait(SECONDS_A_REQUEST - (time.monotonic() - began))

    def _refused(self, request: Request, published: Mapping[str, int], error: ApiError) -> None:
        """Find what the API cannot take, and leave that out: it would keep everything behind it waiting for ever."""
        self._metrics.cdn_request("refused")
        if len(request.members) > 1:
            for one in one_by_one(request):
                self._send(one, published)
            return
        _LOG.error("the CDN takes no purge of this; it stays until its time is over", extra={"error": str(error)})

    def _holds(self) -> bool:
        """Whether this worker holds the lock, for some seconds more."""
        cache = self._store.cache
        if self._lock is None or not cache.lock_renew(self._lock, _LOCK_MILLISECONDS):
            self._lock = cache.lock_acquire(_LOCK, _LOCK_MILLISECONDS)
        return self._lock is not None

    def _let_go(self) -> None:
        try:
            if self._lock is not None:
                self._store.cache.lock_release(self._lock)
        except RedisError as error:
            _LOG.info("the lock of the CDN's purges ends by itself", extra={"error": str(error)})

    def _back_off(self, error: Exception, told: float = 0) -> None:
        self._pause = max(told, min(_LONGEST_PAUSE, self._pause * 2 or _FIRST_PAUSE))
        _LOG.warning("the CDN's purges wait", extra={"error": str(error), "seconds": self._pause})

    def _rest(self) -> None:
        """Wait until something is asked for, and after a failure its whole pause."""
        if self._pause:
            self._is_closing.wait(self._pause)
        else:
            self._wake.wait(_LOOK_SECONDS)
        self._wake.clear()


def _now() -> int:
    return time.time_ns() // 1000
