"""What the pooler's machines are told of exporters: services, files, secrets, and what they may cost the pools."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from infra.catalog.exporter_rows import exporters as rows
from infra.catalog.exporter_rows import queries, scrape_jobs
from infra.catalog.metric_rows import metric_types
from infra.derive import budgets, exporters
from infra.derive.advice import advice
from infra.derive.exporters import FOLDER, Exporters
from infra.derive.platform import derive
from infra.derive.pooler import PoolerPlan
from infra.settings import SettingsError
from infra.settings.monitoring_exporters import ExportedStore
from tests.stacks import WITHOUT_CACHE, settings_of

METADATA_LIMIT = 256 * 1024
"""Bytes of one value of a machine's metadata (Compute Engine, "About VM metadata")."""

ALL: tuple[ExportedStore, ...] = ("pooler", "postgres", "redis", "elasticsearch", "timescale")


def pooler(changes: Mapping[str, Any] | None = None) -> PoolerPlan:
    postgres = derive(settings_of("prod", changes)).postgres
    assert postgres is not None
    assert postgres.pooler is not None
    return postgres.pooler


def asking(*stores: str) -> dict[str, Any]:
    secret = {} if "timescale" in stores else {"timescale": None}
    return {"monitoring": {"exporters": {"stores": list(stores), **secret}}}


def measured(changes: Mapping[str, Any] | None = None) -> Exporters:
    found = pooler(changes).exporters
    assert found is not None
    return found


def run_of(unit: str) -> str:
    [line] = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    return line


def test_every_container_is_pinned_bare_and_bounded_and_listens_on_loopback_alone() -> None:
    plan = measured()
    for name, unit in plan.units.items():
        run = run_of(unit)
        assert len(re.findall(r" \S+@sha256:[0-9a-f]{64} ", run)) == 1, name
        assert {"--read-only", "--cap-drop", "no-new-privileges", "--pids-limit", "--cpu-shares"} <= set(run.split())
        assert "--user 65532:65532" in run
        assert re.search(r"--memory \d+m --memory-swap \d+m", run)
        assert re.search(r"listen-address=127\.0\.0\.1:|TCP-LISTEN:\d+,bind=127\.0\.0\.1,", run), name
    ports = [row.port for row in rows().values()]
    assert len(set(ports)) == len(ports)


def test_the_systems_firewall_opens_none_of_their_ports() -> None:
    [opened, *_] = yaml.safe_load(pooler().user_data)["runcmd"]
    assert opened == "iptables -w -A INPUT -p tcp -m multiport --dports 6432,6433,8080 -j ACCEPT"


def test_the_machines_metadata_has_room() -> None:
    assert len(pooler().user_data.encode()) < METADATA_LIMIT // 4


def test_an_exporter_that_fails_holds_up_no_pool() -> None:
    document = yaml.safe_load(pooler().user_data)
    units = {each["path"].rpartition("/")[2]: each["content"] for each in document["write_files"]}
    for name in ("pooler-secrets", "pgbouncer-write", "pgbouncer-read", "read-router"):
        assert "exporter" not in units[f"{name}.service"].replace("exporters@", "")
    for name in measured().units:
        assert "Requires=" not in units[name]
        assert "StartLimitIntervalSec=0" in units[name]
        assert name in document["runcmd"][-1]


def test_each_sees_its_own_secrets_and_nothing_of_the_poolers_but_a_console() -> None:
    for name, unit in measured().units.items():
        run = run_of(unit)
        seen = set(re.findall(r"(?:--volume |source=)(/run/[\w/-]+)", run))
        key = name.removeprefix("exporter-").removesuffix(".service")
        consoles = {"pgbouncer-write": {"/run/pooler/write"}, "pgbouncer-read": {"/run/pooler/read"}}
        assert seen <= {f"/run/exporters/{key}"} | consoles.get(key, set()), name
        # A volume that is not there is made by docker, as root: PgBouncer could not put its socket into it.
        assert "--volume /run/pooler" not in run


def test_what_a_machine_fetches_is_named_and_never_told() -> None:
    plan = measured()
    lists = {path: json.loads(text) for path, text in plan.files.items() if path.endswith("-secrets.json")}
    assert {secret["secret"] for each in lists.values() for secret in each["secrets"]} == {
        "triptrip-prod-postgres-monitor-password",
        "triptrip-prod-postgres-server-ca",
        "triptrip-prod-cache-auth",
        "triptrip-prod-cache-server-ca",
        "triptrip-prod-elasticsearch-pooler-api-key",
        "timescale-monitor",
    }
    assert plan.given == ("timescale-monitor",)
    for path in lists:
        assert any(path in unit for unit in plan.units.values()), path


def test_stores_that_are_not_asked_leave_nothing() -> None:
    plan = measured(asking("pooler"))
    assert set(plan.units) == {
        "exporter-pgbouncer-write.service",
        "exporter-pgbouncer-read.service",
        "collector.service",
    }
    assert set(plan.files) == {f"{FOLDER}/prometheus.yml"}
    assert not plan.asks_postgres
    assert pooler({"monitoring": {"exporters": None}}).exporters is None


@pytest.mark.parametrize(
    ("change", "silent"),
    [
        (WITHOUT_CACHE, "redis"),
        ({"elasticsearch": None}, "elasticsearch"),
        ({"timescale": None}, "timescale"),
    ],
)
def test_a_store_that_is_off_is_not_asked_and_that_is_said(change: dict[str, Any], silent: str) -> None:
    assert measured(change).stores == tuple(store for store in ALL if store != silent)
    told = [each.text for each in advice(settings_of("prod", change)) if each.path == "monitoring.exporters.stores"]
    assert any(silent in each for each in told)


def test_by_default_the_machines_get_no_right_to_change_a_store() -> None:
    plan = measured({"monitoring": {"exporters": {"stores": None, "timescale": None}}})
    assert plan.stores == ("pooler", "postgres")
    assert plan.given == ()


@pytest.mark.parametrize(
    ("change", "given"),
    [
        (
            {"postgres": {"pooler": {"kind": "none"}, "users": {"application": {"pooled": None, "connections": 5}}}},
            "postgres.pooler.kind none",
        ),
        ({"postgres": None}, "no postgres"),
    ],
)
def test_without_the_poolers_machines_they_are_refused(change: dict[str, Any], given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        derive(settings_of("prod", {**change, "bigquery": None}))
    [found] = [each for each in caught.value.problems if each.path == "monitoring.exporters"]
    assert found.given == given
    assert "remove monitoring.exporters" in found.fix


def test_their_memory_must_fit_beside_the_clients() -> None:
    clients = {"postgres": {"pooler": {"maxClientConnections": 100_000, "machineType": "e2-standard-2"}}}
    with pytest.raises(SettingsError) as caught:
        derive(settings_of("prod", clients))
    [found] = [each for each in caught.value.problems if each.path == "monitoring.exporters.stores"]
    assert f"exporters {exporters.memory_mib(ALL)} MiB" in found.allowed


def test_their_connections_are_in_the_budget_of_every_server() -> None:
    postgres = settings_of("prod").postgres
    assert postgres is not None
    for is_primary, each in ((True, 4), (False, 2)):
        of_machine = exporters.connections(ALL, is_primary=is_primary)
        assert of_machine == each
        without, beside = (
            budgets.connection_budget(postgres, is_primary=is_primary, maximum=500, exporters=number)
            for number in (0, of_machine)
        )
        assert beside.needed - without.needed == postgres.pooler.instances * each


def test_the_collector_names_the_environment_and_each_machine() -> None:
    document = yaml.safe_load(measured().files[f"{FOLDER}/prometheus.yml"])
    assert document["global"]["external_labels"] == {
        "project_id": "triptrip-prod",
        "location": "asia-northeast1",
        "cluster": "prod",
        "namespace": "${MACHINE}",
    }
    unit = measured().units["collector.service"]
    assert "--env MACHINE=%H" in unit
    assert "--enable-feature=expand-external-labels" in unit


def test_every_metric_that_is_kept_is_in_the_catalogue_of_metrics_and_the_other_way_round() -> None:
    prefix = "prometheus.googleapis.com/"
    names = (name.removeprefix(prefix).partition("/")[0] for name in metric_types() if name.startswith(prefix))
    # The worker of invalidations has a collector of its own, which keeps all that it tells.
    known = {name for name in names if not name.startswith("invalidator_")}
    parts = re.compile(r"_(?:bucket|count|sum)$")
    kept = {name for job in scrape_jobs().values() for name in job.metrics}
    whole = {parts.sub("", name) if parts.sub("", name) in known else name for name in kept}
    assert known - {"up"} == whole


def test_no_query_tells_the_text_of_a_statement() -> None:
    for row in rows().values():
        for query in yaml.safe_load(queries(row.queries)).values() if row.queries else ():
            assert not {"query", "application_name", "usename"} & {
                name for metric in query["metrics"] for name in metric
            }
