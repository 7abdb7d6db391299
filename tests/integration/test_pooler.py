"""PgBouncer as the settings configure it: many clients on few connections, prepared statements, its cost."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from infra.settings.postgres import PoolerSettings
from sandbox.servers import figures
from sandbox.servers.clients import Clients, RefusedError
from sandbox.servers.install import Installed
from sandbox.servers.limits import open_files
from sandbox.servers.pgbouncer import PgBouncer
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.template import SUPERUSER
from sandbox.servers.workspace import Workspace
from tests.stacks import settings_of


@pytest.fixture
def small(workspace: Workspace, postgres: PostgresServer, pgbouncer_programs: Installed) -> PgBouncer:
    """A started pooler: 40 clients on a pool of 4."""
    postgres.start()
    settings = PoolerSettings.model_validate(
        {"kind": "pgbouncer", "defaultPoolSize": 4, "reservePoolSize": 0, "maxClientConnections": 40}
    )
    pool = PgBouncer(workspace, pgbouncer_programs, "pgbouncer", settings, {"postgres": (postgres, "postgres")})
    pool.start()
    return pool


def test_ten_thousand_clients_share_a_hundred_server_connections(
    workspace: Workspace,
    postgres_programs: Installed,
    pgbouncer_programs: Installed,
    record_property: Callable[[str, object], None],
) -> None:
    declared = settings_of("prod").postgres
    assert declared is not None
    pooler = declared.pooler
    assert (pooler.max_client_connections, pooler.default_pool_size) == (10_000, 100)
    server = PostgresServer(workspace, postgres_programs, "postgres", {"max_connections": "120"})
    server.start()
    pool = PgBouncer(workspace, pgbouncer_programs, "pgbouncer", pooler, {"triptrip": (server, "postgres")})
    pool.start()
    with (
        open_files("10,000 clients", 10_300),
        Clients(pool.port, "triptrip", SUPERUSER, workspace.password) as clients,
    ):
        clients.open(10_000)
        answers = list(clients.ask("SELECT pg_backend_pid()"))
        assert len(answers) == 10_000
        assert len(set(answers)) <= 100 + pooler.reserve_pool_size
        with server.connect() as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> %s"
            row = connection.execute(query, (connection.info.backend_pid,)).fetchone()
        assert row is not None
        assert row[0] <= 100 + pooler.reserve_pool_size
        resident = pool.resident_bytes
        with pytest.raises(RefusedError, match="no more connections allowed"):
            clients.open(1)
    allowed = re.search(r"descriptor limit: (\d+) .* max expected fd use: (\d+)", pool.log.read_text(encoding="utf-8"))
    assert allowed is not None
    assert int(allowed[1]) >= int(allowed[2])
    assert 0 < resident < 512 * 2**20
    record_property("resident MiB of PgBouncer with 10,000 clients", round(resident / 2**20, 1))


def test_prepared_statements_pass_through_a_transaction_pool(small: PgBouncer) -> None:
    def client(number: int) -> int:
        with psycopg.connect(small.dsn("postgres"), autocommit=True, prepare_threshold=1) as connection:
            total = 0
            for step in range(25):
                row = connection.execute("SELECT %s::int + %s::int", (number, step)).fetchone()
                assert row is not None
                total += row[0]
            return total

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(client, range(16))) == [25 * number + 300 for number in range(16)]
    (row,) = [pool for pool in small.show("POOLS") if pool["database"] == "postgres"]
    assert row["pool_mode"] == "transaction"
    assert sum(row[key] for key in ("sv_active", "sv_idle", "sv_used")) <= 4


def test_a_transaction_keeps_its_server_connection_and_others_wait(small: PgBouncer) -> None:
    with psycopg.connect(small.dsn("postgres")) as one:
        pids = {one.execute("SELECT pg_backend_pid()").fetchone() for _ in range(5)}
    assert len(pids) == 1


def test_a_killed_pooler_comes_back_on_its_port(small: PgBouncer) -> None:
    small.kill()
    with pytest.raises(psycopg.OperationalError):
        small.connect("postgres")
    small.start()
    with small.connect("postgres") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_benchmark_names_its_figures(
    workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed
) -> None:
    pair = figures.started(workspace, postgres_programs, pgbouncer_programs, scale=1)
    rows = [
        *figures.against_direct(pair, "select-only", clients=4, seconds=1, rounds=1),
        *figures.memory(pair.pool, 100),
    ]
    assert len({row.name for row in rows}) == len(rows) == 10
    # A difference may be nothing, or less: a hundred clients fit into memory that PgBouncer already has.
    differences = ("p95 that the pool adds", "memory a client")
    assert all(row.value > 0 for row in rows if not row.name.endswith(differences))
