"""What a pooler machine is told: files, units and images, and what another text of them changes."""

import configparser
import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from infra.derive import pooler_machine
from infra.derive.platform import derive
from infra.derive.pooler import PoolerPlan
from tests.stacks import settings_of

IMAGE = re.compile(r"\S+/\S+@sha256:[0-9a-f]{64}")


def pooler(changes: Mapping[str, Any] | None = None) -> PoolerPlan:
    postgres = derive(settings_of("prod", {"postgres": changes or {}})).postgres
    assert postgres is not None
    assert postgres.pooler is not None
    return postgres.pooler


def written(plan: PoolerPlan) -> dict[str, str]:
    document = yaml.safe_load(plan.user_data)
    return {each["path"]: each["content"] for each in document["write_files"]}


def ini(text: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, allow_no_value=True)
    parsed.read_string(text)
    return parsed


def test_the_machine_is_told_its_files_as_they_are() -> None:
    plan = pooler()
    assert plan.user_data.startswith("#cloud-config\n")
    assert {path: text for path, text in written(plan).items() if path.startswith("/etc/pooler")} == dict(plan.files)


def test_the_write_pool_is_the_primary_and_the_read_pool_the_routers_to_write() -> None:
    plan = pooler()
    write, read = (ini(plan.files[f"/etc/pooler/pgbouncer-{pool}.ini"]) for pool in ("write", "read"))
    assert dict(write["databases"]) == {"triptrip": "host=pg-primary.prod.triptrip.internal port=5432 dbname=triptrip"}
    assert list(read["databases"]) == ["%include /run/pooler/databases.ini"]


@pytest.mark.parametrize("pool", ["write", "read"])
def test_both_pools_are_the_documents_with_tls_and_scram(pool: str) -> None:
    settings = ini(pooler().files[f"/etc/pooler/pgbouncer-{pool}.ini"])["pgbouncer"]
    assert settings["pool_mode"] == "transaction"
    assert (settings["default_pool_size"], settings["reserve_pool_size"]) == ("100", "5")
    assert settings["max_client_conn"] == "10000"
    assert settings["auth_type"] == "scram-sha-256"
    assert settings["client_tls_sslmode"] == "require"
    assert settings["server_tls_sslmode"] == "verify-ca"
    assert int(settings["max_prepared_statements"]) >= 100
    assert "rolname IN ('application')" in settings["auth_query"]
    assert "admin_users" not in settings


def test_every_image_is_pinned_and_every_container_is_bare() -> None:
    runs = [line for text in written(pooler()).values() for line in text.splitlines() if "/usr/bin/docker run" in line]
    runs = [run for run in runs if "--name exporter" not in run and "--name collector" not in run]
    assert len(runs) == 4
    for run in runs:
        assert len(IMAGE.findall(run)) == 1
        assert {"--read-only", "--cap-drop", "no-new-privileges"} <= set(run.split())
        assert "--user 65532:65532" in run


def test_a_machine_that_stops_waits_for_transactions() -> None:
    unit = written(pooler())["/etc/systemd/system/pgbouncer-write.service"]
    assert "--stop-signal SIGINT" in unit
    assert "docker stop --time 60" in unit
    assert "TimeoutStopSec=70" in unit


def test_a_program_is_started_until_its_files_are_there() -> None:
    """Systemd gives up after five starts in ten seconds, and never starts what a failed requirement held back."""
    for name in ("pgbouncer-write", "pgbouncer-read", "read-router"):
        unit = written(pooler())[f"/etc/systemd/system/{name}.service"]
        assert "StartLimitIntervalSec=0" in unit
        assert "Wants=pooler-secrets.service" in unit
        assert "Requires=" not in unit


def test_the_systems_own_firewall_is_opened_for_the_pools_and_the_health_check() -> None:
    [opened, *_] = yaml.safe_load(pooler().user_data)["runcmd"]
    assert opened == "iptables -w -A INPUT -p tcp -m multiport --dports 6432,6433,8080 -j ACCEPT"


def test_clients_of_the_second_region_are_let_in_by_both_firewall_and_load_balancer() -> None:
    assert pooler().is_global
    changes = {"project": {"disasterRecoveryRegion": None}, "network": {"disasterRecoverySubnetRange": None}}
    postgres = derive(settings_of("prod", changes)).postgres
    assert postgres is not None
    assert postgres.pooler is not None
    assert not postgres.pooler.is_global
    assert [str(each) for each in postgres.pooler.client_ranges] == ["10.10.0.0/20"]


def test_machines_restart_into_updates_in_the_maintenance_hour_each_at_its_own_moment() -> None:
    timer = written(pooler())["/etc/systemd/system/patch-restart.timer"]
    assert "OnCalendar=Sat *-*-* 18:00:00 UTC" in timer
    assert "RandomizedDelaySec=3h" in timer


def test_no_secret_is_told() -> None:
    text = pooler().user_data
    assert "PRIVATE KEY" not in text
    assert '"secret": "pooler-certificate"' in text
    assert '"version": "1"' in text


@pytest.mark.parametrize(
    "change",
    [
        {"pooler": {"defaultPoolSize": 90}},
        {"pooler": {"machineType": "e2-standard-4"}},
        {"pooler": {"passwordVersion": 2}},
        {"pooler": {"certificate": "pooler-certificate/2"}},
        {"pooler": {"reads": {"maximumLag": "2 s"}}},
        {"users": {"other": {"endpoints": ["read"], "pooled": True}}},
        {"replicas": {"c": None}},
    ],
)
def test_another_text_is_another_template(change: Mapping[str, Any]) -> None:
    assert pooler(change).template != pooler().template


def test_another_label_is_another_template_since_labels_replace_it() -> None:
    postgres = derive(settings_of("prod", {"project": {"labels": {"costCentre": "other"}}})).postgres
    assert postgres is not None
    assert postgres.pooler is not None
    assert postgres.pooler.template != pooler().template


@pytest.mark.parametrize("part", ["tags", "description", "scheduling", "metadata"])
def test_whatever_is_in_the_template_is_in_its_name(part: str) -> None:
    machine = pooler_machine.template("e2-standard-2", "#cloud-config")
    changed = {**machine, part: "other"}
    assert pooler_machine.template_name("p", machine) != pooler_machine.template_name("p", changed)


def test_the_same_text_is_the_same_template_and_more_machines_are_no_other() -> None:
    smaller = {"defaultPoolSize": 50}
    assert pooler({"pooler": smaller}).template == pooler({"pooler": {**smaller, "instances": 3}}).template
    assert re.fullmatch(r"triptrip-prod-pooler-[0-9a-f]{10}", pooler().template)


def test_only_the_platforms_own_subnets_reach_it() -> None:
    assert [str(each) for each in pooler().client_ranges] == ["10.10.0.0/20", "10.11.0.0/20"]


def test_a_replica_in_another_region_serves_no_reads_here() -> None:
    osaka = {"region": "asia-northeast2", "zone": "asia-northeast2-a", "tier": "db-custom-16-61440"}
    files = pooler({"replicas": {"osaka": osaka}}).files
    assert "osaka" not in files["/etc/pooler/read-router.json"]
