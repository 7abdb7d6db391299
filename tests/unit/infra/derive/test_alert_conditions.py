"""Conditions of the declared alerts: Google takes each, and series beyond its threshold raise it, others do not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from infra.catalog.metric_rows import MetricRow, metric_types
from infra.catalog.monitoring_rows import alerts
from infra.derive.alerts import AlertPlan
from infra.derive.platform import derive
from sandbox.monitoring import Distribution, Series, check_condition, evaluate
from sandbox.monitoring.filters import parse, restrictions
from tests.stacks import VALKEY, settings_of

RESERVED: dict[str, Any] = {
    "bigquery": {
        "cost": {
            "kind": "reservation",
            "perDay": None,
            "perUserPerDay": None,
            "edition": "ENTERPRISE",
            "baselineSlots": 100,
            "maximumSlots": 200,
        }
    }
}
"""Slots in place of a quota."""


def _plans() -> dict[str, AlertPlan]:
    found: dict[str, AlertPlan] = {}
    for changes in ({}, RESERVED, VALKEY):
        plan = derive(settings_of("prod", changes)).monitoring
        assert plan is not None
        found |= {each.key: each for each in plan.alerts}
    return found


PLANS = _plans()
CONDITIONS = [
    pytest.param(plan, condition, id=f"{key}-{index}")
    for key, plan in PLANS.items()
    for index, condition in enumerate(plan.conditions)
]
THRESHOLDS = [
    pytest.param(plan, condition, id=f"{key}-{index}")
    for key, plan in PLANS.items()
    for index, condition in enumerate(plan.conditions)
    if "condition_threshold" in condition
]

WITH_DATA = [each for each in THRESHOLDS if "evaluation_missing_data" not in str(each.values[1])]
"""Those that are not raised for want of data."""


@pytest.mark.parametrize(("plan", "condition"), CONDITIONS)
def test_google_takes_the_condition(plan: AlertPlan, condition: Mapping[str, Any]) -> None:
    assert check_condition(condition) == [], plan.key


@pytest.mark.parametrize(("plan", "condition"), THRESHOLDS)
def test_series_beyond_the_threshold_raise_the_alert(plan: AlertPlan, condition: Mapping[str, Any]) -> None:
    [interval] = evaluate(condition, _series(condition, is_beyond=True), until=_end(condition))
    lasting = int(condition["condition_threshold"]["duration"].removesuffix("s"))
    assert interval.end is None
    assert interval.start >= lasting
    assert plan.alert


@pytest.mark.parametrize(("plan", "condition"), THRESHOLDS)
def test_series_on_the_right_side_of_the_threshold_raise_nothing(plan: AlertPlan, condition: Mapping[str, Any]) -> None:
    assert evaluate(condition, _series(condition, is_beyond=False), until=_end(condition)) == [], plan.key


@pytest.mark.parametrize(("plan", "condition"), WITH_DATA)
def test_another_projects_resources_raise_nothing(plan: AlertPlan, condition: Mapping[str, Any]) -> None:
    strangers = [
        replace(each, resource_labels={name: f"x{value}" for name, value in each.resource_labels.items()})
        for each in _series(condition, is_beyond=True)
    ]
    assert evaluate(condition, strangers, until=_end(condition)) == [], plan.key


@pytest.mark.parametrize("name", [name for name, row in alerts().items() if row.threshold and row.threshold.missing])
def test_a_resource_that_tells_nothing_is_as_bad_as_one_that_tells_of_trouble(name: str) -> None:
    [condition] = PLANS[f"{name}-critical"].conditions
    silent = [
        replace(each, points={at: value for at, value in each.points.items() if at <= _end(condition) // 2})
        for each in _series(condition, is_beyond=False)
    ]
    assert evaluate(condition, silent, until=_end(condition)) != []


def _series(condition: Mapping[str, Any], *, is_beyond: bool) -> list[Series]:
    """Series of every resource that the condition is about, a little beyond its threshold or a little short of it."""
    asked = condition["condition_threshold"]
    wanted = {each.field: each.values for each in restrictions(parse(asked["filter"]))}
    [metric], [resource] = wanted.pop("metric.type"), wanted.pop("resource.type")
    [aggregation] = asked["aggregations"]
    above = asked["comparison"] == "COMPARISON_GT"
    threshold = asked["threshold_value"]
    level, count = threshold if threshold == 0 and not is_beyond else _level(threshold, more=above == is_beyond), 1
    if aggregation.get("cross_series_reducer") == "REDUCE_COUNT":
        level, count = 0.0, int(threshold) - is_beyond
    return [
        Series(
            metric,
            _points(metric_types()[metric], level, aggregation),
            resource_labels=_labels("resource", {**wanted, field: (value,)}),
            metric_labels={**_labels("metric", wanted), "number": str(number)},
            resource=resource,
        )
        for field in wanted
        if field.startswith("resource.")
        for value in wanted[field]
        for number in range(count)
    ]


def _end(condition: Mapping[str, Any]) -> int:
    [aggregation] = condition["condition_threshold"]["aggregations"]
    return _HOURS + _period(aggregation)


def _period(aggregation: Mapping[str, Any]) -> int:
    return int(aggregation["alignment_period"].removesuffix("s"))


_HOURS = 2 * 3600
"""How long a series is driven beside the alignment period: longer than any alert lasts."""


def _labels(kind: str, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {field.rpartition(".")[2]: values[0] for field, values in wanted.items() if field.startswith(f"{kind}.")}


def _level(threshold: float, *, more: bool) -> float:
    """A figure a little on one side of the threshold."""
    step = abs(threshold) * 0.02 or 1
    return threshold + step if more else threshold - step


def _points(row: MetricRow, level: float, aggregation: Mapping[str, Any]) -> dict[int, Any]:
    """A point a minute, so that each period comes to the level after alignment."""
    period = _period(aggregation)
    minutes = range(60, _HOURS + period + 1, 60)
    if row.type == "DISTRIBUTION":
        bounds = (level * 0.99, level * 1.01)
        return {at: Distribution(bounds, (0, at, 0)) for at in minutes}
    per_minute = {"ALIGN_RATE": level * 60, "ALIGN_DELTA": level * 60 / period, "ALIGN_SUM": level * 60 / period}
    value = per_minute.get(aggregation["per_series_aligner"], level)
    return {at: value * at / 60 if row.kind == "CUMULATIVE" else value for at in minutes}
