"""What readers see while servers lag, stop and die: every read with its age, its server, or its failure."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg

from sandbox.servers.tier import Tier

TICK_SECONDS = 0.02
_QUERY = "SELECT extract(epoch FROM clock_timestamp() - at)::float8, host(inet_server_addr()) FROM tick"


@dataclass(frozen=True)
class Read:
    """One read: when it was answered (seconds, monotonic), how old its row was, and which server it came from."""

    at: float
    age: float
    server: str


@dataclass(frozen=True)
class Failure:
    """A read or write that failed, and why."""

    at: float
    reason: str


def make_table(tier: Tier) -> None:
    """The table that tickers write: one row with the time."""
    with tier.connect() as connection:
        connection.execute("CREATE TABLE tick (at timestamptz NOT NULL)")
        connection.execute("INSERT INTO tick VALUES (clock_timestamp())")
    tier.cluster.catch_up()


class Workload:
    """Threads that repeat one statement, each over a connection that it opens anew after a failure."""

    def __init__(self, dsn: Callable[[], str], threads: int, statement: str, pause: float) -> None:
        self._dsn, self._statement, self._pause = dsn, statement, pause
        self.reads: list[Read] = []
        self.failures: list[Failure] = []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(30)

    def since(self, moment: float) -> Sequence[Read]:
        """Reads answered after a moment."""
        return [read for read in list(self.reads) if read.at > moment]

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._dsn(), autocommit=True, prepare_threshold=0) as connection:
                    while not self._stopped.wait(self._pause):
                        row = connection.execute(self._statement).fetchone()
                        assert row is not None
                        self.reads.append(Read(time.monotonic(), row[0], row[1]))
            except psycopg.Error as error:
                self.failures.append(Failure(time.monotonic(), str(error)))
                self._stopped.wait(0.05)


def reader(dsn: Callable[[], str], threads: int = 4) -> Workload:
    """Clients that read the row, each over one connection as a client's own pool does."""
    return Workload(dsn, threads, _QUERY, 0.01)


def ticker(dsn: Callable[[], str]) -> Workload:
    """A client that writes the time again and again."""
    update = "UPDATE tick SET at = clock_timestamp() RETURNING 0::float8, host(inet_server_addr())"
    return Workload(dsn, 1, update, TICK_SECONDS)
