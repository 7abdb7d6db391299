"""What Cloud Monitoring refuses of a filter and of what is made of the series it chooses, in alerts and in charts.

Wordings from issue threads: google/slo-generator#231 (aligner), terraform-provider-google#4165 (resource.type), #10325
(label), #11102 (unknown metric), a user's note on BigQuery's metrics (metric and resource); others are recalled.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.catalog.metric_rows import (
    ANY_RESOURCE,
    EXPORTERS_RESOURCE,
    USER_METRICS,
    MetricRow,
    metric_services,
    metric_types,
    monitored_resources,
)
from sandbox.monitoring import filters
from sandbox.monitoring.aggregations import AggregationError, Form, aggregated
from sandbox.monitoring.conditions import Aggregation
from sandbox.monitoring.promql_checks import unknown_metric

_PERIOD_SECONDS = (60, 90_000)
_LABEL_FREE = ("metadata.", "resource.type", "metric.type", "project", "group.")
"""Fields of which the catalogue knows no values."""

UserMetrics = Mapping[str, MetricRow]
"""A project's log-based metrics by their whole type."""
Refusal = Callable[[str, str, str], str]
"""Google's refusal of a field: its name, its value, why."""


@dataclass(frozen=True)
class Problem:
    """Something Cloud Monitoring refuses: `rule` is the simulated cloud's name of it, `text` what Google answers."""

    rule: str
    text: str


@dataclass(frozen=True)
class Asked:
    """A filter and what is made of its series: how Google names its fields, and what else is asked of it.

    `compared` where a number must come out at the end, `bound` where the filter must name its resource type.
    """

    field: Refusal
    filter: str
    aggregations: Sequence[Aggregation]
    name: str = "filter"
    compared: bool = True
    bound: bool = True


def series_problems(asked: Asked, user_metrics: UserMetrics) -> Iterator[Problem]:
    """What is refused of a filter and of what is made of its series."""
    field, name, text = asked.field, asked.name, asked.filter
    try:
        tree = filters.parse(text)
    except filters.FilterError as error:
        yield Problem("alert-filter-syntax", field(name, text, str(error)))
        return
    metric, resource = (filters.the_one(tree, each) for each in ("metric.type", "resource.type"))
    if metric is None or (resource is None and asked.bound):
        missing = "metric.type" if metric is None else "resource.type"
        why = f'must specify a restriction on "{missing}" in the filter'
        yield Problem("alert-threshold-filter", field(name, text, why))
        return
    for aggregation in asked.aggregations:
        yield from _period(field, aggregation)
    row = metric_types().get(metric) or user_metrics.get(metric)
    if row is None:
        if metric.split("/", 1)[0] in metric_services() and not metric.startswith(USER_METRICS):
            yield Problem("alert-metric-known", unknown_metric(metric))
        return
    if row.resources == (EXPORTERS_RESOURCE,):
        # It exists once it has had its first point: only PromQL can be told not to look for it.
        yield Problem("alert-metric-validated", unknown_metric(metric))
    if resource and row.resources != (ANY_RESOURCE,) and resource not in row.resources:
        why = "The supplied filter does not specify a valid combination of metric and monitored resource descriptors."
        yield Problem("alert-metric-resource", f"{why} The query will not return any time series.")
        return
    yield from _labels(tree, row, resource)
    yield from _forms(asked, row, resource)


def _period(field: Refusal, aggregation: Aggregation) -> Iterator[Problem]:
    low, high = _PERIOD_SECONDS
    if aggregation.per_series_aligner != "ALIGN_NONE" and not low <= aggregation.alignment_period <= high:
        value, why = f"{aggregation.alignment_period}s", f"must be between {low} and {high} seconds."
        yield Problem("alert-alignment-period", field("aggregations[0].alignment_period", value, why))


def _known_labels(row: MetricRow, resource: str | None) -> frozenset[str]:
    types = monitored_resources()
    given = types.get(resource or "")
    every = [given.labels] if given else [one.labels for one in types.values()]
    of_resource = {f"resource.labels.{label}" for labels in every for label in labels}
    return frozenset(of_resource | {f"metric.labels.{label}" for label in row.labels})


def _labels(tree: filters.Filter, row: MetricRow, resource: str | None) -> Iterator[Problem]:
    known = _known_labels(row, resource)
    for restriction in filters.restrictions(tree):
        name = restriction.field
        if name.startswith(_LABEL_FREE):
            continue
        if name not in known:
            # terraform-provider-google#10325
            why = "The metric referenced by the provided filter is unknown. Check the metric name and labels."
            yield Problem("alert-label-known", f"{why} ({name})")
        elif name.startswith("metric.labels.") and restriction.test in ("equals", "one_of"):
            values = row.labels[name.removeprefix("metric.labels.")]
            for value in sorted(set(restriction.values) - set(values) if values else ()):
                yield Problem("alert-label-value", f"{name} is never {value!r}; it is one of {', '.join(values)}")


def _forms(asked: Asked, row: MetricRow, resource: str | None) -> Iterator[Problem]:
    """What is refused of the aggregations: steps that do not fit, fields that are not there, no number at the end."""
    form, known, field = Form(kind=row.kind, type=row.type), _known_labels(row, resource), asked.field
    for aggregation in asked.aggregations:
        wanted = [filters.field_name(one) for one in aggregation.group_by_fields]
        for name in wanted:
            if not name.startswith(_LABEL_FREE) and name not in known:
                why = f"The field {name} is not a label of the metric or of its monitored resource."
                yield Problem("alert-group-by-known", field("aggregations[0].group_by_fields", name, why))
        try:
            form = aggregated(form, aggregation.model_dump(by_alias=True))
        except AggregationError as error:
            yield Problem(error.rule, str(error))
            return
        if aggregation.cross_series_reducer != "REDUCE_NONE":
            known = frozenset(wanted)
    if not asked.compared:
        return
    aligned = any(one.per_series_aligner != "ALIGN_NONE" for one in asked.aggregations)
    if row.kind != "GAUGE" and not aligned:
        why = f"A per-series aligner is needed for metrics with kind {row.kind}."
        yield Problem("alert-aligner-needed", field("aggregations", "", why))
    elif form.type == "DISTRIBUTION":
        why = "The time series must have a numeric value type after the aggregations; they have DISTRIBUTION."
        yield Problem("alert-value-type", field("aggregations", "", why))
