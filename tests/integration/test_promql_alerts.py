"""Alerts written in PromQL, driven by promtool: each is told when it should be, and not before."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.catalog.monitoring_rows import alerts
from infra.derive.alerts import AlertPlan
from infra.derive.platform import derive
from sandbox.monitoring.promtool import PromqlCase, check_queries, run_cases
from sandbox.servers.install import Installed
from tests.stacks import settings_of

CASES: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("promql_alerts.yaml").read_text(encoding="utf-8")
)
QUERIES = sorted(name for name, row in alerts().items() if row.promql)


@cache
def plans() -> dict[str, list[AlertPlan]]:
    """The policies of prod by alert."""
    monitoring = derive(settings_of("prod")).monitoring
    assert monitoring is not None
    found: dict[str, list[AlertPlan]] = {}
    for each in monitoring.alerts:
        found.setdefault(each.alert, []).append(each)
    return found


def test_every_query_is_driven() -> None:
    assert sorted(CASES) == QUERIES


def test_prometheus_parses_every_query(promtool: Installed) -> None:
    queries = {
        each.key: condition["condition_prometheus_query_language"]["query"]
        for name in QUERIES
        for each in plans()[name]
        for condition in each.conditions
    }
    assert check_queries(queries, promtool) == {}


@pytest.mark.parametrize("name", QUERIES)
def test_an_alert_is_told_when_its_series_are_beyond_the_threshold(name: str, promtool: Installed) -> None:
    asked = CASES[name]
    cases = [
        PromqlCase.of(
            policy.conditions[0],
            case["inputs"],
            {moment: policy.severity in told for moment, told in case["at"].items()},
            asked["interval"],
        )
        for case in asked["cases"]
        for policy in plans()[name]
    ]
    assert run_cases(cases, promtool) == []
