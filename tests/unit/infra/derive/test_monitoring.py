"""Monitoring: the document's rows are watched at the document's figures, and a stack changes what it must."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from infra.catalog.monitoring_rows import DocumentMetric, Severity, alerts, document_metrics
from infra.derive.alerts import AlertPlan
from infra.derive.monitoring import MonitoringPlan
from infra.derive.platform import derive
from infra.settings import SettingsError
from tests.stacks import VALKEY, settings_of


def plan_of(stack: str = "prod", changes: Mapping[str, Any] | None = None) -> MonitoringPlan:
    plan = derive(settings_of(stack, changes)).monitoring
    assert plan is not None
    return plan


def changed(alert: str, **change: object) -> dict[str, Any]:
    return {"monitoring": {"alerts": {alert: change}}}


def policies(plan: MonitoringPlan, alert: str) -> dict[Severity, AlertPlan]:
    return {each.severity: each for each in plan.alerts if each.alert == alert}


def threshold(plan: AlertPlan) -> float:
    [condition] = plan.conditions
    found: float = condition["condition_threshold"]["threshold_value"]
    return found


def query(plan: AlertPlan) -> str:
    [condition] = plan.conditions
    found: str = condition["condition_prometheus_query_language"]["query"]
    return found


@pytest.mark.parametrize("row", document_metrics(), ids=lambda row: f"{row.requirement}-{row.metric}")
def test_a_row_of_the_document_has_an_alert_at_its_figures(row: DocumentMetric) -> None:
    alert = alerts()[row.alert]
    assert row.requirement in alert.requirements
    assert row.warning in {None, alert.warning}
    assert row.critical in {None, alert.critical}
    assert row.warning or row.critical
    assert row.baseline == ("[7d]" in (alert.promql or ""))


def test_the_document_has_seven_rows_of_postgresql_five_of_redis_and_seven_triggers() -> None:
    counts = [sum(row.requirement == name for row in document_metrics()) for name in ("MON-PG", "MON-RDS", "TRIG")]
    assert counts == [7, 5, 7]


def test_triggers_last_as_long_as_the_document_says() -> None:
    assert {name: alerts()[name].lasting for name in ("postgres-cpu", "postgres-memory", "postgres-read-latency")} == {
        "postgres-cpu": "15 minutes",
        "postgres-memory": "15 minutes",
        "postgres-read-latency": "30 minutes",
    }
    assert alerts()["cache-hit-rate"].lasting == "1 hour"


def test_a_latency_is_compared_in_microseconds() -> None:
    found = policies(plan_of(), "postgres-query-latency")
    assert {severity: threshold(each) for severity, each in found.items()} == {"warning": 100_000, "critical": 500_000}
    [condition] = found["critical"].conditions
    [aggregation] = condition["condition_threshold"]["aggregations"]
    assert (aggregation["per_series_aligner"], aggregation["cross_series_reducer"]) == (
        "ALIGN_DELTA",
        "REDUCE_PERCENTILE_95",
    )


def test_connections_are_a_share_of_each_instances_own_limit() -> None:
    assert threshold(policies(plan_of(), "postgres-connections")["warning"]) == 400
    smaller = {"postgres": {"replicas": {"c": {"flags": {"max_connections": 510}}}}}
    conditions = policies(plan_of(changes=smaller), "postgres-connections")["critical"].conditions
    found = {
        each["condition_threshold"]["filter"].rpartition("database_id = ")[2]: each["condition_threshold"][
            "threshold_value"
        ]
        for each in conditions
    }
    assert found == {
        'one_of("triptrip-prod:triptrip-prod-postgres-1", "triptrip-prod:triptrip-prod-postgres-replica-b-1")': 475,
        '"triptrip-prod:triptrip-prod-postgres-replica-c-1"': 484.5,
    }


def test_a_flag_that_is_left_out_has_its_default() -> None:
    flags = {"flags": {"max_connections": None}, "pooler": {"defaultPoolSize": 5, "reads": {"fallbackPoolSize": 5}}}
    users = {"users": {name: {"connections": 5} for name in ("readonly", "reporting")}}
    found = policies(plan_of(changes={"postgres": flags | users}), "postgres-connections")
    assert threshold(found["warning"]) == 80


def test_critical_alerts_are_told_to_both_and_warnings_to_slack() -> None:
    for each in plan_of().alerts:
        assert each.channels == (("slack", "pagerduty") if each.severity == "critical" else ("slack",))


def test_a_stack_has_alerts_of_what_it_has() -> None:
    without = {each.alert for each in plan_of(changes={"cdn": None, "postgres": {"replicas": None}}).alerts}
    with_all = {each.alert for each in plan_of().alerts}
    gone = {"cdn-hit-rate", "cdn-errors", "cdn-certificate", "postgres-replica-lag", "postgres-replication-stopped"}
    gone |= {"postgres-replica-lag-bytes"}
    assert gone <= with_all
    assert with_all - without >= gone
    assert not {name for name in without if name.startswith("valkey")}


def test_the_engine_of_the_cache_decides_what_is_asked() -> None:
    found = {each.alert for each in plan_of(changes=VALKEY).alerts}
    assert {"valkey-memory", "valkey-cpu"} <= found
    assert not {name for name in found if name.startswith("cache-")}


def test_a_zonal_primary_has_no_standby_to_watch() -> None:
    zonal = {"postgres": {"primary": {"availability": "ZONAL"}}}
    found = {each.alert for each in plan_of("dev", zonal).alerts}
    assert "postgres-standby" not in found
    assert "postgres-down" in found


def test_a_stack_changes_thresholds_duration_and_channels() -> None:
    change = changed(
        "postgres-disk", warning="60 %", critical="off", lasting="10 minutes", channels={"warning": ["pagerduty"]}
    )
    found = policies(plan_of(changes=change), "postgres-disk")
    assert set(found) == {"warning"}
    assert threshold(found["warning"]) == 0.6
    assert found["warning"].conditions[0]["condition_threshold"]["duration"] == "600s"
    assert found["warning"].channels == ("pagerduty",)


def test_an_alert_that_is_off_is_not_declared_and_told_as_advice() -> None:
    settings = settings_of("prod", changed("cache-evictions", enabled=False))
    plan = derive(settings)
    assert plan.monitoring is not None
    assert not policies(plan.monitoring, "cache-evictions")
    assert "this alert is off" in [
        each.text for each in plan.advice if each.path == "monitoring.alerts.cache-evictions"
    ]


def test_a_query_is_compared_with_its_threshold_in_its_own_direction() -> None:
    plan = plan_of()
    assert query(policies(plan, "postgres-throughput")["critical"]).endswith(") < 0.2")
    assert query(policies(plan, "cdn-errors")["warning"]).endswith(") > 0.01")
    assert "$" not in "".join(query(each) for each in plan.alerts if "prometheus" in str(each.conditions[0]))


def test_a_backups_age_is_a_metric_of_log_entries_without_one_for_so_long() -> None:
    found = policies(plan_of(), "postgres-backup-age")["critical"]
    assert found.counted is not None
    assert found.counted.name == "triptrip_postgres_backup_age"
    assert 'database_id="triptrip-prod:triptrip-prod-postgres-1"' in found.counted.filter
    assert "logging_googleapis_com:user_triptrip_postgres_backup_age" in query(found)
    assert query(found).endswith("[100800000ms])")


def test_changes_of_a_deployment_are_not_told() -> None:
    [condition] = policies(plan_of(), "configuration-change")["warning"].conditions
    text = condition["condition_matched_log"]["filter"]
    assert 'NOT protoPayload.authenticationInfo.principalEmail=("pulumi-deployer@triptrip-prod.iam' in text


def test_alerts_of_atlas_reach_the_same_channels() -> None:
    plan = derive(settings_of("prod", changed("mongodb-cpu", warning="60", lasting="20 minutes"))).mongodb
    assert plan is not None
    assert plan.alerts["no-primary"].channels == ("slack", "pagerduty")
    assert plan.alerts["cpu"].channels == ("slack",)
    assert (plan.alerts["cpu"].row.above, plan.alerts["cpu"].row.minutes) == (60, 20)


def test_without_monitoring_nobody_is_told_and_the_advice_says_so() -> None:
    plan = derive(settings_of("prod", {"monitoring": None}))
    assert plan.monitoring is None
    assert [each.text for each in plan.advice if each.path == "monitoring"] == [
        "nobody is told when a store fails: no alert is declared"
    ]
    assert plan.mongodb is not None
    assert not any(each.channels for each in plan.mongodb.alerts.values())


@pytest.mark.parametrize(
    ("alert", "change", "said"),
    [
        ("postgres-discs", {"warning": "60 %"}, "an alert of docs/reference/alerts.md"),
        ("postgres-disk", {"warning": "60"}, "a percentage"),
        ("postgres-disk", {"warning": "90 %"}, "above the warning (90 %)"),
        ("postgres-throughput", {"critical": "60 %"}, "below the warning (50 %)"),
        ("postgres-query-latency", {"critical": "5 MB"}, "a whole number and ms"),
        ("encryption-key", {"critical": "1"}, "no threshold: each entry of the log is an incident"),
        ("encryption-key", {"channels": {"warning": ["slack"]}}, "critical: each entry of the log is"),
        ("mongodb-cpu", {"critical": "90"}, "a figure for warning"),
        ("mongodb-cpu", {"warning": "90 %"}, "a number from 0 on without a unit, e.g. 100 (in RAW)"),
        ("mongodb-no-primary", {"critical": "1"}, "no threshold: it is an event"),
    ],
)
def test_a_change_that_cannot_be_is_refused(alert: str, change: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        derive(settings_of("prod", changed(alert, **change)))
    [problem] = refused.value.problems
    assert problem.path.startswith(f"monitoring.alerts.{alert}")
    assert said in problem.allowed


def test_every_alert_of_a_stack_has_a_title_of_its_own() -> None:
    plan = plan_of()
    for severity in get_args(Severity):
        titles = [each.title for each in plan.alerts if each.severity == severity]
        assert len(set(titles)) == len(titles)
