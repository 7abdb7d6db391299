"""What hypertables cost and save: writing by COPY against a plain table, and compression by length of chunk (COR-20).

The server runs in WebAssembly on one core: ratios hold, rates say nothing of production.
"""

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from sandbox.bench.figure import Figure
from sandbox.servers.install import install
from sandbox.servers.timescale import GROUP, TimescaleServer
from sandbox.servers.workspace import Workspace
from schema.timescale.store import TimescaleStore

HOURS = 72
DENSITIES = (60, 600)
"""Rows an hour: of one kind of booking in one region, and of all of them together on a busy day."""

ROUNDS = 3
_START = datetime(2026, 1, 1, tzinfo=UTC)
_ASKED, _ADVISED, _PLAIN = "booking_metrics", "booking_metrics_by_day", "booking_metrics_plain"
_OTHERS = """
CREATE TABLE booking_metrics_plain (LIKE booking_metrics INCLUDING ALL);
CREATE INDEX ON booking_metrics_plain (time DESC);
CREATE TABLE booking_metrics_by_day (LIKE booking_metrics INCLUDING DEFAULTS);
SELECT create_hypertable('booking_metrics_by_day', by_range('time', INTERVAL '1 day'));
ALTER TABLE booking_metrics_by_day SET (
    timescaledb.enable_columnstore, timescaledb.segmentby = 'booking_type', timescaledb.orderby = 'time DESC'
);
"""
_Connection = psycopg.Connection[Any]


def timescale(_: Path) -> Iterator[Figure]:
    """The rows of the benchmark; raises InstallError where this machine cannot."""
    with Workspace() as workspace:
        server = TimescaleServer(workspace, install(GROUP))
        server.start()
        with server.connect() as connection:
            for step in TimescaleStore(connection).steps():
                step.run()
            make_others(connection)
            yield from ingest(connection, bookings(DENSITIES[-1], HOURS))
            for density in DENSITIES:
                yield from compression(connection, bookings(density, HOURS), f"{density} rows an hour")


def make_others(connection: _Connection) -> None:
    """The same table without chunks, and with chunks of a day, in a database that has the schema."""
    connection.execute(_OTHERS)


def ingest(connection: _Connection, rows: Sequence[tuple[Any, ...]], rounds: int = ROUNDS) -> Iterator[Figure]:
    """Rows a second by COPY; tables take turns, figures are medians."""
    seconds: dict[str, list[float]] = {_PLAIN: [], _ADVISED: [], _ASKED: []}
    for _ in range(rounds):
        for table, taken in seconds.items():
            taken.append(_copied(connection, table, rows))
    plain, by_day, by_hour = (len(rows) / statistics.median(taken) for taken in seconds.values())
    yield Figure("COPY into a plain table", plain, "/s", "in WebAssembly")
    yield Figure("COPY into chunks of 1 day, over plain", by_day / plain, "")
    yield Figure("COPY into chunks of 1 hour, over plain", by_hour / plain, "")


def compression(connection: _Connection, rows: Sequence[tuple[Any, ...]], density: str) -> Iterator[Figure]:
    """How many times smaller the columnstore makes chunks of an hour and of a day."""
    ratios = []
    for table in (_ASKED, _ADVISED):
        _copied(connection, table, rows)
        connection.execute("SELECT compress_chunk(c) FROM show_chunks(%s::regclass) AS c", (table,))
        row = connection.execute(
            "SELECT before_compression_total_bytes::float / after_compression_total_bytes"
            " FROM hypertable_columnstore_stats(%s::regclass)",
            (table,),
        ).fetchone()
        ratios.append(float(row[0]) if row else 0.0)
    yield Figure(f"columnstore of chunks of 1 hour, {density}", ratios[0], "×", "below 1: larger than before")
    yield Figure(f"columnstore of chunks of 1 day, {density}", ratios[1], "×", "COR-20: advised")


def bookings(density: int, hours: int) -> list[tuple[Any, ...]]:
    """So many bookings an hour, the same at every call."""
    chance = random.Random(20)  # noqa: S311 # data, not secrets
    pause = timedelta(hours=1) / density
    return [
        (
            _START + number * pause,
            chance.choice(("hotel", "flight", "tour")),
            UUID(int=chance.randrange(200)),
            UUID(int=chance.randrange(2_000)),
            f"JP-{chance.randrange(1, 48):02}",
            chance.randrange(1, 5),
            chance.randrange(2),
            chance.randrange(50, 5_000) * 100,
            round(chance.expovariate(1 / 300), 2),
            chance.randrange(1, 7),
        )
        for number in range(density * hours)
    ]


def _copied(connection: _Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> float:
    """Empty a table and fill it; returns the seconds that the filling took."""
    name = sql.Identifier(table)
    connection.execute(sql.SQL("TRUNCATE {}").format(name))
    start = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
        for row in rows:
            copy.write_row(row)
    return time.perf_counter() - start
