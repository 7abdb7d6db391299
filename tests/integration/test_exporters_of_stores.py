"""The exporters of the cache, the search cluster and the time series, from the rendered services, on real servers."""

from typing import Any

import psycopg
import pytest
import yaml
from elasticsearch import AuthorizationException, Elasticsearch

from infra.catalog import exporter_rows
from infra.catalog.exporter_rows import scrape_jobs
from infra.derive.exporters import Exporters
from infra.derive.platform import derive
from infra.settings.monitoring_exporters import ExportedStore
from sandbox.servers.certificates import Certificate, certificate_for
from sandbox.servers.elasticsearch import SUPERUSER, ElasticsearchServer
from sandbox.servers.exporters import ExporterMachine
from sandbox.servers.install import Installed
from sandbox.servers.redis import RedisServer
from sandbox.servers.timescale import TimescaleServer
from sandbox.servers.workspace import Workspace
from tests.integration.conftest import group
from tests.integration.schema.timescale.applying import apply
from tests.stacks import ROOT, settings_of

HOST = "redis-write.prod.triptrip.internal"


@pytest.fixture(scope="module")
def programs() -> Installed:
    return group("exporters")


def plan_of(store: ExportedStore) -> Exporters:
    exporters: dict[str, Any] = {"stores": [store]} | ({} if store == "timescale" else {"timescale": None})
    postgres = derive(settings_of("prod", {"monitoring": {"exporters": exporters}})).postgres
    assert postgres is not None
    assert postgres.pooler is not None
    assert postgres.pooler.exporters is not None
    return postgres.pooler.exporters


def named(text: str) -> set[str]:
    """The metrics that a scrape tells."""
    return {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}


def value(text: str, series: str) -> float:
    [found] = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{series} ")]
    return float(found)


def redis_with(workspace: Workspace, certificate: Certificate) -> RedisServer:
    server = RedisServer(workspace, group("redis"), certificate=certificate)
    server.start()
    with server.client() as client:
        for number in range(100):
            client.set(f"key-{number}", "value")
            client.get(f"key-{number}")
    return server


def measuring(workspace: Workspace, programs: Installed, server: RedisServer, authority: str) -> ExporterMachine:
    places = {HOST: server.address, "6378": str(server.port)}
    machine = ExporterMachine(workspace, programs, plan_of("redis"), places)
    machine.write({"triptrip-prod-cache-server-ca": authority, "triptrip-prod-cache-auth": workspace.password})
    machine.start()
    return machine


def test_redis_tells_every_metric_over_tls_with_its_password(workspace: Workspace, programs: Installed) -> None:
    # As Memorystore's: the certificate names the instance, and nothing that a client knows.
    certificate = certificate_for("an-instance.example")
    machine = measuring(workspace, programs, redis_with(workspace, certificate), certificate.authority)
    told = machine.exporters["redis"].tell()
    assert value(told, "redis_up") == 1
    assert set(scrape_jobs()["redis"].metrics) <= named(told)
    assert value(told, 'redis_commands_total{cmd="set"}') == 100
    assert value(told, 'redis_commands_latencies_usec_count{cmd="get"}') == 100


def test_a_redis_of_another_authority_is_not_told_the_password(workspace: Workspace, programs: Installed) -> None:
    server = redis_with(workspace, certificate_for("an-instance.example"))
    machine = measuring(workspace, programs, server, certificate_for("another.example").authority)
    assert value(machine.exporters["redis"].tell(), "redis_up") == 0
    assert "certificate verify failed" in machine.exporters["redis-tls"].log.read_text(encoding="utf-8")


def test_elasticsearch_is_measured_with_a_key_that_sees_no_index(workspace: Workspace, programs: Installed) -> None:
    server = ElasticsearchServer(workspace, group("elasticsearch"))
    server.start()
    role = yaml.safe_load((ROOT / "schema/elasticsearch/roles/search_monitor.yaml").read_text(encoding="utf-8"))["body"]
    with Elasticsearch(server.url, basic_auth=(SUPERUSER, workspace.password)) as client:
        key = client.security.create_api_key(name="pooler", role_descriptors={"search_monitor": role})["encoded"]
        client.index(index="hotels", document={"name": "Gion"}, refresh=True)
    plan = plan_of("elasticsearch")
    places = {f"https://{host_of(plan)}:443": server.url}
    machine = ExporterMachine(workspace, programs, plan, places)
    machine.write({"triptrip-prod-elasticsearch-pooler-api-key": key})
    machine.start()
    told = machine.exporters["elasticsearch"].tell()
    assert set(scrape_jobs()["elasticsearch"].metrics) <= named(told)
    assert "hotels" not in told
    with Elasticsearch(server.url, api_key=key) as client, pytest.raises(AuthorizationException):
        client.search(index="hotels")


def host_of(plan: Exporters) -> str:
    unit = plan.units["exporter-elasticsearch.service"]
    return unit.split("--es.uri=https://")[1].split(":443")[0]


def test_timescale_tells_every_metric_of_jobs_and_chunks(workspace: Workspace, programs: Installed) -> None:
    server = TimescaleServer(workspace, group("timescale"))
    server.start()
    apply(server)
    with server.connect() as connection:
        connection.execute(
            "INSERT INTO price_metrics (time, entity_type, entity_id, price) "
            "VALUES (now(), 'hotel', gen_random_uuid(), 9)"
        )
    machine = ExporterMachine(workspace, programs, plan_of("timescale"), {})
    # The exporter opens a second connection, for its version's sake; this server would let it wait for ever.
    machine.write({"timescale-monitor": f"{server.url}&connect_timeout=3"})
    machine.start()
    told = machine.exporters["timescale"].tell()
    assert set(scrape_jobs()["timescale"].metrics) <= named(told)
    assert 'timescale_uncompressed_chunks{hypertable="price_metrics"' in told


def test_a_role_that_reads_statistics_alone_may_ask_timescale(workspace: Workspace) -> None:
    server = TimescaleServer(workspace, group("timescale"))
    server.start()
    apply(server)
    with server.connect() as connection:
        connection.execute("CREATE ROLE monitor IN ROLE pg_monitor")
        connection.execute("SET ROLE monitor")
        for row in yaml.safe_load(exporter_rows.queries("timescale")).values():
            connection.execute(row["query"].encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT FROM price_metrics")
