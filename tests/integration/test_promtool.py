"""Alerts in PromQL, parsed and driven by Prometheus' own promtool."""

from pathlib import Path

import pytest
import yaml

from sandbox.monitoring.promtool import PromqlCase, PromtoolError, check_queries, run_cases
from sandbox.servers.install import Installed

QUERIES = Path(__file__).parents[1] / "unit" / "sandbox" / "monitoring" / "promql_queries.yaml"
DISK = 'cloudsql_googleapis_com:database_disk_utilization{database_id="p:a"}'


def test_what_the_parser_refuses_is_told_by_name(promtool: Installed) -> None:
    queries = {
        "good": "sum by (database_id) (rate(cloudsql_googleapis_com:database_postgresql_transaction_count[10m])) > 0.5",
        "range": "rate(up) > 0",
        "brackets": "sum by (a (up)",
    }
    found = check_queries(queries, promtool)
    assert set(found) == {"range", "brackets"}
    assert "expected type range vector" in found["range"]


def test_an_alert_is_raised_once_its_query_held_long_enough(promtool: Installed) -> None:
    condition = {"conditionPrometheusQueryLanguage": {"query": f"{DISK} > 0.7", "duration": "300s"}}
    # Minutes 0 to 9 below, from minute 10 on above.
    inputs = {DISK: "0.5x9 0.9x20"}
    right = {"9m": False, "14m": False, "15m": True, "25m": True}
    assert run_cases([PromqlCase.of(condition, inputs, right)], promtool) == []
    wrong = PromqlCase.of(condition, inputs, {"14m": True, "15m": False, "16m": True})
    assert run_cases([PromqlCase.of(condition, inputs, right), wrong], promtool) == [
        f"{DISK} > 0.7: at 14m it is not firing",
        f"{DISK} > 0.7: at 15m it is firing",
    ]


def test_days_are_driven_in_larger_steps(promtool: Installed) -> None:
    count = "cloudsql_googleapis_com:database_postgresql_transaction_count"
    query = f"sum(rate({count}[1h])) / sum(rate({count}[7d])) < 0.5"
    # Two hundred an hour for eight days, then fifty: below half of the week's mean from the first whole hour on.
    inputs = {f'{count}{{database_id="p:a"}}': "0+100x384 38450+25x20"}
    case = PromqlCase(query, inputs, {"8d": False, "200h": True}, interval="30m", evaluation="30m")
    assert run_cases([case], promtool) == []


def test_what_promtool_cannot_read_is_told(promtool: Installed) -> None:
    with pytest.raises(PromtoolError):
        run_cases([PromqlCase("sum by (a (up)", {}, {"1m": True})], promtool)
    with pytest.raises(PromtoolError):
        run_cases([PromqlCase("up", {"up": "no values"}, {"1m": True})], promtool)
    with pytest.raises(ValueError, match="not in PromQL"):
        PromqlCase.of({"conditionThreshold": {"filter": "", "comparison": "", "duration": "0s"}}, {}, {})


def test_promtool_judges_as_the_parser_does_that_is_there_without_it(promtool: Installed) -> None:
    queries = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    named = {f"good{number}": query for number, query in enumerate(queries["good"])}
    assert check_queries(named, promtool) == {}
    # One by one: promtool does not read a file's other rules where one has no query at all.
    for query in queries["bad"]:
        try:
            found = check_queries({"bad": query}, promtool)
        except PromtoolError:
            found = {"bad": "no query"}
        assert found, query
