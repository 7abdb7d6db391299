"""What partitions cost and bring: bookings a partition a month against the same rows in one table, on one server."""

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from sandbox.bench.figure import Figure
from sandbox.servers.install import install
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.workspace import Workspace

_MONTHS = 24
_ROWS = 400_000
_USERS = 20_000
_ROUNDS = 1_500
_TABLES = ("one", "parts")

_CREATE = """
CREATE TABLE {table} (
    user_id int NOT NULL, created_at timestamptz NOT NULL, id uuid NOT NULL DEFAULT gen_random_uuid(),
    hotel_id int NOT NULL, status text NOT NULL DEFAULT 'pending', total_price numeric(12, 2) NOT NULL DEFAULT 20000,
    PRIMARY KEY (user_id, created_at, id)
) {partitioned};
CREATE INDEX ON {table} (hotel_id, created_at);
"""
_MONTH = """
CREATE TABLE parts_{month} PARTITION OF parts FOR VALUES
FROM ('2025-01-01'::timestamptz + interval '{month} months') TO ('2025-01-01'::timestamptz + interval '{next} months')
"""
_FILL = """
INSERT INTO {table} (user_id, created_at, hotel_id)
SELECT (random() * %(users)s)::int, '2025-01-01'::timestamptz + random() * interval '729 days', (random() * 500)::int
FROM generate_series(1, %(rows)s)
"""
_WORK = {
    "insert": "INSERT INTO {table} (user_id, created_at, hotel_id) VALUES (%s, '2026-12-30'::timestamptz, 1)",
    "read of a user's month": "SELECT * FROM {table} WHERE user_id = %s AND created_at >= '2026-11-01'::timestamptz"
    " AND created_at < '2026-12-01'::timestamptz",
    "read of a user's all": "SELECT * FROM {table} WHERE user_id = %s",
}


def partitions(_: Path) -> Iterator[Figure]:
    """Latencies of bookings in partitions, as a share of those in one table, and what ageing a month out takes."""
    with Workspace() as workspace:
        server = PostgresServer(workspace, install("postgres"), "postgres", {"shared_buffers": "256MB"})
        server.start()
        with server.connect() as connection:
            _fill(connection)
            note = f"{_ROWS:,} rows, {_MONTHS} months, one client, nothing is flushed to disk"
            for name, statement in _WORK.items():
                one, parts = _measured(connection, statement)
                yield Figure(f"bookings: {name}, p50", _quantile(parts, 50) / _quantile(one, 50), "x", note)
                yield Figure(f"bookings: {name}, p95", _quantile(parts, 95) / _quantile(one, 95), "x", note)
            yield Figure("bookings: a month aged out", _aged_out(connection), "x", "DROP TABLE against DELETE, in time")


def _fill(connection: psycopg.Connection) -> None:
    for table, partitioned in zip(_TABLES, ("", "PARTITION BY RANGE (created_at)"), strict=True):
        connection.execute(_CREATE.format(table=table, partitioned=partitioned).encode())
    for month in range(_MONTHS):
        connection.execute(_MONTH.format(month=month, next=month + 1).encode())
    for table in _TABLES:
        connection.execute(_FILL.format(table=table).encode(), {"users": _USERS, "rows": _ROWS})
        connection.execute(f"VACUUM ANALYZE {table}".encode())


def _measured(connection: psycopg.Connection, statement: str) -> tuple[list[float], list[float]]:
    """Seconds of each execution on either table, in turn, so that noise meets both alike."""
    chosen = random.Random(1)  # noqa: S311 # the same users at every run
    taken: dict[str, list[float]] = {table: [] for table in _TABLES}
    for _ in range(_ROUNDS):
        user = chosen.randrange(_USERS)
        for table in _TABLES:
            started = time.perf_counter()
            connection.execute(statement.format(table=table).encode(), (user,), prepare=True)
            taken[table].append(time.perf_counter() - started)
    return taken["one"], taken["parts"]


def _aged_out(connection: psycopg.Connection) -> float:
    seconds = []
    for statement in ("DROP TABLE parts_0", "DELETE FROM one WHERE created_at < '2025-02-01'::timestamptz"):
        started = time.perf_counter()
        connection.execute(statement.encode())
        seconds.append(time.perf_counter() - started)
    return seconds[0] / seconds[1]


def _quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
