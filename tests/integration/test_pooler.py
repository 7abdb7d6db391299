"""PgBouncer as the stack declares it: many clients on few connections, prepared statements, its cost."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from sandbox.servers import figures
from sandbox.servers.clients import Clients, RefusedError
from sandbox.servers.install import Installed
from sandbox.servers.limits import open_files
from sandbox.servers.tier import Programs, Tier
from sandbox.servers.workspace import Workspace
from tests.integration.conftest import group
from tests.integration.tiers import postgres_plan_of

SMALL = {"defaultPoolSize": 4, "reservePoolSize": 0, "maxClientConnections": 40, "reads": {"fallbackPoolSize": 2}}


@pytest.fixture
def small(workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed) -> Tier:
    """A started tier: 40 clients on a pool of 4."""
    plan = postgres_plan_of("prod", {"postgres": {"pooler": SMALL}})
    tier = Tier(workspace, Programs(postgres_programs, pgbouncer_programs), plan, {"shared_buffers": "16MB"})
    tier.start()
    return tier


def test_ten_thousand_clients_share_a_hundred_server_connections(
    workspace: Workspace,
    postgres_programs: Installed,
    pgbouncer_programs: Installed,
    record_property: Callable[[str, object], None],
) -> None:
    programs = Programs(postgres_programs, pgbouncer_programs)
    tier = Tier(workspace, programs, postgres_plan_of("prod"), {"shared_buffers": "64MB", "max_connections": "130"})
    tier.start()
    pool = tier.machines[0].write
    assert (tier.pooler_clients, tier.pool_size) == (10_000, 105)
    with (
        open_files("10,000 clients", 10_400),
        Clients(pool.endpoint, tier.plan.database, tier.users[0], workspace.password, tier.authority_file) as clients,
    ):
        clients.open(10_000)
        answers = list(clients.ask("SELECT pg_backend_pid()"))
        assert len(answers) == 10_000
        assert len(set(answers)) <= tier.pool_size
        with tier.cluster.primary.connect() as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
            row = connection.execute(query, (tier.users[0],)).fetchone()
        assert row is not None
        assert row[0] <= tier.pool_size
        resident = pool.resident_bytes
        with pytest.raises(RefusedError, match="no more connections allowed"):
            clients.open(1)
    allowed = re.search(r"descriptor limit: (\d+) .* max expected fd use: (\d+)", pool.log.read_text(encoding="utf-8"))
    assert allowed is not None
    assert int(allowed[1]) >= int(allowed[2])
    assert 0 < resident < 1024 * 2**20
    record_property("resident MiB of PgBouncer with 10,000 clients", round(resident / 2**20, 1))


@pytest.mark.parametrize("endpoint", ["write", "read"])
def test_prepared_statements_pass_through_a_transaction_pool(small: Tier, endpoint: str) -> None:
    def client(number: int) -> int:
        with psycopg.connect(small.dsn(endpoint), autocommit=True, prepare_threshold=1) as connection:
            total = 0
            for step in range(25):
                row = connection.execute("SELECT %s::int + %s::int", (number, step)).fetchone()
                assert row is not None
                total += row[0]
            return total

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(client, range(16))) == [25 * number + 300 for number in range(16)]
    process = small.machines[0].write if endpoint == "write" else small.machines[0].read
    rows = [row for row in process.show("POOLS") if (row["database"], row["user"]) == ("triptrip", "application")]
    assert [row["pool_mode"] for row in rows] == ["transaction"]
    assert sum(row[key] for row in rows for key in ("sv_active", "sv_idle", "sv_used")) <= 4


def test_a_transaction_keeps_its_server_connection(small: Tier) -> None:
    with psycopg.connect(small.dsn()) as one:
        pids = {one.execute("SELECT pg_backend_pid()").fetchone() for _ in range(5)}
    assert len(pids) == 1


def test_a_killed_process_comes_back_on_its_port(small: Tier) -> None:
    process = small.machines[0].write
    process.kill()
    with pytest.raises(psycopg.OperationalError):
        small.connect()
    process.start()
    with small.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_benchmark_names_its_figures(
    workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed
) -> None:
    bench = group("pgbench")
    tier = figures.started(workspace, Programs(postgres_programs, pgbouncer_programs), bench, scale=1)
    rows = [
        *(
            row
            for ways in figures.ways_of(tier)
            for row in figures.against_direct(tier, bench, ways, clients=4, seconds=1, rounds=1)
        ),
        *figures.memory(tier, 100),
    ]
    assert len({row.name for row in rows}) >= 3 * 4 + 4
    # A difference may be nothing, or less: a hundred clients fit into memory that PgBouncer already has.
    differences = ("p95 that the pool adds", "memory a client")
    assert all(row.value > 0 for row in rows if not row.name.endswith(differences))
