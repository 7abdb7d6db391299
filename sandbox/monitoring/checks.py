"""What Cloud Monitoring refuses of a condition, found before it is asked, in its words.

Source: monitoring v3 discovery document (PyPI google-api-python-client 2.202), MetricThreshold, MetricAbsence. The
rules of sandbox/cloud/rules/monitoring.yaml say which wordings were recalled.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from sandbox.monitoring.conditions import Absence, Condition, Threshold, condition_of
from sandbox.monitoring.promql_checks import promql_problems
from sandbox.monitoring.series_checks import Asked, Problem, Refusal, UserMetrics, series_problems

_FORECAST_SECONDS = (3600, 216_000)
"""One to sixty hours (monitoring v3 discovery document, ForecastOptions.forecastHorizon)."""
_MINUTE = 60
_ABSENCE_SECONDS = (120, 84_600)
"""Two minutes to 23 hours and 30 minutes (discovery document; quotas and limits page, recalled 2026-11-26)."""
_PERCENT = 100


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
    if parsed.condition_prometheus_query_language is not None:
        found = promql_problems(parsed.condition_prometheus_query_language)
        yield from (Problem(rule, text) for rule, text in found)


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
    yield from series_problems(Asked(field, condition.filter, condition.aggregations), user_metrics)
    if condition.denominator_filter is not None:
        below = condition.denominator_aggregations
        denominator = Asked(field, condition.denominator_filter, below, "denominator_filter", bound=False)
        yield from series_problems(denominator, user_metrics)
        if [one.alignment_period for one in below] != [one.alignment_period for one in condition.aggregations]:
            text = "must use the same alignment period as the aggregations."
            yield Problem("alert-denominator", field("denominator_aggregations", "", text))


def _absence(condition: Absence, user_metrics: UserMetrics) -> Iterator[Problem]:
    field = _field("condition_absent")
    low, high = _ABSENCE_SECONDS
    if not low <= condition.duration <= high or condition.duration % _MINUTE:
        text = f"must be a multiple of 60 seconds, between {low} and {high}."
        yield Problem("alert-absence-duration", field("duration", f"{condition.duration}s", text))
    yield from series_problems(Asked(field, condition.filter, condition.aggregations, compared=False), user_metrics)


def _field(part: str) -> Refusal:
    """How Google refuses a field of a condition."""
    prefix = f"Field alert_policy.conditions[0].{part}"
    return lambda name, value, why: f'{prefix}.{name} had an invalid value of "{value}": {why}'


def _sensible(count: int | None, percent: float | None) -> bool:
    return (count is None or count >= 1) and (percent is None or 0 < percent <= _PERCENT)
