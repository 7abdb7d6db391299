"""What the stacks declare to be looked at: dashboards in Cloud Monitoring, and a Grafana where the stack has one."""

import json
import subprocess
import sys
from typing import Any

import pytest

from infra.derive.platform import derive
from infra.settings import SettingsError
from sandbox.cloud import Cloud
from sandbox.plan import Plan
from sandbox.plan.recorder import SECRET
from sandbox.plan.render import as_data
from tests.plans import plan_of
from tests.stacks import ROOT, settings_of

KEYS = ("cache-performance", "database-overview", "query-analysis")


def changed(**grafana: Any) -> Plan:
    return plan_of("prod", {"monitoring": {"grafana": grafana}})


@pytest.fixture(scope="module")
def prod() -> Plan:
    return plan_of("prod", {})


def grafana(plan: Plan) -> list[str]:
    return [each.name for each in plan.resources if each.custom and each.type.startswith("grafana:")]


def test_every_dashboard_is_in_cloud_monitoring(prod: Plan) -> None:
    for key in KEYS:
        page = prod.named(f"dashboard-{key}")
        assert json.loads(page.inputs["dashboardJson"])["displayName"].endswith("(prod)")
        assert "dashboards-slow-statements" in page.options["dependsOn"]
        assert "protect" not in page.options


def test_slow_statements_are_counted_in_the_log_of_every_instance(prod: Plan) -> None:
    metric = prod.named("dashboards-slow-statements").inputs
    for each in prod.of_type("databaseInstance:DatabaseInstance"):
        assert f'"triptrip-prod:{each.inputs["name"]}"' in metric["filter"]
    page = prod.named("dashboard-database-overview").inputs["dashboardJson"]
    assert f"logging_googleapis_com:user_{metric['name']}" in page


def test_without_a_log_of_slow_statements_there_is_no_metric_and_no_panel() -> None:
    plan = plan_of("prod", {"postgres": {"flags": {"log_min_duration_statement": -1}}})
    assert not [each for each in plan.resources if each.name == "dashboards-slow-statements"]
    assert "slow_statements" not in plan.named("dashboard-database-overview").inputs["dashboardJson"]


def test_grafana_shows_the_same_dashboards_after_its_sources(prod: Plan) -> None:
    sources = [f"grafana-source-{key}" for key in ("google", "postgres", "prometheus")]
    assert sorted(grafana(prod)) == sorted(["grafana-folder", *sources, *(f"grafana-{key}" for key in KEYS)])
    for key in KEYS:
        page = prod.named(f"grafana-{key}")
        assert page.inputs["folder"] == prod.named("grafana-folder").inputs["uid"] == "triptrip-prod"
        assert json.loads(page.inputs["configJson"])["uid"] == f"triptrip-prod-{key}"
        assert set(sources) <= set(page.options["dependsOn"])


def test_grafana_reads_metrics_by_an_account_of_its_own(prod: Plan) -> None:
    grant = prod.named("grafana-viewer").inputs
    assert grant["role"] == "roles/monitoring.viewer"
    assert grant["member"] == "serviceAccount:triptrip-prod-grafana@triptrip-prod.iam.gserviceaccount.com"
    data = json.loads(prod.named("grafana-source-google").inputs["jsonDataEncoded"])
    assert data["authenticationType"] == "jwt"
    assert data["clientEmail"] in grant["member"]


def test_on_google_cloud_grafana_needs_no_key() -> None:
    plan = changed(googleKey=None, googleAccount="grafana@triptrip-tools.iam.gserviceaccount.com")
    source = plan.named("grafana-source-google").inputs
    assert json.loads(source["jsonDataEncoded"]) == {"authenticationType": "gce", "defaultProject": "triptrip-prod"}
    assert "secureJsonDataEncoded" not in source
    assert (
        plan.named("grafana-viewer").inputs["member"] == "serviceAccount:grafana@triptrip-tools.iam.gserviceaccount.com"
    )
    assert not [each for each in plan.resources if each.name == "grafana-account"]


def test_postgres_is_entered_directly_over_tls_that_is_checked(prod: Plan) -> None:
    source = prod.named("grafana-source-postgres").inputs
    assert source["url"] == "pg-primary.prod.triptrip.internal:5432"
    assert json.loads(source["jsonDataEncoded"])["sslmode"] == "verify-ca"


def test_without_postgres_as_a_source_its_panels_ask_the_exporters_or_are_left_out() -> None:
    plan = changed(postgres=None)
    assert "grafana-source-postgres" not in grafana(plan)
    assert "rawSql" not in plan.named("grafana-query-analysis").inputs["configJson"]


def test_no_secret_stands_in_the_plan_or_its_outputs() -> None:
    cloud = Cloud.open(None)
    plan = plan_of("prod", {}, cloud)
    for name in ("google", "postgres"):
        assert plan.named(f"grafana-source-{name}").inputs["secureJsonDataEncoded"] == SECRET
    assert plan.named("grafana").inputs["auth"] == SECRET
    text = str(as_data(plan))
    for secret in ("monitoring-grafana-token", "monitoring-grafana-google-key", "monitoring-grafana-postgres"):
        assert f"stand-in for {secret}" not in text


def test_a_stack_without_grafana_declares_and_loads_nothing_of_it() -> None:
    program = (
        "import sys\n"
        "from tests.plans import plan_of\n"
        "plan = plan_of('prod', {'monitoring': {'grafana': None}})\n"
        "assert not [each.name for each in plan.resources if 'grafana' in each.type.lower() + each.name]\n"
        "print([name for name in sys.modules if name.startswith(('pulumiverse_grafana', 'grafana_foundation_sdk'))])\n"
    )
    ran = subprocess.run(  # noqa: S603 # our own interpreter
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_without_monitoring_nothing_is_shown() -> None:
    plan = plan_of("dev", {"monitoring": None})
    assert not [each for each in plan.resources if "ashboard" in each.type]


def test_grafana_signs_in_at_google_in_one_way() -> None:
    given = {"googleAccount": "grafana@triptrip-tools.iam.gserviceaccount.com"}
    with pytest.raises(SettingsError, match=r"monitoring\.grafana\.googleKey"):
        settings_of("prod", {"monitoring": {"grafana": given}})


def test_before_there_is_a_key_there_is_the_account_and_a_folder_and_it_is_told() -> None:
    changes = {"monitoring": {"grafana": {"googleKey": None}}}
    plan = plan_of("prod", changes)
    assert grafana(plan) == ["grafana-folder"]
    assert plan.named("grafana-account")
    assert [each for each in derive(settings_of("prod", changes)).advice if each.path == "monitoring.grafana"]
