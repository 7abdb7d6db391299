"""What the pooler costs: throughput, latency and memory of clients that go through it, against direct ones."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.settings.postgres import PoolerSettings
from sandbox.bench.figure import Figure
from sandbox.servers import pgbench
from sandbox.servers.clients import Clients
from sandbox.servers.install import Installed, install
from sandbox.servers.limits import open_files
from sandbox.servers.pgbench import Load, Run
from sandbox.servers.pgbouncer import PgBouncer
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.template import SUPERUSER
from sandbox.servers.workspace import Workspace

CLIENTS = 64
SECONDS = 5
ROUNDS = 3
"""Direct and pooled runs take turns, so that a busy moment of the machine meets both; figures are medians."""

HELD = 10_000
POOL = 100
_SPARE_FILES = 256
_SHARE_OF_RATE = 0.5
"""Latency is compared at half of what the direct clients can do: at the limit it only says who waits for whom."""


@dataclass(frozen=True)
class Pair:
    """A server, a pooler in front of it, and pgbench's tables in it."""

    workspace: Workspace
    postgres: Installed
    server: PostgresServer
    pool: PgBouncer


def pooler(_: Path) -> Iterator[Figure]:
    """The rows of the benchmark; raises InstallError or LimitError where this machine cannot."""
    with Workspace() as workspace:
        pair = started(workspace, install("postgres"), install("pgbouncer"), CLIENTS)
        for script in ("select-only", "tpcb-like"):
            yield from against_direct(pair, script)
        yield from memory(pair.pool, HELD)


def started(workspace: Workspace, postgres: Installed, bouncer: Installed, scale: int) -> Pair:
    """Start a server with pgbench's tables, and 10,000 clients' pooler with a pool of 100 in front of it."""
    flags = {"max_connections": str(POOL * 2), "shared_buffers": "256MB", "max_wal_size": "4GB"}
    server = PostgresServer(workspace, postgres, "postgres", flags)
    server.start()
    settings = PoolerSettings.model_validate(
        {"kind": "pgbouncer", "defaultPoolSize": POOL, "maxClientConnections": HELD}
    )
    pool = PgBouncer(workspace, bouncer, "pgbouncer", settings, {"postgres": (server, "postgres")})
    pool.start()
    pgbench.fill(workspace, postgres, server.dsn(), scale)
    return Pair(workspace, postgres, server, pool)


def against_direct(
    pair: Pair, script: str, clients: int = CLIENTS, seconds: int = SECONDS, rounds: int = ROUNDS
) -> Iterator[Figure]:
    """Throughput at full load, and latency at half of it, through the pool and without."""

    def both(rate: float | None) -> tuple[list[Run], list[Run]]:
        load = Load(script, clients, seconds, rate)
        addresses = (pair.server.dsn(), pair.pool.dsn("postgres"))
        runs = [[pgbench.run(pair.workspace, pair.postgres, dsn, load) for dsn in addresses] for _ in range(rounds)]
        return [run for run, _ in runs], [run for _, run in runs]

    direct, pooled = (statistics.median(run.per_second for run in side) for side in both(None))
    yield Figure(f"{script}, {clients} clients, direct", direct, "/s")
    yield Figure(f"{script}, {clients} clients, pooled", pooled, "/s")
    yield Figure(f"{script}, pooled over direct", pooled / direct, "", "target ≥ 0.85")
    rate = min(direct, pooled) * _SHARE_OF_RATE
    without, through = (statistics.median(run.p95 for run in side) for side in both(rate))
    yield Figure(f"{script}, p95 at {rate:.0f}/s, direct", without, "ms")
    yield Figure(f"{script}, p95 at {rate:.0f}/s, pooled", through, "ms")
    yield Figure(f"{script}, p95 that the pool adds", through - without, "ms", "target ≤ 1 ms")


def memory(pool: PgBouncer, count: int) -> Iterator[Figure]:
    """The pooler's memory with so many clients, each of which has run a query."""
    empty = pool.resident_bytes
    with (
        open_files(f"{count} clients", count + _SPARE_FILES),
        Clients(pool.port, "postgres", SUPERUSER, pool.workspace.password) as clients,
    ):
        clients.open(count)
        servers = set(clients.ask("SELECT pg_backend_pid()"))
        full = pool.resident_bytes
    yield Figure("clients held", count, "")
    yield Figure("server connections they shared", len(servers), "", f"pool of {POOL}")
    yield Figure("memory of PgBouncer", full / 2**20, "MiB", "resident")
    yield Figure("memory a client", (full - empty) / count / 1024, "KiB")
