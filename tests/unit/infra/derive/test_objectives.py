"""What is promised of the platform's own programs, and that it can be measured."""

import re

import pytest

from infra.catalog.metric_rows import metric_types, monitored_resources
from infra.catalog.monitoring_rows import alerts
from infra.catalog.objective_rows import objectives
from infra.derive.objectives import ObjectivePlan
from infra.derive.platform import derive
from tests.stacks import ANOTHERS_WORKER, settings_of

LABEL = re.compile(r"(resource|metric)\.([a-z_]+)")


def promised(**changes: object) -> dict[str, ObjectivePlan]:
    monitoring = derive(settings_of("prod", changes)).monitoring
    assert monitoring is not None
    return {plan.key: plan for plan in monitoring.objectives}


@pytest.mark.parametrize("name", objectives())
def test_a_promise_is_about_a_distribution_and_labels_that_it_has(name: str) -> None:
    row = objectives()[name]
    metric = metric_types()[row.metric]
    assert metric.type == "DISTRIBUTION"
    assert row.resource in metric.resources
    held = {"resource": set(monitored_resources()[row.resource].labels), "metric": set(metric.labels)}
    for place in row.where:
        kind, label = LABEL.fullmatch(place).groups()  # type: ignore[union-attr] # one that is no label fails here
        assert label in held[kind]


def test_the_worker_is_held_to_two_seconds_by_its_own_figures() -> None:
    plan = promised()["invalidation-lag"]
    assert (plan.most, plan.goal, plan.days) == (2, 0.99, 28)
    assert 'resource.labels.namespace = "triptrip-prod-invalidator"' in plan.filter
    assert "$" not in plan.filter


def test_the_alert_begins_where_the_promise_ends() -> None:
    assert alerts()["invalidation-lag"].warning == f"{objectives()['invalidation-lag'].most:g} s"


def test_nothing_is_promised_of_what_the_stack_does_not_run() -> None:
    assert promised(**ANOTHERS_WORKER) == {}
