"""Log-based metrics: entries of the log that a filter lets through, counted."""

from __future__ import annotations

import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive.log_metrics import LogMetricPlan


def log_metric(owner: Component, foundation: Foundation, key: str, plan: LogMetricPlan) -> gcp.logging.Metric:
    """Declare a metric; `key` is its name in the program."""
    return gcp.logging.Metric(
        key,
        name=plan.name,
        description=plan.description,
        filter=plan.filter,
        metric_descriptor={"metric_kind": "DELTA", "value_type": "INT64", "unit": "1"},
        opts=owner.inside(foundation.services["logging"]),
    )
