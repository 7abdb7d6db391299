"""The catalogue of metrics holds together, and says what Google's pages say of the metrics that alerts stand on."""

import re

import pytest

from infra.catalog.metric_rows import (
    ANY_RESOURCE,
    metric_services,
    metric_types,
    monitored_resources,
    prometheus_name,
    prometheus_names,
)

LABEL = re.compile(r"[a-z][a-z0-9_]*")


@pytest.mark.parametrize("name", metric_types())
def test_row_names_known_resources_and_labels_that_a_filter_can_hold(name: str) -> None:
    row = metric_types()[name]
    assert row.resources
    assert set(row.resources) <= {ANY_RESOURCE, *monitored_resources()}
    assert all(LABEL.fullmatch(label) for label in row.labels)
    assert (row.type == "BOOL") <= (row.unit == "boolean" and row.kind == "GAUGE")


@pytest.mark.parametrize("name", monitored_resources())
def test_a_resource_lies_in_a_project(name: str) -> None:
    assert {"project_id", "resource_container"} & set(monitored_resources()[name].labels)


def test_a_metric_of_the_exporters_shares_no_label_with_what_it_is_scraped_from() -> None:
    # It would be renamed to exported_<label>, or take the place of the target's.
    of_target = set(monitored_resources()["prometheus_target"].labels)
    for name, row in metric_types().items():
        if "prometheus_target" in row.resources:
            assert not of_target & set(row.labels), name


def test_names_in_promql_are_unique_and_plain() -> None:
    assert len(prometheus_names()) == len(metric_types())
    assert all(re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name) for name in prometheus_names())


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("cloudsql.googleapis.com/database/disk/utilization", "cloudsql_googleapis_com:database_disk_utilization"),
        ("logging.googleapis.com/user/copies-of/postgres", "logging_googleapis_com:user_copies_of_postgres"),
        ("prometheus.googleapis.com/pg_up/gauge", "pg_up"),
        ("prometheus.googleapis.com/pg_statements_calls_total/counter", "pg_statements_calls_total"),
    ],
)
def test_name_in_promql(metric: str, name: str) -> None:
    assert prometheus_name(metric) == name


@pytest.mark.parametrize(
    ("metric", "kind", "value", "unit", "resource"),
    [
        ("cloudsql.googleapis.com/database/disk/utilization", "GAUGE", "DOUBLE", "share", "cloudsql_database"),
        ("cloudsql.googleapis.com/database/replication/replica_lag", "GAUGE", "DOUBLE", "s", "cloudsql_database"),
        ("cloudsql.googleapis.com/database/replication/network_lag", "GAUGE", "INT64", "s", "cloudsql_database"),
        (
            "cloudsql.googleapis.com/database/postgresql/insights/aggregate/latencies",
            "CUMULATIVE",
            "DISTRIBUTION",
            "us",
            "cloudsql_instance_database",
        ),
        ("redis.googleapis.com/replication/master/slaves/lag", "GAUGE", "INT64", "s", "redis_instance"),
        ("redis.googleapis.com/replication/offset_diff", "GAUGE", "INT64", "bytes", "redis_instance"),
        ("bigquery.googleapis.com/query/scanned_bytes_billed", "DELTA", "INT64", "bytes", "global"),
        ("loadbalancing.googleapis.com/https/request_count", "DELTA", "INT64", "count", "https_lb_rule"),
        ("run.googleapis.com/job/completed_execution_count", "DELTA", "INT64", "count", "cloud_run_job"),
    ],
)
def test_metrics_that_are_easily_mistaken(metric: str, kind: str, value: str, unit: str, resource: str) -> None:
    row = metric_types()[metric]
    assert (row.kind, row.type, row.unit, row.resources) == (kind, value, unit, (resource,))


def test_every_store_of_googles_is_known() -> None:
    assert {"cloudsql", "redis", "memorystore", "pubsub", "bigquery", "loadbalancing", "run", "workflows"} <= {
        service.partition(".")[0] for service in metric_services()
    }
