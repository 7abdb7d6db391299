"""A writer and readers with long-lived connections: every read with its age and its server, every failure."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg

from sandbox.servers.tier import Tier

READERS = 6
_WRITE_SECONDS = 0.03
_READ_SECONDS = 0.02
_RETRY_SECONDS = 0.05
# No volatile function, which pgpool would send to the primary: ages are told by this machine's one clock.
_READ = "SELECT extract(epoch FROM at)::float8, host(inet_server_addr()) FROM tick"
_WRITE = "UPDATE tick SET at = clock_timestamp() RETURNING 0::float8, host(inet_server_addr())"


@dataclass(frozen=True)
class Read:
    """A read: when it was answered and how long that took (seconds, monotonic), its row's age, and its server."""

    at: float
    took: float
    age: float
    server: str


def make_table(tier: Tier) -> None:
    """The table of one row that the writer puts the time into."""
    with psycopg.connect(tier.direct(), autocommit=True) as connection:
        connection.execute("CREATE TABLE tick (at timestamptz NOT NULL)")
        connection.execute("INSERT INTO tick VALUES (clock_timestamp())")
    tier.cluster.catch_up()


class Workload:
    """Threads that read through `way`, and one that writes to `primary`; each connects anew after a failure.

    A statement is prepared when it is run for the sixth time, as psycopg does by default, or never.
    """

    def __init__(self, primary: str, way: str, *, prepares: bool = True) -> None:
        self._prepare_threshold = 5 if prepares else None
        self.reads: list[Read] = []
        self.failures: list[float] = []
        self.reasons: set[str] = set()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(primary, _WRITE, _WRITE_SECONDS, None), daemon=True),
            *(
                threading.Thread(target=self._repeat, args=(way, _READ, _READ_SECONDS, self.reads), daemon=True)
                for _ in range(READERS)
            ),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        time.sleep(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(30)

    def between(self, start: float, end: float) -> Sequence[Read]:
        """Reads that were answered between two moments."""
        return [read for read in list(self.reads) if start < read.at <= end]

    def failures_since(self, start: float) -> Sequence[float]:
        """The moments of failed queries and connections after one."""
        return [at for at in list(self.failures) if at > start]

    def _repeat(self, dsn: str, statement: str, pause: float, reads: list[Read] | None) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(dsn, autocommit=True, prepare_threshold=self._prepare_threshold) as connection:
                    while not self._stopped.wait(pause):
                        sent = time.monotonic()
                        row = connection.execute(statement).fetchone()
                        if row is not None and reads is not None:
                            now = time.monotonic()
                            reads.append(Read(now, now - sent, time.time() - row[0], row[1]))
            except psycopg.Error as error:
                if self._stopped.is_set():
                    return
                self.failures.append(time.monotonic())
                self.reasons.add(" ".join(str(error).split()))
                self._stopped.wait(_RETRY_SECONDS)
