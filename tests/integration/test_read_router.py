"""Where reads go: the behaviours of the document's ConnectionManager (ch. 2.2), in front of the database (PG-ROUTE)."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from psycopg import sql

from infra.derive.pooler_files import read_services
from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.tier import Programs, Tier
from sandbox.servers.workload import make_table, reader, ticker
from sandbox.servers.workspace import Workspace
from tests.integration.tiers import postgres_plan_of
from tests.stacks import settings_of

SLACK = 5.0
"""Seconds that a busy machine may add to what is promised."""


@pytest.fixture(scope="module")
def tier(module_workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed) -> Tier:
    """A primary, two replicas and one machine, in the state that a test leaves it: every test puts it right."""
    made = Tier(
        module_workspace,
        Programs(postgres_programs, pgbouncer_programs),
        postgres_plan_of("prod"),
        # Autovacuum commits by itself, also in a minute in which nobody else writes.
        {"shared_buffers": "16MB", "autovacuum": "off"},
    )
    made.start()
    make_table(made)
    return made


@pytest.fixture(autouse=True)
def all_replicas(tier: Tier) -> Iterator[None]:
    """Every test starts with both replicas in both services."""
    yield
    for standby in tier.cluster.standbys:
        standby.resume_replay()
    for service in services(tier):
        tier.machines[0].wait_for_reads("b", "c", service=service)


def services(tier: Tier) -> list[str]:
    postgres = settings_of("prod").postgres
    assert postgres is not None
    return list(read_services(postgres.pooler, tier.plan.database))


def idle_seconds() -> float:
    """A minute in `make integration`; `make test` has less time."""
    return 60 if os.environ.get("TRIPTRIP_REQUIRE_SERVERS") == "1" else 10


def limits() -> tuple[float, float]:
    """The lag that the read pool allows, and the check interval, in seconds."""
    postgres = settings_of("prod").postgres
    assert postgres is not None
    reads = postgres.pooler.reads
    return reads.maximum_lag.milliseconds / 1000, reads.check_every.milliseconds / 1000


def test_health_and_lag_are_checked_at_least_every_five_seconds(tier: Tier) -> None:
    limit, check = limits()
    assert check <= 5
    assert limit == 1
    code, body = tier.machines[0].router.get("/healthz")
    assert (code, body) == (200, "ok\n")
    _, metrics = tier.machines[0].router.get("/metrics")
    assert 'read_router_used{server="b",service="triptrip"} 1.0' in metrics


def test_reads_take_the_replicas_in_turn_and_writes_the_primary(tier: Tier) -> None:
    addresses = {standby.address for standby in tier.cluster.standbys}
    bouncer, database = tier.machines[0].read, tier.plan.database

    def holds_one_to_each() -> bool:
        held = [row["addr"] for row in bouncer.show("SERVERS") if row["database"] == database]
        return sorted(held) == sorted(addresses)

    def are_read_in_turn() -> bool:
        # Queries take connections in turn, and another test may have left more to one replica than to the other.
        bouncer.reconnect(database)
        tier.workspace.wait_for("the pool holds one connection to each replica", holds_one_to_each, 30)
        query = "SELECT host(inet_server_addr()), pg_is_in_recovery()"
        served = Counter(connection.execute(query).fetchone() for _ in range(100))
        if not holds_one_to_each():
            # A replica that a busy machine lets fall behind is left out meanwhile, as it should be.
            return False
        assert set(served) == {(address, True) for address in addresses}
        assert min(served.values()) >= 40
        return True

    with tier.connect("read") as connection:
        tier.workspace.wait_for("reads take both replicas in turn", are_read_in_turn, 60)
    with tier.connect("write") as connection:
        row = connection.execute("SELECT host(inet_server_addr()), pg_is_in_recovery()").fetchone()
    assert row == (tier.cluster.primary.address, False)


def test_a_replica_that_stops_replaying_serves_nothing_older_than_the_limit_and_returns(tier: Tier) -> None:
    limit, check = limits()
    lagging = tier.server("b")
    with ticker(tier.dsn()), reader(tier.dsn("read")) as readers:
        time.sleep(1)
        lagging.pause_replay()
        paused = time.monotonic()
        tier.machines[0].wait_for_reads("c")
        time.sleep(0.5)
        settled = time.monotonic()
        time.sleep(limit + 1)
        lagging.resume_replay()
        tier.machines[0].wait_for_reads("b", "c")
        time.sleep(1)
    assert not readers.failures
    late = readers.since(settled)
    assert late
    assert max(read.age for read in late) <= limit
    last = max(read.at for read in readers.reads if read.server == lagging.address and read.at < settled)
    assert last - paused <= limit + 2 * check + SLACK
    assert {read.server for read in readers.reads[-50:]} == {standby.address for standby in tier.cluster.standbys}


def test_both_replicas_lag_and_the_primary_serves_within_its_cap(tier: Tier) -> None:
    postgres = settings_of("prod").postgres
    assert postgres is not None
    cap = postgres.pooler.reads.fallback_pool_size
    with ticker(tier.dsn()), reader(tier.dsn("read"), 2 * cap) as readers:
        for standby in tier.cluster.standbys:
            standby.pause_replay()
        tier.machines[0].wait_for_reads("primary")
        time.sleep(1)
        settled = time.monotonic()
        time.sleep(2)
        with tier.cluster.primary.connect() as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND query LIKE '%%FROM tick'"
            row = connection.execute(query, (tier.users[0],)).fetchone()
    assert not readers.failures
    late = readers.since(settled)
    assert {read.server for read in late} == {tier.cluster.primary.address}
    assert max(read.age for read in late) <= 1
    assert row is not None
    assert 0 < row[0] <= cap


def test_a_caller_may_accept_older_data(tier: Tier) -> None:
    """The second read service has a limit of its own (maxReplicationLag of the document)."""
    strict, relaxed = services(tier)
    with ticker(tier.dsn()):
        tier.server("b").pause_replay()
        tier.machines[0].wait_for_reads("c", service=strict)
        time.sleep(1)
        assert tier.machines[0].read.hosts(relaxed) == {standby.address for standby in tier.cluster.standbys}
        with tier.connect("read", database=relaxed) as connection:
            time.sleep(1)
            rows = [connection.execute("SELECT host(inet_server_addr())").fetchone() for _ in range(20)]
        assert {row[0] for row in rows if row} == {standby.address for standby in tier.cluster.standbys}


def test_a_caller_may_demand_fresh_data(tier: Tier) -> None:
    """Read your own write through the write pool, whatever the replicas hold (requireFreshData)."""
    for standby in tier.cluster.standbys:
        standby.pause_replay()
    with tier.connect("write") as writing:
        writing.execute("CREATE TABLE IF NOT EXISTS mine (number int)")
        writing.execute("INSERT INTO mine VALUES (4711)")
    with tier.connect("write") as fresh:
        assert fresh.execute("SELECT count(*) FROM mine WHERE number = 4711").fetchone() == (1,)


def test_an_idle_primary_keeps_its_replicas_in_use(tier: Tier) -> None:
    """COR-17: a minute without a write, in which the document's own formula says 60 s of lag."""
    tier.cluster.catch_up()
    end = time.monotonic() + idle_seconds()
    while time.monotonic() < end:
        assert tier.machines[0].read.hosts(tier.plan.database) == {each.address for each in tier.cluster.standbys}
        time.sleep(0.25)
    with tier.server("b").connect() as connection:
        row = connection.execute("SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())").fetchone()
    assert row is not None
    assert row[0] > idle_seconds() - 5


def test_a_replica_that_is_cut_off_and_still_answers_is_taken_out(tier: Tier) -> None:
    cut = tier.server("b")
    with cut.connect() as connection:
        row = connection.execute("SHOW primary_conninfo").fetchone()
        connection.execute("ALTER SYSTEM SET primary_conninfo = ''")
        connection.execute("SELECT pg_reload_conf()")
    assert row is not None
    try:
        with ticker(tier.dsn()):
            tier.machines[0].wait_for_reads("c")
            with cut.connect() as connection:
                assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
    finally:
        with cut.connect() as connection:
            connection.execute(sql.SQL("ALTER SYSTEM SET primary_conninfo = {}").format(sql.Literal(row[0])))
            connection.execute("SELECT pg_reload_conf()")


def test_a_replica_that_hangs_is_taken_out(tier: Tier) -> None:
    """It accepts connections, and answers nothing: worse than one that is gone."""
    hanging = tier.server("c")
    pids = backends(hanging)
    for pid in (hanging.pid, *pids):
        os.kill(pid, signal.SIGSTOP)
    try:
        tier.machines[0].wait_for_reads("b")
        with tier.connect("read") as connection:
            rows = {connection.execute("SELECT host(inet_server_addr())").fetchone() for _ in range(10)}
        assert rows == {(tier.server("b").address,)}
    finally:
        for pid in (*pids, hanging.pid):
            os.kill(pid, signal.SIGCONT)


def backends(server: PostgresServer) -> list[int]:
    """The client backends of a server."""
    with server.connect() as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in rows]
