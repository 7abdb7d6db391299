"""What clients see while servers lag, stop and die: each read with its age and its server, each failure."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg

from sandbox.servers.tier import Tier

_WRITE_SECONDS = 0.03
_READ_SECONDS = 0.02
_RETRY_SECONDS = 0.05
# No volatile function, which pgpool would send to the primary: ages are told by this machine's one clock.
_READ = "SELECT extract(epoch FROM at)::float8, host(inet_server_addr()) FROM tick"
_WRITE = "UPDATE tick SET at = clock_timestamp() RETURNING extract(epoch FROM at)::float8, host(inet_server_addr())"


@dataclass(frozen=True)
class Read:
    """An answer: when it came and how long it took (seconds, monotonic), its row's age, and its server."""

    at: float
    took: float
    age: float
    server: str


@dataclass(frozen=True)
class Failure:
    """A statement or a connection that failed: when (seconds, monotonic), and why."""

    at: float
    reason: str


def make_table(tier: Tier) -> None:
    """The table of one row that a ticker puts the time into."""
    with psycopg.connect(tier.direct(), autocommit=True) as connection:
        connection.execute("CREATE TABLE tick (at timestamptz NOT NULL)")
        connection.execute("INSERT INTO tick VALUES (clock_timestamp())")
    tier.cluster.catch_up()


class Workload:
    """Clients that repeat one statement, each over a connection that it opens anew after a failure; a context manager.

    `prepare_threshold` is psycopg's own: how often a statement is run before it is prepared, None for never.
    """

    def __init__(self, way: str, statement: str, pause: float, clients: int, prepare_threshold: int | None) -> None:
        self._way, self._statement, self._pause = way, statement, pause
        self._prepare_threshold = prepare_threshold
        self.reads: list[Read] = []
        self.failures: list[Failure] = []
        self._stopped = threading.Event()
        self._clients = [threading.Thread(target=self._repeat, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for client in self._clients:
            client.join(30)

    def between(self, start: float, end: float) -> Sequence[Read]:
        """Answers that came between two moments."""
        return [read for read in list(self.reads) if start < read.at <= end]

    def since(self, start: float) -> Sequence[Read]:
        """Answers that came after a moment."""
        return self.between(start, time.monotonic())

    def failures_since(self, start: float) -> Sequence[Failure]:
        """Failures after a moment."""
        return [failure for failure in list(self.failures) if failure.at > start]

    def _repeat(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(
                    self._way, autocommit=True, prepare_threshold=self._prepare_threshold
                ) as connection:
                    while not self._stopped.wait(self._pause):
                        sent = time.monotonic()
                        row = connection.execute(self._statement.encode()).fetchone()
                        if row is not None:
                            now = time.monotonic()
                            self.reads.append(Read(now, now - sent, time.time() - row[0], row[1]))
            except psycopg.Error as error:
                if not self._stopped.is_set():
                    self.failures.append(Failure(time.monotonic(), " ".join(str(error).split())))
                    self._stopped.wait(_RETRY_SECONDS)


def reader(way: str, clients: int = 4, prepare_threshold: int | None = 0) -> Workload:
    """Clients that read the row, each over a connection of its own as an application's pool holds them."""
    return Workload(way, _READ, _READ_SECONDS, clients, prepare_threshold)


def ticker(way: str) -> Workload:
    """A client that writes the time again and again."""
    return Workload(way, _WRITE, _WRITE_SECONDS, 1, 0)
