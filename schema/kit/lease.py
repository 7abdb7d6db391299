"""The lock of a store that has none of its own: a mark with an end, moved on while its holder lives."""

import os
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from schema.kit.cloud_run import job_name
from schema.kit.errors import SchemaError

RENEWALS = 3
"""How often in its time a lease is renewed: two may fail before it is over."""

Clock = Callable[[], float]


class Lease(ABC):
    """One process's claim to the lock of a store; what a mark is, and how it is made, is the store's.

    A holder that dies loses it after `seconds`. One that lives and could not renew it has lost it too, and must make no
    further change: the store asks before each.
    """

    def __init__(self, seconds: float, poll_seconds: float, clock: Clock = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self._poll_seconds = poll_seconds

    @contextmanager
    def held(self, wait_seconds: float) -> Iterator[None]:
        """Hold it, renewed in the background; raises SchemaError naming the holder when it stays taken."""
        deadline = self.clock() + wait_seconds
        while not self.take():
            if self.clock() >= deadline:
                raise self.taken()
            time.sleep(self._poll_seconds)
        ended = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(ended,), name="lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            keeper.join()
            self.give_back()

    def _keep(self, ended: threading.Event) -> None:
        while not ended.wait(self.seconds / RENEWALS):
            if not self.renew():
                return

    @abstractmethod
    def take(self) -> bool:
        """Take it where it is free or its holder's time is over; False where it is not."""

    @abstractmethod
    def renew(self) -> bool:
        """Move its end on; False when it is another's now. What cannot be asked is asked again next time."""

    @abstractmethod
    def give_back(self) -> None:
        """Let the next one have it; what cannot be given back runs out by itself, and raises nothing."""

    @abstractmethod
    def taken(self) -> SchemaError:
        """The error that names who has it."""


def holder(name: str = "") -> str:
    """Who this process is to others: a name that the store knows, or the job's or user's; where; which process."""
    # A container's user need not have a name.
    known = name or job_name() or os.environ.get("USER") or f"user {os.getuid()}"
    return f"{known} on {os.environ.get('CLOUD_RUN_EXECUTION') or socket.gethostname()}, process {os.getpid()}"
