"""What Cloud Monitoring says against an alert's condition, for rules/monitoring.yaml."""

from collections.abc import Mapping
from typing import Any

from sandbox.monitoring.checks import problems
from sandbox.monitoring.user_metrics import user_metrics


def condition_problems(condition: Mapping[str, Any], log_metrics: list[Mapping[str, Any]]) -> dict[str, str]:
    """What is said against a condition, in Google's words, by the name of the rule: the first of each.

    `log_metrics` are the project's log-based metrics, since what they measure decides what may be made of them.
    """
    found: dict[str, str] = {}
    for problem in problems(condition, user_metrics(log_metrics)):
        found.setdefault(problem.rule, problem.text)
    return found
