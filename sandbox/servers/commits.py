"""A client that writes row after row into table ledger and keeps a list of the commits that were acknowledged to it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import psycopg


@dataclass(frozen=True)
class Moment:
    """A moment by the server's clock at which nobody wrote, and the rows that had been acknowledged by then."""

    at: datetime
    rows: frozenset[int]


class Commits:
    """Writers that commit one row at a time after those that are there; a context manager.

    A writer ends when its server does. `acknowledged` are its rows with the server's time.
    """

    def __init__(self, way: Callable[[], str], writers: int = 2) -> None:
        self._way = way
        self._gates = [threading.Lock() for _ in range(writers)]
        self._ended = threading.Event()
        self._grown = threading.Condition()
        self._first = 0
        self.acknowledged: dict[int, datetime] = {}
        self._threads = [
            threading.Thread(target=self._write, args=(number, gate), daemon=True)
            for number, gate in enumerate(self._gates)
        ]

    @staticmethod
    def make_table(way: str) -> None:
        """The table that is written to."""
        with psycopg.connect(way, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE ledger (id bigint PRIMARY KEY, note text NOT NULL, "
                "at timestamptz NOT NULL DEFAULT clock_timestamp())"
            )

    def __enter__(self) -> Self:
        with psycopg.connect(self._way(), autocommit=True) as connection:
            row = connection.execute("SELECT coalesce(max(id), 0) FROM ledger").fetchone()
        self._first = row[0] if row else 0
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(30)

    def wait_for(self, count: int, timeout: float = 60) -> None:
        """Wait until so many rows more have been acknowledged; raises TimeoutError."""
        with self._grown:
            wanted = len(self.acknowledged) + count
            if not self._grown.wait_for(lambda: len(self.acknowledged) >= wanted, timeout):
                raise TimeoutError(f"{len(self.acknowledged)} of {wanted} rows")

    def moment(self) -> Moment:
        """Hold the writers between two commits and look at the server's clock."""
        for gate in self._gates:
            gate.acquire()
        try:
            with psycopg.connect(self._way(), autocommit=True) as connection:
                row = connection.execute("SELECT clock_timestamp()").fetchone()
            if row is None:
                raise TimeoutError("the server does not tell the time")
            at: datetime = row[0]
            return Moment(at.astimezone(UTC), frozenset(self.acknowledged))
        finally:
            for gate in self._gates:
                gate.release()

    def _write(self, number: int, gate: threading.Lock) -> None:
        step = len(self._gates)
        identity = self._first + number
        try:
            with psycopg.connect(self._way(), autocommit=True) as connection:
                while not self._ended.is_set():
                    with gate:
                        identity += step
                        row = connection.execute(
                            "INSERT INTO ledger (id, note) VALUES (%s, %s) RETURNING at",
                            (identity, f"row {identity}"),
                        ).fetchone()
                        if row is not None:
                            with self._grown:
                                self.acknowledged[identity] = row[0]
                                self._grown.notify_all()
        except psycopg.OperationalError:
            # Its server is gone: what was acknowledged until then is what counts.
            return


def rows_of(way: str) -> frozenset[int]:
    """The rows that a server holds."""
    with psycopg.connect(way) as connection:
        return frozenset(row[0] for row in connection.execute("SELECT id FROM ledger"))
