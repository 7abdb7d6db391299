"""The application's own clients through both pools: Prisma on Node.js with named statements, and psycopg (PG-POOL)."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox.servers.install import Installed, InstallError
from sandbox.servers.tier import Programs, Tier
from sandbox.servers.workspace import Workspace
from tests.integration.conftest import group
from tests.integration.tiers import postgres_plan_of

SOURCES = Path(__file__).with_name("node")
OLDEST_NODE = 20
WORKERS, STEPS = 16, 10


@pytest.fixture(scope="module")
def tier(module_workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed) -> Tier:
    """The tier with a table of bookings; every test puts its replicas right again."""
    programs = Programs(postgres_programs, pgbouncer_programs)
    made = Tier(module_workspace, programs, postgres_plan_of("prod"), {"shared_buffers": "16MB"})
    made.start()
    with made.connect() as connection:
        connection.execute('CREATE TABLE "Booking" (id serial PRIMARY KEY, worker int, step int, note text)')
    made.cluster.catch_up()
    return made


@pytest.fixture
def paused(tier: Tier) -> Iterator[None]:
    """Both replicas replay nothing."""
    for standby in tier.cluster.standbys:
        with standby.connect() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
    yield
    for standby in tier.cluster.standbys:
        with standby.connect() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")
    tier.machines[0].wait_for_reads("b", "c")


@pytest.fixture(scope="module")
def prisma(tier: Tier) -> "Prisma":
    return Prisma(tier, group("node-clients"))


class Prisma:
    """The workload of node/, with a client that is generated for it."""

    def __init__(self, tier: Tier, programs: Installed) -> None:
        self._tier = tier
        self._node = _node()
        [prisma] = programs.command("prisma")
        self._modules = Path(prisma).parents[2]
        self._folder = tier.workspace.make_folder("prisma")
        for source in SOURCES.iterdir():
            tier.workspace.write(self._folder / source.name, source.read_text(encoding="utf-8"))
        (self._folder / "node_modules").symlink_to(self._modules)
        # The command would fetch a binary that only migrations need; the client itself is WebAssembly.
        environment = {"PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true", "HOME": str(self._folder), "CHECKPOINT_DISABLE": "1"}
        words = (self._node, prisma, "generate", "--config", "prisma.config.mjs")
        tier.workspace.run("prisma-generate", words, environment, self._folder)

    def run(self, **environment: str) -> dict[str, Any]:
        """Run the workload; returns what it counted."""
        told = {
            "MODULES": str(self._modules),
            "WRITE": self._settings("write"),
            "READ": self._settings("read"),
            "WORKERS": str(WORKERS),
            "STEPS": str(STEPS),
            **environment,
        }
        printed = self._tier.workspace.run("prisma", (self._node, "workload.mjs"), told, self._folder)
        result: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return result

    def _settings(self, endpoint: str) -> str:
        """node-postgres' own: the loopback address, and the name that the certificate must have."""
        tier, place = self._tier, self._tier.machines[0].endpoint(endpoint)
        tls = {"ca": tier.certificate.authority, "servername": tier.pooler.hosts[endpoint]}
        signing = {"user": tier.users[0], "password": tier.workspace.password}
        return json.dumps(
            {"host": place.address, "port": place.port, "database": tier.plan.database, "ssl": tls, **signing}
        )


def _node() -> str:
    """Node.js on PATH; InstallError, which skips or fails as any missing group does, when it is missing or too old."""
    node = shutil.which("node")
    if node is None:
        raise InstallError("node-clients", "node is not on PATH", f"install Node.js {OLDEST_NODE} or newer")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        raise InstallError("node-clients", f"node is {version}", f"install Node.js {OLDEST_NODE} or newer")
    return node


def statements(tier: Tier) -> tuple[int, int]:
    """Statements that PgBouncer's write pool has prepared on servers, and has been asked to run by name."""
    [row] = [row for row in tier.machines[0].write.show("STATS") if row["database"] == tier.plan.database]
    return row["total_server_parse_count"], row["total_bind_count"]


def test_prisma_runs_named_statements_through_both_pools(tier: Tier, prisma: Prisma) -> None:
    before = statements(tier)
    result = prisma.run()
    prepared, bound = (now - then for now, then in zip(statements(tier), before, strict=True))
    assert result["failures"] == []
    assert result["done"] == WORKERS * STEPS
    assert result["write"] == [tier.cluster.primary.address]
    assert result["read"] == sorted(standby.address for standby in tier.cluster.standbys)
    # Each is prepared once a server connection, and run by name from then on.
    assert bound > WORKERS * STEPS * 4
    assert prepared < bound / 2


@pytest.mark.usefixtures("paused")
def test_prisma_reads_its_own_writes_while_no_replica_moves(tier: Tier, prisma: Prisma) -> None:
    result = prisma.run(READS="no")
    assert result["failures"] == []
    assert result["write"] == [tier.cluster.primary.address]


def test_psycopg_runs_named_statements_through_both_pools(tier: Tier) -> None:
    def client(number: int) -> int:
        with (
            psycopg.connect(tier.dsn("write"), autocommit=True, prepare_threshold=0) as write,
            psycopg.connect(tier.dsn("read"), autocommit=True, prepare_threshold=0) as read,
        ):
            for step in range(STEPS):
                query = 'INSERT INTO "Booking" (worker, step, note) VALUES (%s, %s, %s) RETURNING id'
                row = write.execute(query, (1000 + number, step, "psycopg")).fetchone()
                assert row is not None
                own = write.execute('SELECT step FROM "Booking" WHERE id = %s', row).fetchone()
                assert own == (step,)
                read.execute('SELECT count(*) FROM "Booking" WHERE worker = %s', (1000 + number,)).fetchone()
            return STEPS

    with ThreadPoolExecutor(WORKERS) as threads:
        assert sum(threads.map(client, range(WORKERS))) == WORKERS * STEPS
