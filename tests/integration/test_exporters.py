"""The exporters beside the pooler, from the rendered services and files, on real servers under a real Prometheus."""

from dataclasses import dataclass

import pytest
from psycopg import sql

from infra.catalog.exporter_rows import scrape_jobs
from infra.derive import exporters
from infra.derive.platform import derive
from infra.derive.postgres import PostgresPlan
from infra.settings.monitoring_exporters import ExportedStore
from sandbox.servers.exporters import Collector, ExporterMachine
from sandbox.servers.install import Installed
from sandbox.servers.tier import Programs, Tier
from sandbox.servers.workspace import Workspace
from schema.kit import load_environment
from schema.postgres.roles import become_owner
from schema.postgres.store import PostgresStore, bootstrap
from tests.integration.conftest import group
from tests.stacks import settings_of

ENVIRONMENT = load_environment("prod")
CONFIGURATION = {"shared_buffers": "16MB", "shared_preload_libraries": "pg_stat_statements", "autovacuum": "off"}
STORES: tuple[ExportedStore, ...] = ("pooler", "postgres")


@dataclass(frozen=True)
class Measured:
    """A tier with the schema, its exporters and the collector, all running."""

    tier: Tier
    machine: ExporterMachine
    collector: Collector


def plan() -> PostgresPlan:
    asking = {"stores": list(STORES), "timescale": None}
    small = {"pooler": {"defaultPoolSize": 2, "reservePoolSize": 0, "reads": {"fallbackPoolSize": 1}}}
    found = derive(settings_of("prod", {"monitoring": {"exporters": asking}, "postgres": small})).postgres
    assert found is not None
    return found


@pytest.fixture(scope="module")
def measured(module_workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed) -> Measured:
    tier = Tier(module_workspace, Programs(postgres_programs, pgbouncer_programs), plan(), CONFIGURATION)
    tier.start()
    apply(tier)
    tier.cluster.catch_up()
    machine = machine_of(tier)
    machine.start()
    collector = machine.collector(group("prometheus"))
    collector.hasten()
    collector.start()
    return Measured(tier, machine, collector)


def machine_of(tier: Tier) -> ExporterMachine:
    """The exporters of the tier's machine, their files and secrets written."""
    planned = tier.pooler.exporters
    assert planned is not None
    machine = ExporterMachine(tier.workspace, group("exporters"), planned, tier.machines[0].places)
    password, authority = tier.workspace.password, tier.secrets["authorities"]
    machine.write({"triptrip-prod-postgres-monitor-password": password, "triptrip-prod-postgres-server-ca": authority})
    return machine


def apply(tier: Tier) -> None:
    """The bootstrap and the schema on the primary, and a table of which three rows in five are dead."""
    primary, database = tier.cluster.primary, tier.plan.database
    with primary.connect(database) as connection:
        there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for user in tier.plan.memberships.keys() - there:
            words = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(user), tier.workspace.password)
            connection.execute(words)
        connection.execute(bootstrap(ENVIRONMENT).encode())
    owner = next(user for user, role in tier.plan.memberships.items() if role == "triptrip_owner")
    with primary.connect(database, owner) as connection:
        become_owner(connection)
        for step in PostgresStore(connection, tier.plan).steps():
            step.run()
        connection.execute(
            "CREATE TABLE public.bloated AS SELECT i AS id, md5(i::text) FROM generate_series(1, 200000) i"
        )
        connection.execute("CREATE INDEX bloated_id ON public.bloated (md5)")
        connection.execute("DELETE FROM public.bloated WHERE id % 5 < 3")
        connection.execute("ANALYZE public.bloated")


def test_promtool_takes_the_collectors_configuration(measured: Measured) -> None:
    assert "SUCCESS" in measured.collector.check()


@pytest.mark.parametrize(
    ("job", "name"), [(job, name) for job, row in scrape_jobs().items() if row.store in STORES for name in row.metrics]
)
def test_every_metric_that_is_kept_comes_out(measured: Measured, job: str, name: str) -> None:
    found = measured.collector.wait_for(f'{name}{{job="{job}"}}')
    assert all(series["metric"].keys() >= {"job", "instance"} for series in found)


def test_nothing_else_is_kept(measured: Measured) -> None:
    measured.collector.wait_for("pg_table_bloat_ratio")
    wanted = {name for row in scrape_jobs().values() for name in row.metrics}
    own = {
        "up",
        "scrape_duration_seconds",
        "scrape_samples_post_metric_relabeling",
        "scrape_samples_scraped",
        "scrape_series_added",
    }
    assert {series["metric"]["__name__"] for series in measured.collector.ask('{__name__=~".+"}')} - own <= wanted


def test_every_instance_is_asked_by_its_own_name(measured: Measured) -> None:
    instances = {
        measured.tier.plan.primary.name,
        *(replica.name for replica in measured.tier.plan.replicas if not replica.is_cross_region),
    }
    for instance in instances:
        assert measured.collector.wait_for(f'pg_up{{instance="{instance}"}} == 1')


def test_series_of_two_machines_are_not_the_same(measured: Measured) -> None:
    assert measured.collector.labels == {
        "project_id": "triptrip-prod",
        "location": "asia-northeast1",
        "cluster": "prod",
        "namespace": "machine-1",
    }


def test_a_bloated_table_is_told_with_its_index_as_what_it_is(measured: Measured) -> None:
    for kind in ("table", "index"):
        [found] = measured.collector.wait_for(f'pg_{kind}_bloat_ratio{{relname="bloated"}}')
        assert float(found["value"][1]) == pytest.approx(0.6, abs=0.1)
        assert found["metric"]["instance"] == measured.tier.plan.primary.name


def test_statements_are_told_by_number_and_kind_and_no_text_leaves_the_server(measured: Measured) -> None:
    with measured.tier.cluster.primary.connect(measured.tier.plan.database) as connection:
        connection.execute("SELECT 'hanako@example.jp' AS address")
    kinds = measured.collector.wait_for('count by (kind) (pg_statements_calls_total{kind="insert"})')
    assert kinds
    told = "".join(exporter.tell() for exporter in measured.machine.exporters.values())
    told += str(measured.collector.ask('{__name__=~".+"}'))
    assert "hanako" not in told
    assert "address" not in told
    assert "SELECT" not in told


def test_connections_of_everybody_are_seen_and_its_own_are_within_the_budget(measured: Measured) -> None:
    counted = {True: 0, False: 0}
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'monitor'"
    with measured.tier.cluster.primary.connect() as primary, measured.tier.cluster.standbys[0].connect() as standby:

        def look() -> bool:
            for is_primary, connection in ((True, primary), (False, standby)):
                [(number,)] = connection.execute(query).fetchall()
                counted[is_primary] = max(counted[is_primary], number)
            return all(counted.values())

        measured.tier.workspace.wait_for("the exporters' connections are seen", look, 30)
        for _ in range(200):
            look()
    for is_primary, most in counted.items():
        assert most <= exporters.connections(STORES, is_primary=is_primary)
    assert measured.collector.wait_for('pg_stat_activity_count{datname="triptrip"} > 0')


def test_a_server_that_is_gone_is_told_and_the_others_go_on(
    workspace: Workspace, postgres_programs: Installed, pgbouncer_programs: Installed
) -> None:
    """In a tier of its own: the module's is whole for every test."""
    tier = Tier(workspace, Programs(postgres_programs, pgbouncer_programs), plan(), CONFIGURATION)
    tier.start()
    apply(tier)
    machine = machine_of(tier)
    machine.exporters["postgres"].start()
    targets = [f"{server.endpoint}/{tier.plan.database}" for server in tier.cluster.servers]
    tier.cluster.standbys[0].kill()
    told = [machine.exporters["postgres"].tell(f"/probe?target={target}&auth_module=monitor") for target in targets]
    assert ["pg_up 1" in each.splitlines() for each in told] == [True, False, True]
    assert "pg_up 0" in told[1].splitlines()
