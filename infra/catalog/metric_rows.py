"""Typed rows of metrics/: what Cloud Monitoring measures of which resource, and what the platform's exporters add.

A query names a metric in two ways: a filter by its type (`cloudsql.googleapis.com/database/disk/utilization`), PromQL
by a name without slashes (`cloudsql_googleapis_com:database_disk_utilization`); managed Prometheus keeps an exporter's.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from infra.catalog.rows import Row, files, read

MetricKind = Literal["GAUGE", "DELTA", "CUMULATIVE"]
ValueType = Literal["BOOL", "INT64", "DOUBLE", "DISTRIBUTION"]
MetricUnit = Literal["share", "percent", "count", "bytes", "s", "ms", "us", "cpu-s", "boolean"]

ANY_RESOURCE = "any"
"""Stands in a row's resources where a metric is written for every type that logs."""
EXPORTERS_RESOURCE = "prometheus_target"
"""The resource type of every metric that an exporter of the platform writes."""
USER_METRICS = "logging.googleapis.com/user/"
"""Prefix of a project's own log-based metrics, which no catalogue can hold."""
_PROMETHEUS = "prometheus.googleapis.com/"
_FOLDER = "metrics"
_RESOURCES = f"{_FOLDER}/resources.yaml"


class MetricRow(Row):
    """A metric type; the keys are explained in metrics/cloudsql.yaml."""

    kind: MetricKind
    type: ValueType
    unit: MetricUnit
    resources: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]] = {}
    confidence: Literal["documented", "recalled"] = "documented"


class MonitoredResource(Row):
    """A monitored resource type: the labels that tell one resource from another."""

    labels: tuple[str, ...]


@cache
def metric_types() -> Mapping[str, MetricRow]:
    """Metric types by their whole name."""
    return {
        f"{file['prefix']}/{name}": MetricRow(**row)
        for path in files(_FOLDER)
        if path != _RESOURCES
        for file in (read(path),)
        for name, row in file["rows"].items()
    }


@cache
def metric_services() -> frozenset[str]:
    """The services whose metrics the catalogue knows: an unknown one of these is an error, of others it is nothing."""
    return frozenset(name.split("/", 1)[0] for name in metric_types())


@cache
def monitored_resources() -> Mapping[str, MonitoredResource]:
    """Monitored resource types by name."""
    return {name: MonitoredResource(**row) for name, row in read(_RESOURCES)["rows"].items()}


@cache
def prometheus_names() -> Mapping[str, str]:
    """Metric types by their name in PromQL, in the form that every Prometheus parses."""
    return {prometheus_name(metric): metric for metric in metric_types()}


def prometheus_name(metric: str) -> str:
    """A metric type's name in PromQL.

    The first slash becomes a colon, every other character that Prometheus does not take an underscore; a metric of the
    exporters keeps its own name. Source: Cloud Monitoring documentation, PromQL ("Mapping Cloud Monitoring metrics to
    PromQL"), the legacy form: promtool before version 3 takes no quoted names.
    """
    if metric.startswith(_PROMETHEUS):
        return metric.removeprefix(_PROMETHEUS).rsplit("/", 1)[0]
    service, path = metric.split("/", 1)
    return f"{_underscored(service)}:{_underscored(path)}"


def _underscored(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in text)
