"""Alerts in PromQL on simulated time series, by Prometheus' own promtool (the server group `prometheus`).

promtool speaks Prometheus' dialect: Google's metrics stand in the legacy form (infra/catalog/metric_rows.py), labels
that Managed Prometheus adds are to be given with the series.
"""

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from sandbox.monitoring.conditions import condition_of
from sandbox.servers.install import Installed, install

_ALERT = "watched"
_GROUP = "alerts"
_FIRING = f'(count(ALERTS{{alertname="{_ALERT}", alertstate="firing"}}) > bool 0) or vector(0)'
_TIMEOUT_SECONDS = 300
_REFUSED = re.compile(r'rule \d+, "(?P<name>[^"]+)": could not parse expression: (?P<why>.*)')
_DIFFERS = re.compile(r"expr: .*?, time: (?P<time>\S+),\s+exp:.*\s+got: \{\} (?P<got>\S+)")
_FILE = re.compile(r"^Unit Testing:  (?P<file>\S+)$", re.MULTILINE)


class PromtoolError(RuntimeError):
    """promtool could not do what it was asked: what it said."""


@dataclass(frozen=True)
class PromqlCase:
    """A PromQL alert, simulated series, and when it is to be firing.

    `inputs` are promtool's: a series and its values from second 0 on, `interval` apart ("1x10 0x10", "0+5x100", "_"
    where there is none). `firing` says for moments after the start ("12m") whether the alert is raised then. `duration`
    is how long the query must hold before, `evaluation` how often it is asked.
    """

    query: str
    inputs: Mapping[str, str]
    firing: Mapping[str, bool]
    duration: str = "0s"
    interval: str = "1m"
    evaluation: str = "1m"

    @classmethod
    def of(
        cls, condition: Mapping[str, Any], inputs: Mapping[str, str], firing: Mapping[str, bool], interval: str = "1m"
    ) -> Self:
        """A case of a condition as an AlertPolicy declares it; asked as often as a point comes.

        Raises ValueError for a condition that is not in PromQL.
        """
        promql = condition_of(condition).condition_prometheus_query_language
        if promql is None:
            raise ValueError("the condition is not in PromQL; sandbox.monitoring.evaluate drives the others")
        return cls(promql.query, inputs, firing, f"{promql.duration}s", interval, interval)


def check_queries(queries: Mapping[str, str], promtool: Installed | None = None) -> dict[str, str]:
    """What Prometheus' parser refuses, by the queries' names: nothing where each is good PromQL."""
    rules = [{"alert": name, "expr": query} for name, query in queries.items()]
    with tempfile.TemporaryDirectory(prefix="triptrip-promtool-") as folder:
        file = _written(Path(folder) / "rules.yml", {"groups": [{"name": _GROUP, "rules": rules}]})
        done = _run(promtool, "check", "rules", str(file))
    found = {refused["name"]: refused["why"] for refused in _REFUSED.finditer(done.stdout + done.stderr)}
    if done.returncode and not found:
        raise PromtoolError((done.stderr or done.stdout).strip())
    return found


def run_cases(cases: Sequence[PromqlCase], promtool: Installed | None = None) -> list[str]:
    """Drive each alert with its series; what came out otherwise than said, in words."""
    with tempfile.TemporaryDirectory(prefix="triptrip-promtool-") as name:
        folder = Path(name)
        files = [_test(folder, number, case) for number, case in enumerate(cases)]
        done = _run(promtool, "test", "rules", *map(str, files))
        told = done.stdout + done.stderr
    if not done.returncode:
        return []
    found = list(_differences(cases, told))
    if not found:
        raise PromtoolError(told.strip())
    return found


def _differences(cases: Sequence[PromqlCase], told: str) -> list[str]:
    starts = [*_FILE.finditer(told)]
    ends = [*(start.start() for start in starts[1:]), len(told)]
    return [
        f"{cases[int(Path(start['file']).stem)].query.strip()}: at {one['time']} it is "
        f"{'' if float(one['got']) else 'not '}firing"
        for start, end in zip(starts, ends, strict=True)
        for one in _DIFFERS.finditer(told[start.end() : end])
    ]


def _test(folder: Path, number: int, case: PromqlCase) -> Path:
    """The rule and the test of a case; the file is named by the case's number."""
    rule = {"alert": _ALERT, "expr": case.query, "for": case.duration}
    rules = _written(folder / f"rules-{number}.yml", {"groups": [{"name": _GROUP, "rules": [rule]}]})
    expected = [
        {"expr": _FIRING, "eval_time": moment, "exp_samples": [{"labels": "{}", "value": float(firing)}]}
        for moment, firing in case.firing.items()
    ]
    inputs = [{"series": series, "values": values} for series, values in case.inputs.items()]
    test = {"interval": case.interval, "input_series": inputs, "promql_expr_test": expected}
    whole = {"rule_files": [str(rules)], "evaluation_interval": case.evaluation, "tests": [test]}
    return _written(folder / f"{number}.yml", whole)


def _written(file: Path, content: Any) -> Path:
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return file


def _run(promtool: Installed | None, *words: str) -> "subprocess.CompletedProcess[str]":
    command = (promtool or install("prometheus")).command("promtool")
    return subprocess.run(  # noqa: S603 # words of this module
        [*command, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
