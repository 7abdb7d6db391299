"""What the pooler costs: throughput, latency and memory of clients that go through it, against direct ones.

Both sides speak TLS, as they must on Cloud SQL.
"""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.derive.platform import derive
from infra.settings.load import from_stack_file
from sandbox.bench.figure import Figure
from sandbox.servers import pgbench
from sandbox.servers.clients import Clients
from sandbox.servers.install import Installed, install
from sandbox.servers.limits import open_files
from sandbox.servers.pgbench import Load, Run
from sandbox.servers.tier import ROOT, Programs, Tier
from sandbox.servers.workspace import Workspace

CLIENTS = 64
SECONDS = 5
ROUNDS = 3
"""Runs take turns, so that a busy moment of the machine meets every way in; figures are medians."""

STACK = "Pulumi.prod.yaml"
FLAGS: Mapping[str, str] = {"max_connections": "300", "shared_buffers": "256MB", "max_wal_size": "4GB"}
_SPARE_FILES = 256
_SHARE_OF_RATE = 0.5
"""Latency is compared at half of what the direct clients can do: at the limit it only says who waits for whom."""


@dataclass(frozen=True)
class Ways:
    """A way in without the pooler and one through it, as libpq's keywords, and the script that is run over both."""

    pool: str
    script: str
    direct: str
    pooled: str


def pooler(_: Path) -> Iterator[Figure]:
    """The rows of the benchmark; raises InstallError or LimitError where this machine cannot."""
    with Workspace() as workspace:
        bench = install("pgbench")
        tier = started(workspace, Programs(install("postgres"), install("pgbouncer")), bench, CLIENTS)
        for ways in ways_of(tier):
            yield from against_direct(tier, bench, ways)
        yield from memory(tier, tier.pooler_clients)


def started(workspace: Workspace, programs: Programs, bench: Installed, scale: int) -> Tier:
    """Start prod's tier as its stack file declares it, with pgbench's tables."""
    plan = derive(from_stack_file(ROOT / STACK)).postgres
    if plan is None:
        raise ValueError(f"{STACK} has no PostgreSQL")
    tier = Tier(workspace, programs, plan, FLAGS)
    tier.start()
    pgbench.fill(workspace, bench, tier.direct(), scale)
    tier.cluster.catch_up(300)
    return tier


def ways_of(tier: Tier) -> tuple[Ways, ...]:
    """Reads and writes on the primary, and reads over the replicas against reads on one of them."""
    read = tier.direct(tier.pooler_replicas[0])
    return (
        Ways("write", "select-only", tier.direct(), tier.dsn("write")),
        Ways("write", "tpcb-like", tier.direct(), tier.dsn("write")),
        Ways("read", "select-only", read, tier.dsn("read")),
    )


def against_direct(  # noqa: PLR0913 # a load, which a test makes small
    tier: Tier, bench: Installed, ways: Ways, *, clients: int = CLIENTS, seconds: int = SECONDS, rounds: int = ROUNDS
) -> Iterator[Figure]:
    """Throughput at full load, and latency at half of it, through the pool and without."""

    def both(rate: float | None) -> tuple[list[Run], list[Run]]:
        load = Load(ways.script, clients, seconds, rate)
        runs = [
            [pgbench.run(tier.workspace, bench, dsn, load) for dsn in (ways.direct, ways.pooled)] for _ in range(rounds)
        ]
        return [run for run, _ in runs], [run for _, run in runs]

    name = f"{ways.pool} pool, {ways.script}"
    direct, pooled = (statistics.median(run.per_second for run in side) for side in both(None))
    yield Figure(f"{name}, {clients} clients, direct", direct, "/s")
    yield Figure(f"{name}, {clients} clients, pooled", pooled, "/s")
    yield Figure(f"{name}, pooled over direct", pooled / direct, "", "target ≥ 0.85")
    rate = min(direct, pooled) * _SHARE_OF_RATE
    without, through = (statistics.median(run.p95 for run in side) for side in both(rate))
    yield Figure(f"{name}, p95 at {rate:.0f}/s, direct", without, "ms")
    yield Figure(f"{name}, p95 at {rate:.0f}/s, pooled", through, "ms")
    yield Figure(f"{name}, p95 that the pool adds", through - without, "ms", "target ≤ 1 ms")


def memory(tier: Tier, count: int) -> Iterator[Figure]:
    """The write pool's memory with so many clients, each of which has run a query."""
    process = tier.machines[0].write
    empty = process.resident_bytes
    with (
        open_files(f"{count} clients", count + _SPARE_FILES),
        Clients(
            process.endpoint, tier.plan.database, tier.users[0], tier.workspace.password, tier.authority_file
        ) as held,
    ):
        held.open(count)
        servers = set(held.ask("SELECT pg_backend_pid()"))
        full = process.resident_bytes
    yield Figure("clients held", count, "")
    yield Figure("server connections they shared", len(servers), "", f"pool of {tier.pool_size}")
    yield Figure("memory of PgBouncer", full / 2**20, "MiB", "resident")
    yield Figure("memory a client", (full - empty) / count / 1024, "KiB")
