"""What Cloud Monitoring refuses of a condition in PromQL, or takes and never answers.

Source: Cloud Monitoring documentation, "PromQL in Cloud Monitoring" (monitored_resource, distributions; read 2026-11);
terraform-provider-google#11102 and #15242 (wording of an unknown metric).
"""

import re
from collections.abc import Iterator

from infra.catalog.metric_rows import (
    ANY_RESOURCE,
    EXPORTERS_RESOURCE,
    USER_METRICS,
    MetricRow,
    metric_services,
    metric_types,
    monitored_resources,
    prometheus_name,
    prometheus_names,
)
from sandbox.monitoring.conditions import Promql
from sandbox.monitoring.promql import PromqlError, Selector, selectors

_FIELD = "Field alert_policy.conditions[0].condition_prometheus_query_language.query had an invalid value"
_SUFFIXES = ("_bucket", "_count", "_sum")
"""What a distribution is in PromQL."""
_USER_METRICS = prometheus_name(f"{USER_METRICS}x")[:-1]
_GOOGLES = ("monitored_resource", "project_id", "le")
"""Labels that stand beside a metric's own: which resource type is meant, in which project, and a bucket's bound."""


def promql_problems(condition: Promql) -> Iterator[tuple[str, str]]:
    """What is refused, each with the name of its rule."""
    try:
        asked = selectors(condition.query)
    except PromqlError as error:
        yield "alert-promql-query", f"{_FIELD}: {error}"
        return
    for selector in asked:
        yield from _selector(selector, exists=condition.disable_metric_validation)


def _selector(selector: Selector, *, exists: bool) -> Iterator[tuple[str, str]]:
    """What is refused of one selector; `exists` where Google is told not to look for the metric."""
    name = selector.name
    if name.startswith(_USER_METRICS):
        return
    metric, base = _metric(name)
    if metric is None:
        if ":" not in name or name.split(":", 1)[0] in {service.replace(".", "_") for service in metric_services()}:
            yield "alert-promql-metric-known", unknown_metric(name)
        return
    row = metric_types()[metric]
    if row.resources == (EXPORTERS_RESOURCE,) and not exists:
        # An exporter's metric exists once it has had its first point, which is after the first deployment.
        yield "alert-promql-metric-validated", unknown_metric(name)
    if row.type == "DISTRIBUTION" and name == base:
        yield "alert-promql-distribution", f"{_FIELD}: {name} is a distribution: use one of {', '.join(_SUFFIXES)}"
    if (len(row.resources) > 1 or row.resources == (ANY_RESOURCE,)) and "monitored_resource" not in selector.matchers:
        why = f"{name} is written for several resource types: give monitored_resource"
        yield "alert-promql-resource", f"{_FIELD}: {why}"
    yield from _labels(selector, row)


def _metric(name: str) -> tuple[str | None, str]:
    """The metric type of a name, and its name without what only a distribution has at its end."""
    names = prometheus_names()
    if name in names:
        return names[name], name
    base = next((name.removesuffix(end) for end in _SUFFIXES if name.endswith(end)), name)
    metric = names.get(base)
    return (metric, base) if metric and metric_types()[metric].type == "DISTRIBUTION" else (None, name)


def _labels(selector: Selector, row: MetricRow) -> Iterator[tuple[str, str]]:
    resources = monitored_resources()
    every = [resources[one].labels for one in row.resources if one in resources] or [
        one.labels for one in resources.values()
    ]
    known = {*_GOOGLES, *row.labels, *(label for labels in every for label in labels)}
    for label, (operator, value) in selector.matchers.items():
        if label not in known:
            yield "alert-promql-label-known", f"{_FIELD}: {selector.name} has no label {label!r}"
        elif (values := row.labels.get(label)) and not any(_accepts(operator, value, one) for one in values):
            text = f"{label} of {selector.name} is never {operator}{value!r}; it is one of {', '.join(values)}"
            yield "alert-promql-label-value", text


def _accepts(operator: str, value: str, text: str) -> bool:
    found = re.fullmatch(value, text) is not None if "~" in operator else value == text
    return found != operator.startswith("!")


def unknown_metric(name: str) -> str:
    """What Google answers for a metric that does not exist yet, or never will."""
    wait = "If a metric was created recently, it could take up to 10 minutes to become available."
    return f'Cannot find metric that matches type = "{name}". {wait} Please try again soon.'
