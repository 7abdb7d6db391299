"""What Cloud Monitoring says against an alert's condition, rule by rule, for rules/monitoring.yaml."""

import functools
import json
from collections.abc import Mapping
from typing import Any

from sandbox.monitoring.checks import problems
from sandbox.monitoring.user_metrics import user_metrics


def condition_problem(rule: str, condition: Mapping[str, Any], log_metrics: list[Mapping[str, Any]]) -> str:
    """What one rule says against a condition, in Google's words; nothing where it takes it.

    `log_metrics` are the project's log-based metrics, since what they measure decides what may be made of them.
    """
    found = _problems(json.dumps([condition, log_metrics], sort_keys=True))
    return next((text for name, text in found if name == rule), "")


@functools.lru_cache(maxsize=64)
def _problems(asked: str) -> list[tuple[str, str]]:
    """Kept for the next rule, which asks of the same condition."""
    condition, log_metrics = json.loads(asked)
    return [(one.rule, one.text) for one in problems(condition, user_metrics(log_metrics))]
