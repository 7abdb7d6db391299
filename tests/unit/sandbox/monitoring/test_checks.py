"""What Google refuses of a condition is refused here, in its words; what it takes is taken."""

from typing import Any

import pytest

from infra.catalog.metric_rows import MetricRow, metric_types
from sandbox.monitoring import Form, check_condition
from sandbox.monitoring.aggregations import aggregated, aligners, reducers
from sandbox.monitoring.checks import problems

SQL = "cloudsql.googleapis.com/database"
LATENCIES = f"{SQL}/postgresql/insights/aggregate/latencies"


def threshold(metric: str, *aggregations: dict[str, Any], resource: str | None = None, **more: Any) -> dict[str, Any]:
    row = metric_types().get(metric)
    chosen = resource or (row.resources[0] if row else "global")
    where = f'metric.type = "{metric}" AND resource.type = "{chosen}"'
    if "where" in more:
        where += f" AND {more.pop('where')}"
    body = {"filter": where, "comparison": "COMPARISON_GT", "duration": "60s", "aggregations": list(aggregations)}
    return {"displayName": "x", "conditionThreshold": {**body, **more}}


def step(aligner: str, reducer: str | None = None, *by: str, period: str = "300s") -> dict[str, Any]:
    reduced = {"crossSeriesReducer": reducer, "groupByFields": list(by)} if reducer else {}
    return {"alignmentPeriod": period, "perSeriesAligner": aligner, **reduced}


# What the alerts of the platform want, from Cloud SQL's own table of metrics (aligner → reducer).
@pytest.mark.parametrize(
    ("metric", "aggregation"),
    [
        (f"{SQL}/postgresql/num_backends", step("ALIGN_MEAN", "REDUCE_SUM", "resource.label.database_id")),
        (f"{SQL}/postgresql/new_connection_count", step("ALIGN_RATE")),
        (f"{SQL}/postgresql/transaction_count", step("ALIGN_RATE")),
        (f"{SQL}/postgresql/transaction_id_utilization", step("ALIGN_MEAN")),
        (f"{SQL}/replication/replica_lag", step("ALIGN_MAX")),
        (f"{SQL}/replication/state", step("ALIGN_FRACTION_TRUE")),
        (
            f"{SQL}/postgresql/replication/replica_byte_lag",
            step("ALIGN_MAX", "REDUCE_MAX", "metric.label.replica_name"),
        ),
        (f"{SQL}/available_for_failover", step("ALIGN_MIN")),
        (f"{SQL}/auto_failover_request_count", step("ALIGN_DELTA")),
        (f"{SQL}/postgresql/deadlock_count", step("ALIGN_DELTA")),
        (LATENCIES, step("ALIGN_DELTA", "REDUCE_PERCENTILE_95", "resource.label.resource_id")),
        (
            "redis.googleapis.com/replication/master/slaves/lag",
            step("ALIGN_MAX", "REDUCE_COUNT", "resource.label.instance_id"),
        ),
        ("redis.googleapis.com/stats/evicted_keys", step("ALIGN_DELTA", "REDUCE_SUM")),
        ("redis.googleapis.com/persistence/rdb/bgsave_in_progress", step("ALIGN_COUNT_TRUE")),
        ("memorystore.googleapis.com/instance/memory/maximum_utilization", step("ALIGN_MAX")),
        ("bigquery.googleapis.com/query/scanned_bytes_billed", step("ALIGN_SUM", "REDUCE_SUM", period="86400s")),
        ("loadbalancing.googleapis.com/https/total_latencies", step("ALIGN_PERCENTILE_95")),
        ("certificatemanager.googleapis.com/project/v2/certificate_expiration", step("ALIGN_PERCENTILE_05")),
    ],
)
def test_taken(metric: str, aggregation: dict[str, Any]) -> None:
    assert check_condition(threshold(metric, aggregation)) == []


@pytest.mark.parametrize(
    ("metric", "aggregation", "answer"),
    [
        (LATENCIES, step("ALIGN_PERCENTILE_95"), "kind CUMULATIVE and value type DISTRIBUTION"),
        (LATENCIES, step("ALIGN_MEAN"), "kind CUMULATIVE and value type DISTRIBUTION"),
        (LATENCIES, step("ALIGN_RATE"), "kind CUMULATIVE and value type DISTRIBUTION"),
        (f"{SQL}/replication/state", step("ALIGN_MEAN"), "kind GAUGE and value type BOOL"),
        (f"{SQL}/disk/utilization", step("ALIGN_RATE"), "kind GAUGE and value type DOUBLE"),
        (f"{SQL}/disk/utilization", step("ALIGN_DELTA"), "kind GAUGE and value type DOUBLE"),
        (f"{SQL}/disk/utilization", step("ALIGN_PERCENTILE_99"), "kind GAUGE and value type DOUBLE"),
        (f"{SQL}/disk/utilization", step("ALIGN_FRACTION_TRUE"), "kind GAUGE and value type DOUBLE"),
        (f"{SQL}/postgresql/deadlock_count", step("ALIGN_NEXT_OLDER"), "kind DELTA and value type INT64"),
        (
            "run.googleapis.com/container/cpu/utilizations",
            step("ALIGN_COUNT"),
            "kind DELTA and value type DISTRIBUTION",
        ),
        ("bigquery.googleapis.com/query/count", step("ALIGN_RATE"), "kind GAUGE and value type INT64"),
    ],
)
def test_aligner_that_does_not_fit_is_refused(metric: str, aggregation: dict[str, Any], answer: str) -> None:
    found = problems(threshold(metric, aggregation))
    assert [one.rule for one in found] == ["alert-aligner-fits"]
    assert found[0].text == (
        f'Field aggregation.perSeriesAligner had an invalid value of "{aggregation["perSeriesAligner"]}": '
        f"The aligner cannot be applied to metrics with {answer}."
    )


ALIGNED = step("ALIGN_MEAN")


@pytest.mark.parametrize(
    ("rule", "condition"),
    [
        ("alert-filter-syntax", threshold(f"{SQL}/disk/utilization", ALIGNED, where="resource.labels.x =")),
        ("alert-metric-known", threshold(f"{SQL}/disk/usage", ALIGNED)),
        ("alert-metric-validated", threshold("prometheus.googleapis.com/pg_up/gauge", step("ALIGN_MIN"))),
        ("alert-metric-known", threshold("redis.googleapis.com/replication/connected_slaves", ALIGNED)),
        ("alert-metric-resource", threshold(f"{SQL}/disk/utilization", ALIGNED, resource="cloudsql_instance_database")),
        (
            "alert-metric-resource",
            threshold(
                "bigquery.googleapis.com/query/scanned_bytes_billed", step("ALIGN_SUM"), resource="bigquery_project"
            ),
        ),
        ("alert-label-known", threshold(f"{SQL}/disk/utilization", ALIGNED, where='metric.labels.database = "a"')),
        ("alert-label-known", threshold(f"{SQL}/disk/utilization", ALIGNED, where='resource.labels.instance_id = "a"')),
        (
            "alert-label-value",
            threshold(
                f"{SQL}/postgresql/num_backends_by_state", ALIGNED, where='metric.labels.state = "idle in transaction"'
            ),
        ),
        ("alert-reducer-fits", threshold(f"{SQL}/disk/utilization", step("ALIGN_MEAN", "REDUCE_COUNT_TRUE"))),
        ("alert-reducer-fits", threshold(LATENCIES, step("ALIGN_DELTA", "REDUCE_MAX"))),
        ("alert-aligner-fits", threshold(f"{SQL}/disk/utilization", {"crossSeriesReducer": "REDUCE_SUM"})),
        ("alert-aligner-fits", threshold(f"{SQL}/disk/utilization", step("ALIGN_AVERAGE"))),
        (
            "alert-group-by-known",
            threshold(f"{SQL}/disk/utilization", step("ALIGN_MEAN", "REDUCE_SUM", "resource.label.database")),
        ),
        (
            "alert-group-by-known",
            threshold(
                f"{SQL}/postgresql/num_backends",
                step("ALIGN_MEAN", "REDUCE_SUM", "resource.label.database_id"),
                step("ALIGN_MAX", "REDUCE_MAX", "metric.label.database"),
            ),
        ),
        ("alert-aligner-needed", threshold(f"{SQL}/postgresql/deadlock_count")),
        ("alert-aligner-needed", threshold(LATENCIES)),
        ("alert-value-type", threshold(LATENCIES, step("ALIGN_DELTA"))),
        ("alert-value-type", threshold(LATENCIES, step("ALIGN_DELTA", "REDUCE_SUM"))),
        ("alert-alignment-period", threshold(f"{SQL}/disk/utilization", step("ALIGN_MEAN", period="30s"))),
        ("alert-alignment-period", threshold(f"{SQL}/disk/utilization", step("ALIGN_MEAN", period="90060s"))),
        ("alert-comparison", threshold(f"{SQL}/disk/utilization", ALIGNED, comparison="COMPARISON_GE")),
        ("alert-duration", threshold(f"{SQL}/disk/utilization", ALIGNED, duration="90s")),
        (
            "alert-missing-data",
            threshold(
                f"{SQL}/disk/utilization",
                ALIGNED,
                duration="0s",
                evaluationMissingData="EVALUATION_MISSING_DATA_INACTIVE",
            ),
        ),
        ("alert-forecast", threshold(f"{SQL}/disk/utilization", ALIGNED, forecastOptions={"forecastHorizon": "3540s"})),
        (
            "alert-forecast",
            threshold(f"{SQL}/disk/utilization", ALIGNED, forecastOptions={"forecastHorizon": "216060s"}),
        ),
        ("alert-trigger", threshold(f"{SQL}/disk/utilization", ALIGNED, trigger={"count": 1, "percent": 50.0})),
        ("alert-trigger", threshold(f"{SQL}/disk/utilization", ALIGNED, trigger={"count": 0})),
        ("alert-trigger", threshold(f"{SQL}/disk/utilization", ALIGNED, trigger={"percent": 0.0})),
        ("alert-trigger", threshold(f"{SQL}/disk/utilization", ALIGNED, trigger={"percent": 100.5})),
        ("alert-condition-form", threshold(f"{SQL}/disk/utilization", ALIGNED, duration="5m")),
        (
            "alert-denominator",
            threshold(
                f"{SQL}/disk/bytes_used",
                ALIGNED,
                denominatorFilter=f'metric.type = "{SQL}/disk/quota"',
                denominatorAggregations=[step("ALIGN_MEAN", period="600s")],
            ),
        ),
        (
            "alert-threshold-filter",
            {
                "conditionThreshold": {
                    "filter": f'metric.type = "{SQL}/up"',
                    "comparison": "COMPARISON_LT",
                    "duration": "0s",
                }
            },
        ),
        (
            "alert-absence-duration",
            {"conditionAbsent": {"filter": 'metric.type="a" AND resource.type="b"', "duration": "60s"}},
        ),
        (
            "alert-absence-duration",
            {"conditionAbsent": {"filter": 'metric.type="a" AND resource.type="b"', "duration": "84660s"}},
        ),
    ],
)
def test_refused(rule: str, condition: dict[str, Any]) -> None:
    assert [one.rule for one in problems(condition)] == [rule]


@pytest.mark.parametrize(
    "changed",
    [
        {"trigger": {"count": 1}},
        {"trigger": {"percent": 100.0}},
        {"aggregations": [step("ALIGN_MEAN", period="60s")]},
        {"aggregations": [step("ALIGN_MEAN", period="90000s")]},
        {"forecastOptions": {"forecastHorizon": "3600s"}},
        {"forecastOptions": {"forecastHorizon": "216000s"}},
        {"duration": "0s"},
        {"evaluationMissingData": "EVALUATION_MISSING_DATA_INACTIVE"},
    ],
)
def test_taken_at_the_edge(changed: dict[str, Any]) -> None:
    condition = threshold(f"{SQL}/disk/utilization", ALIGNED)
    condition["conditionThreshold"] |= changed
    assert check_condition(condition) == []


@pytest.mark.parametrize(("where", "missing"), [("metric", "resource.type"), ("resource", "metric.type")])
def test_what_a_filter_lacks_is_named(where: str, missing: str) -> None:
    body = {"filter": f'{where}.type = "a"', "comparison": "COMPARISON_GT", "duration": "0s"}
    (found,) = check_condition({"conditionThreshold": body})
    assert f'must specify a restriction on "{missing}"' in found


def test_what_no_catalogue_knows_is_not_judged() -> None:
    assert (
        check_condition(threshold("custom.googleapis.com/mine", step("ALIGN_RATE"), where='metric.labels.a = "b"'))
        == []
    )
    assert (
        check_condition(threshold("logging.googleapis.com/user/copies", step("ALIGN_DELTA"), resource="gcs_bucket"))
        == []
    )


def test_a_metric_of_the_project_is_judged_by_what_it_measures() -> None:
    mine = MetricRow(kind="DELTA", type="DISTRIBUTION", unit="count", resources=("any",), labels={"log": ()})
    condition = threshold("logging.googleapis.com/user/mine", step("ALIGN_DELTA"), resource="gcs_bucket")
    assert check_condition(condition, {"logging.googleapis.com/user/mine": mine}) != []
    condition["conditionThreshold"]["aggregations"] = [step("ALIGN_PERCENTILE_99")]
    assert check_condition(condition, {"logging.googleapis.com/user/mine": mine}) == []


def test_names_of_a_program_and_of_a_plan_are_both_understood() -> None:
    condition = {
        "condition_threshold": {
            "filter": f'metric.type = "{SQL}/disk/utilization" AND resource.type = "cloudsql_database"',
            "comparison": "COMPARISON_GT",
            "threshold_value": 0.7,
            "duration": "300s",
            "aggregations": [{"alignment_period": "300s", "per_series_aligner": "ALIGN_RATE"}],
        }
    }
    assert [one.rule for one in problems(condition)] == ["alert-aligner-fits"]


@pytest.mark.parametrize("aligner", aligners())
def test_steps_of_the_table_have_a_meaning(aligner: str) -> None:
    """Each aligner fits at least one form; each reducer fits what some aligner makes of it."""
    forms = [
        Form(kind=kind, type=value)
        for kind in ("GAUGE", "DELTA", "CUMULATIVE")
        for value in ("BOOL", "INT64", "DISTRIBUTION")
    ]
    taken = [form for form in forms if aligners()[aligner].takes(form)]
    assert taken
    if aligner != "ALIGN_NONE":
        fitting = {
            name for name in reducers() for form in taken if reducers()[name].takes(aligners()[aligner].gives(form))
        }
        assert "REDUCE_COUNT" in fitting


def test_what_comes_out_of_two_aggregations() -> None:
    first = aggregated(Form(kind="CUMULATIVE", type="DISTRIBUTION"), step("ALIGN_DELTA", "REDUCE_SUM"))
    assert first == Form(kind="DELTA", type="DISTRIBUTION")
    assert aggregated(first, step("ALIGN_PERCENTILE_95")) == Form(kind="GAUGE", type="DOUBLE")


def promql(query: str, *, disabled: bool = False) -> dict[str, Any]:
    return {"conditionPrometheusQueryLanguage": {"query": query, "disableMetricValidation": disabled}}


@pytest.mark.parametrize(
    ("rule", "query"),
    [
        ("alert-promql-query", "sum by (a (up)"),
        ("alert-promql-query", "rate(up) > 0"),
        ("alert-promql-metric-known", "cloudsql_googleapis_com:database_disk_usage > 0.7"),
        ("alert-promql-metric-known", "cloudsql_googleapis_com:database_disk_utilization_bucket > 0.7"),
        ("alert-promql-metric-known", "pg_replication_lag > 30"),
        ("alert-promql-metric-validated", "pg_up == 0"),
        ("alert-promql-label-known", 'cloudsql_googleapis_com:database_disk_utilization{instance_id="a"} > 0.7'),
        ("alert-promql-label-value", 'cloudsql_googleapis_com:database_replication_state{state="RUNNING"}'),
        ("alert-promql-label-value", 'loadbalancing_googleapis_com:https_request_count{response_code_class=~"5xx"}'),
        ("alert-promql-resource", "bigquery_googleapis_com:query_count > 5"),
        ("alert-promql-distribution", "loadbalancing_googleapis_com:https_total_latencies > 5"),
    ],
)
def test_promql_refused(rule: str, query: str) -> None:
    assert [one.rule for one in problems(promql(query))] == [rule]


@pytest.mark.parametrize(
    "query",
    [
        'sum(rate(cloudsql_googleapis_com:database_disk_read_ops_count{database_id=~"p:.*"}[10m])) > 1',
        'bigquery_googleapis_com:query_count{monitored_resource="bigquery_project"} > 5',
        "histogram_quantile(0.95, rate(loadbalancing_googleapis_com:https_total_latencies_bucket[5m])) > 5",
        'absent_over_time(logging_googleapis_com:user_copies{monitored_resource="gcs_bucket"}[26h])',
    ],
)
def test_promql_taken(query: str) -> None:
    assert check_condition(promql(query)) == []


def test_a_metric_of_an_exporter_may_be_asked_for_before_it_exists() -> None:
    assert check_condition(promql('min by (instance) (pg_up{job="postgres"}) == 0', disabled=True)) == []
    assert [one.rule for one in problems(promql("pg_down == 0", disabled=True))] == ["alert-promql-metric-known"]
