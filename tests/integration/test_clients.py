"""The application's own clients through both pools: Prisma on Node.js with named statements, and psycopg (PG-POOL).

Prisma runs without a native engine: its query compiler is WebAssembly, and node-postgres speaks to the pool.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sandbox.servers.account import Account, server_account
from sandbox.servers.install import Installed, InstallError
from sandbox.servers.tier import Programs, Tier
from sandbox.servers.workspace import Workspace
from tests.integration.conftest import group
from tests.integration.tiers import postgres_plan_of
from tests.stacks import settings_of

SOURCES = Path(__file__).with_name("node")
OLDEST_NODE = (20, 19)
"""What Prisma 7 asks for."""

WORKERS, STEPS, THREADS = 20, 20, 16


@dataclass(frozen=True)
class Result:
    """What a workload did: its steps, the servers behind each pool, and its failures."""

    done: int
    write: list[str]
    read: list[str]
    failures: Sequence[str] = ()


@dataclass(frozen=True)
class Statements:
    """Named statements of one pool: how often PgBouncer prepared one on a server, and ran one for a client."""

    prepared: int
    run: int

    def __sub__(self, other: "Statements") -> "Statements":
        return Statements(self.prepared - other.prepared, self.run - other.run)


@pytest.fixture(scope="module")
def tier(module_workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed) -> Tier:
    """The tier with a table of bookings; every test puts its replicas right again."""
    programs = Programs(postgres_programs, pgbouncer_programs)
    made = Tier(module_workspace, programs, postgres_plan_of("prod"), {"shared_buffers": "16MB"})
    made.start()
    with made.connect() as connection:
        connection.execute('CREATE TABLE "Booking" (id serial PRIMARY KEY, worker int, step int, note text)')
        connection.execute(
            """INSERT INTO "Booking" (worker, step, note) SELECT -1 - worker, step, format('seed %%s/%%s', worker, step)
            FROM generate_series(0, %s) AS worker, generate_series(0, %s) AS step""",
            (WORKERS - 1, STEPS - 1),
        )
    made.cluster.catch_up()
    return made


@pytest.fixture
def paused(tier: Tier) -> Iterator[Mapping[str, int]]:
    """Both replicas replay nothing; how many bookings each of them has."""
    tier.cluster.catch_up()
    try:
        for standby in tier.cluster.standbys:
            standby.pause_replay()
        yield {key: bookings(tier, key) for key in tier.pooler_replicas}
    finally:
        for standby in tier.cluster.standbys:
            standby.resume_replay()
        tier.cluster.catch_up()
        # A check that began before may still take a replica out.
        time.sleep(check_seconds())
        tier.machines[0].wait_for_reads(*tier.pooler_replicas)


@pytest.fixture(scope="module")
def prisma(tier: Tier) -> "Prisma":
    return Prisma(tier, group("node-clients"))


class Prisma:
    """The workload of node/, with a client that is generated for it."""

    def __init__(self, tier: Tier, programs: Installed) -> None:
        self._tier = tier
        self._node = find_node(tier.workspace.account)
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

    def run(self, **environment: str) -> Result:
        """Run the workload; returns what it counted."""
        told = {
            "MODULES": str(self._modules),
            "WRITE": self.settings("write", self._tier.plan.hosts["write"]),
            "READ": self.settings("read", self._tier.plan.hosts["read"]),
            "WORKERS": str(WORKERS),
            "STEPS": str(STEPS),
            **environment,
        }
        printed = self._tier.workspace.run("prisma", (self._node, "workload.mjs"), told, self._folder)
        return Result(**json.loads(printed.splitlines()[-1]))

    def settings(self, endpoint: str, name: str) -> str:
        """node-postgres' own: the loopback address, and the name that the certificate must have."""
        tier, place = self._tier, self._tier.machines[0].endpoint(endpoint)
        tls = {"ca": tier.certificate.authority, "servername": name}
        signing: dict[str, Any] = {"user": tier.users[0], "password": tier.workspace.password}
        return json.dumps(
            {"host": place.address, "port": place.port, "database": tier.plan.database, "ssl": tls, **signing}
        )


def find_node(account: Account) -> str:
    """Node.js on PATH; InstallError, which skips or fails as any missing group does, when it cannot be used."""
    wanted = f"install Node.js {'.'.join(map(str, OLDEST_NODE))} or newer"
    node = shutil.which("node")
    if node is None:
        raise InstallError("node-clients", "node is not on PATH", wanted)
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    major, minor, *_ = version.removeprefix("v").split(".")
    if (int(major), int(minor)) < OLDEST_NODE:
        raise InstallError("node-clients", f"node is {version}", wanted)
    folder = Path(node).resolve().parent
    if not account.reaches(folder):
        raise InstallError("node-clients", f"user {account.name} cannot enter {folder}, where node is", wanted)
    return node


def run_psycopg(tier: Tier, *, reads: bool = True) -> Result:
    """The same workload by threads with psycopg, which prepares every statement at its first use; raises a failure."""
    seen: dict[str, set[str]] = {"write": set(), "read": set()}

    def work(number: int) -> int:
        with (
            psycopg.connect(tier.dsn("write"), autocommit=True, prepare_threshold=0) as write,
            psycopg.connect(tier.dsn("read"), autocommit=True, prepare_threshold=0) as read,
        ):
            for step in range(STEPS):
                query = 'INSERT INTO "Booking" (worker, step, note) VALUES (%s, %s, %s) RETURNING id'
                made = write.execute(query, (1000 + number, step, "new")).fetchone()
                assert made is not None
                with write.transaction():
                    note = f"{number}/{step}"
                    write.execute('UPDATE "Booking" SET note = %s WHERE id = %s', (note, made[0]))
                query = 'SELECT note, host(inet_server_addr()) FROM "Booking" WHERE id = %s'
                own = write.execute(query, made).fetchone()
                assert own is not None
                assert own[0] == note
                seen["write"].add(own[1])
                if reads:
                    query = 'SELECT note, host(inet_server_addr()) FROM "Booking" WHERE worker = %s AND step = %s'
                    row = read.execute(query, (-1 - number, step)).fetchone()
                    assert row is not None
                    assert row[0] == f"seed {number}/{step}"
                    seen["read"].add(row[1])
            return STEPS

    with ThreadPoolExecutor(THREADS) as threads:
        done = sum(threads.map(work, range(THREADS)))
    return Result(done, sorted(seen["write"]), sorted(seen["read"]))


def statements(tier: Tier, pool: str) -> Statements:
    """What PgBouncer has counted for one pool since its start."""
    bouncer = tier.machines[0].write if pool == "write" else tier.machines[0].read
    for row in bouncer.show("STATS"):
        if row["database"] == tier.plan.database:
            return Statements(row["total_server_parse_count"], row["total_bind_count"])
    return Statements(0, 0)  # nobody has used it yet


def assert_prepared_once(tier: Tier, counted: Mapping[str, Statements]) -> None:
    """Asserts that each statement was prepared once a server connection and run by its name from then on.

    PgBouncer keeps what it has prepared for its other clients: a workload that another test has run prepares nothing.
    """
    for pool, workload in counted.items():
        assert statements(tier, pool).prepared > 0
        assert workload.prepared < workload.run / 4


def bookings(tier: Tier, key: str) -> int:
    """The bookings that a server itself has."""
    with psycopg.connect(tier.direct(key)) as connection:
        row = connection.execute('SELECT count(*) FROM "Booking"').fetchone()
    assert row is not None
    return int(row[0])


def check_seconds() -> float:
    """How often the read router checks."""
    postgres = settings_of("prod").postgres
    assert postgres is not None
    return postgres.pooler.reads.check_every.milliseconds / 1000


def replicas(tier: Tier) -> list[str]:
    return sorted(standby.address for standby in tier.cluster.standbys)


def test_prisma_runs_named_statements_through_both_pools(tier: Tier, prisma: Prisma) -> None:
    before = {pool: statements(tier, pool) for pool in ("write", "read")}
    result = prisma.run()
    counted = {pool: statements(tier, pool) - then for pool, then in before.items()}
    assert result == Result(WORKERS * STEPS, [tier.cluster.primary.address], replicas(tier), [])
    # A step writes with two statements and reads with three, and with two through the read pool.
    assert counted["write"].run >= result.done * 5
    assert counted["read"].run == result.done * 2
    assert_prepared_once(tier, counted)


def test_prisma_prepares_nothing_unless_it_is_told_names(tier: Tier, prisma: Prisma) -> None:
    """The adapter's default, which the application must change to gain anything; it passes the pools all the same."""
    before = {pool: statements(tier, pool) for pool in ("write", "read")}
    result = prisma.run(NAMED="no", STEPS="3")
    assert result == Result(WORKERS * 3, [tier.cluster.primary.address], replicas(tier), [])
    assert {pool: statements(tier, pool) for pool in before} == before


def test_prisma_reads_its_own_writes_while_no_replica_moves(
    tier: Tier, prisma: Prisma, paused: Mapping[str, int]
) -> None:
    """A caller that demands fresh data uses the write pool (requireFreshData)."""
    held = bookings(tier, "primary")
    result = prisma.run(READS="no")
    assert result == Result(WORKERS * STEPS, [tier.cluster.primary.address], [], [])
    assert bookings(tier, "primary") == held + result.done
    assert {key: bookings(tier, key) for key in paused} == paused


def test_prisma_refuses_a_certificate_of_another_name(prisma: Prisma) -> None:
    elsewhere = prisma.settings("write", "pg-write.elsewhere.internal")
    result = prisma.run(WRITE=elsewhere, WORKERS="1", STEPS="1", READS="no")
    assert result.done == 0
    [failure] = result.failures
    assert "certificate" in failure


def test_psycopg_runs_named_statements_through_both_pools(tier: Tier) -> None:
    before = {pool: statements(tier, pool) for pool in ("write", "read")}
    result = run_psycopg(tier)
    counted = {pool: statements(tier, pool) - then for pool, then in before.items()}
    assert result == Result(THREADS * STEPS, [tier.cluster.primary.address], replicas(tier))
    assert counted["write"].run == result.done * 3
    assert counted["read"].run == result.done
    assert_prepared_once(tier, counted)


def test_psycopg_reads_its_own_writes_while_no_replica_moves(tier: Tier, paused: Mapping[str, int]) -> None:
    held = bookings(tier, "primary")
    result = run_psycopg(tier, reads=False)
    assert result == Result(THREADS * STEPS, [tier.cluster.primary.address], [])
    assert bookings(tier, "primary") == held + result.done
    assert {key: bookings(tier, key) for key in paused} == paused


@pytest.mark.parametrize(
    ("version", "reason"), [(None, "node is not on PATH"), ("v20.18.3", "node is v20.18.3"), ("v18.20.0", "v18.20.0")]
)
def test_a_node_that_prisma_cannot_use_is_told_as_a_missing_group(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str | None, reason: str
) -> None:
    if version:
        node = tmp_path / "node"
        node.write_text(f"#!/bin/sh\necho {version}\n", encoding="ascii")
        node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InstallError, match=f"node-clients cannot be installed: .*{reason}; to fix: install Node.js 20"):
        find_node(server_account())
