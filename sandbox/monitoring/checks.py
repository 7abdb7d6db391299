"""What Cloud Monitoring refuses of a condition, found before it is asked, in its words.

Wordings from issue threads: google/slo-generator#231 (aligner), terraform-provider-google#4165 (resource.type),
#11102 (unknown metric), a public runbook (combination of metric and resource, evaluation of missing data); a wording
that was recalled says so where it stands.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from infra.catalog.metric_rows import (
    ANY_RESOURCE,
    USER_METRICS,
    MetricRow,
    metric_services,
    metric_types,
    monitored_resources,
)
from sandbox.monitoring import filters
from sandbox.monitoring.aggregations import AggregationError, Form, aggregated
from sandbox.monitoring.conditions import Absence, Aggregation, Condition, Threshold, condition_of

_FORECAST_SECONDS = (3600, 216_000)
"""One to sixty hours (monitoring v3 discovery document, ForecastOptions.forecastHorizon)."""
_MINUTE = 60
_ABSENCE_SECONDS = (120, 84_600)
"""Two minutes to 23 hours and 30 minutes (discovery document; quotas and limits page, recalled 2026-11-26)."""
_PERIOD_SECONDS = (60, 90_000)
_PERCENT = 100
_LABEL_FREE = ("metadata.", "resource.type", "metric.type", "project", "group.")
"""Fields of which the catalogue knows no values."""


@dataclass(frozen=True)
class Problem:
    """Something Cloud Monitoring refuses: `rule` is the simulated cloud's name of it, `text` what Google answers."""

    rule: str
    text: str


UserMetrics = Mapping[str, MetricRow]


def check_condition(condition: Mapping[str, Any], user_metrics: UserMetrics | None = None) -> list[str]:
    """Everything that Cloud Monitoring would refuse of a declared condition, in words; nothing where it would take it.

    `condition` is one element of an AlertPolicy's conditions; `user_metrics` are the project's log-based metrics by
    their whole type, where it matters what they measure.
    """
    return [problem.text for problem in problems(condition, user_metrics)]


def problems(condition: Mapping[str, Any], user_metrics: UserMetrics | None = None) -> list[Problem]:
    """As `check_condition`, with the name of each rule."""
    try:
        parsed = condition_of(condition)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors()[0]["loc"])
        return [Problem("alert-condition-form", f"Invalid JSON payload received. {where}: {error.errors()[0]['msg']}")]
    return list(_problems(parsed, user_metrics or {}))


def _problems(parsed: Condition, user_metrics: UserMetrics) -> Iterator[Problem]:
    if parsed.condition_threshold is not None:
        yield from _threshold(parsed.condition_threshold, user_metrics)
    if parsed.condition_absent is not None:
        yield from _absence(parsed.condition_absent, user_metrics)


def _threshold(condition: Threshold, user_metrics: UserMetrics) -> Iterator[Problem]:
    field = _field("condition_threshold")
    if condition.comparison not in ("COMPARISON_GT", "COMPARISON_LT"):
        supported = "Only COMPARISON_LT and COMPARISON_GT are supported currently."
        yield Problem("alert-comparison", field("comparison", condition.comparison, supported))
    if condition.duration % _MINUTE:
        text = field("duration", f"{condition.duration}s", "must be a multiple of 60 seconds.")
        yield Problem("alert-duration", text)
    if condition.evaluation_missing_data and not condition.duration:
        text = "Conditions setting evaluation_missing_data must have a non-zero duration."
        yield Problem("alert-missing-data", field("evaluation_missing_data", condition.evaluation_missing_data, text))
    if (forecast := condition.forecast_options) is not None:
        low, high = _FORECAST_SECONDS
        if not low <= forecast.forecast_horizon <= high:
            text = f"must be between {low} and {high} seconds."
            value = f"{forecast.forecast_horizon}s"
            yield Problem("alert-forecast", field("forecast_options.forecast_horizon", value, text))
    trigger = condition.trigger
    if (trigger.count is not None and trigger.percent is not None) or not _sensible(trigger.count, trigger.percent):
        text = "must hold either a count of at least 1 or a percent above 0 and at most 100."
        yield Problem("alert-trigger", field("trigger", str(trigger), text))
    yield from _series(field, "filter", condition.filter, condition.aggregations, user_metrics)
    if condition.denominator_filter is not None:
        below = condition.denominator_aggregations
        yield from _series(field, "denominator_filter", condition.denominator_filter, below, user_metrics)
        if [one.alignment_period for one in below] != [one.alignment_period for one in condition.aggregations]:
            text = "must use the same alignment period as the aggregations."
            yield Problem("alert-denominator", field("denominator_aggregations", "", text))


def _absence(condition: Absence, user_metrics: UserMetrics) -> Iterator[Problem]:
    field = _field("condition_absent")
    low, high = _ABSENCE_SECONDS
    if not low <= condition.duration <= high or condition.duration % _MINUTE:
        text = f"must be a multiple of 60 seconds, between {low} and {high}."
        yield Problem("alert-absence-duration", field("duration", f"{condition.duration}s", text))
    yield from _series(field, "filter", condition.filter, condition.aggregations, user_metrics, compared=False)


Refusal = Callable[[str, str, str], str]


def _field(part: str) -> Refusal:
    """How Google refuses a field of a condition."""
    prefix = f"Field alert_policy.conditions[0].{part}"
    return lambda name, value, why: f'{prefix}.{name} had an invalid value of "{value}": {why}'


def _sensible(count: int | None, percent: float | None) -> bool:
    return (count is None or count >= 1) and (percent is None or 0 < percent <= _PERCENT)


def _series(  # noqa: PLR0913 - a filter with what surrounds it in a condition
    field: Refusal,
    name: str,
    text: str,
    aggregations: Sequence[Aggregation],
    user_metrics: UserMetrics,
    *,
    compared: bool = True,
) -> Iterator[Problem]:
    """What is refused of a filter and of what is made of its series."""
    try:
        tree = filters.parse(text)
    except filters.FilterError as error:
        yield Problem("alert-filter-syntax", field(name, text, str(error)))
        return
    metric, resource = (filters.the_one(tree, each) for each in ("metric.type", "resource.type"))
    if metric is None or (resource is None and name == "filter"):
        missing = "metric.type" if metric is None else "resource.type"
        why = f'must specify a restriction on "{missing}" in the filter'
        yield Problem("alert-threshold-filter", field(name, text, why))
        return
    for aggregation in aggregations:
        yield from _period(field, aggregation)
    row = metric_types().get(metric) or user_metrics.get(metric)
    if row is None:
        if metric.split("/", 1)[0] in metric_services() and not metric.startswith(USER_METRICS):
            # terraform-provider-google#11102
            wait = "If a metric was created recently, it could take up to 10 minutes to become available."
            why = f'Cannot find metric that matches type = "{metric}". {wait} Please try again soon.'
            yield Problem("alert-metric-known", why)
        return
    if resource and row.resources != (ANY_RESOURCE,) and resource not in row.resources:
        why = "The supplied filter does not specify a valid combination of metric and monitored resource descriptors."
        yield Problem("alert-metric-resource", f"{why} The query will not return any time series.")
        return
    yield from _labels(tree, row, resource)
    yield from _forms(field, row, resource, aggregations, compared=compared)


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


def _forms(
    field: Refusal, row: MetricRow, resource: str | None, aggregations: Sequence[Aggregation], *, compared: bool
) -> Iterator[Problem]:
    """What is refused of the aggregations: steps that do not fit, fields that are not there, no number at the end."""
    form, known = Form(kind=row.kind, type=row.type), _known_labels(row, resource)
    for aggregation in aggregations:
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
    if not compared:
        return
    aligned = any(one.per_series_aligner != "ALIGN_NONE" for one in aggregations)
    if row.kind != "GAUGE" and not aligned:
        why = f"A per-series aligner is needed for metrics with kind {row.kind}."
        yield Problem("alert-aligner-needed", field("aggregations", "", why))
    elif form.type == "DISTRIBUTION":
        why = "The time series must have a numeric value type after the aggregations; they have DISTRIBUTION."
        yield Problem("alert-value-type", field("aggregations", "", why))
