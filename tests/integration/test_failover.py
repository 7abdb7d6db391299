"""A server or a machine of the tier dies: what clients notice, and for how long (PG-HA, PG-ROUTE)."""

import signal
import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from sandbox.servers.balancer import Balancer
from sandbox.servers.install import Installed
from sandbox.servers.tier import Programs, Tier
from sandbox.servers.workload import Workload, make_table, reader, ticker
from sandbox.servers.workspace import Workspace
from tests.integration.tiers import postgres_plan_of

READERS = 6


@pytest.fixture
def tier(workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed) -> Tier:
    """A primary, two replicas and two machines."""
    programs = Programs(postgres_programs, pgbouncer_programs)
    made = Tier(workspace, programs, postgres_plan_of("prod"), {"shared_buffers": "16MB"}, machines=2)
    made.start()
    make_table(made)
    return made


def test_a_killed_replica_costs_the_reads_in_flight_and_comes_back(tier: Tier) -> None:
    killed = tier.server("b")
    with ticker(tier.dsn()), reader(tier.dsn("read"), READERS) as readers:
        time.sleep(1)
        moment = time.monotonic()
        killed.kill()
        for machine in tier.machines:
            machine.wait_for_reads("c")
        time.sleep(1)
        settled = time.monotonic()
        time.sleep(2)
        quiet = readers.since(settled)
        killed.start()
        for machine in tier.machines:
            machine.wait_for_reads("b", "c")
    assert len(readers.failures) <= READERS, readers.failures
    assert all(moment <= failure.at <= settled for failure in readers.failures)
    assert {read.server for read in quiet} == {tier.server("c").address}


def test_writes_resume_on_the_same_name_after_a_failover(
    tier: Tier, record_property: Callable[[str, object], None]
) -> None:
    with ticker(tier.dsn()) as writer, reader(tier.dsn("read"), READERS) as readers:
        time.sleep(1)
        moment = time.monotonic()
        tier.cluster.primary.kill()
        time.sleep(0.5)
        tier.cluster.fail_over()
        promoted = time.monotonic()
        resumed = _first_after(writer, promoted)
        # The replica that is left follows the new primary, and reads go to it, not to the address that is gone.
        left = tier.cluster.standbys[0].address
        tier.workspace.wait_for(
            "reads go to the replica that is left",
            lambda: {read.server for read in readers.reads[-20:]} == {left},
            30,
            tier.machines[0].router.log,
        )
        time.sleep(1)
        assert max(read.age for read in readers.reads[-20:]) <= 1
    reading = [read for read in readers.reads if moment < read.at < promoted]
    assert reading, "reads stopped while there was no primary"
    record_property("seconds from the new primary to the first write on the same name", round(resumed - promoted, 2))
    record_property("seconds without writes", round(resumed - moment, 2))


def test_clients_of_a_killed_machine_reconnect_to_the_other(tier: Tier) -> None:
    machines = [machine.write.endpoint for machine in tier.machines]
    with (
        Balancer(tier.workspace.claim_port(), machines) as balancer,
        reader(tier.dsn_at(balancer.endpoint, "write"), READERS) as clients,
    ):
        time.sleep(1)
        tier.machines[0].kill()
        killed = time.monotonic()
        tier.workspace.wait_for("clients go on", lambda: len(clients.since(killed + 1)) > 10 * READERS, 30)
    assert len(clients.failures) <= READERS, clients.failures


def test_a_machine_that_stops_lets_transactions_end(tier: Tier) -> None:
    """What systemd sends when a rolling update takes the machine away (infra/derive/pooler_files.py, SIGINT)."""
    ended: list[str] = []

    def transaction() -> None:
        with psycopg.connect(tier.dsn()) as connection:
            connection.execute("UPDATE tick SET at = at")
            started.set()
            time.sleep(2)
            connection.execute("SELECT 1")
            connection.commit()
            ended.append("committed")

    started = threading.Event()
    client = threading.Thread(target=transaction)
    client.start()
    assert started.wait(10)
    stopping = tier.machines[0].write
    stopping.signal(signal.SIGINT)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(tier.dsn())
    with tier.connect(machine=1) as other:
        assert other.execute("SELECT 1").fetchone() == (1,)
    client.join(30)
    assert ended == ["committed"]
    tier.workspace.wait_for("PgBouncer ends", lambda: not stopping.is_running, 30, stopping.log)


def test_the_load_balancer_is_told_when_the_read_pool_is_gone(tier: Tier) -> None:
    machine = tier.machines[0]
    machine.read.kill()
    tier.workspace.wait_for("the machine is unhealthy", lambda: machine.router.get("/healthz")[0] == 503, 30)
    assert tier.machines[1].router.get("/healthz") == (200, "ok\n")
    machine.read.start()
    machine.wait_until_healthy()
    with tier.connect("read") as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)


def _first_after(writer: Workload, moment: float) -> float:
    deadline = time.monotonic() + 60
    while not writer.since(moment):
        assert time.monotonic() < deadline, writer.failures[-1:]
        time.sleep(0.01)
    return writer.since(moment)[0].at
