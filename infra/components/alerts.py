"""Alert policies of Cloud Monitoring, each with its runbook and the channels of its severity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.log_metric import log_metric
from infra.components.notification_channels import Told
from infra.derive.alerts import AlertPlan
from infra.derive.log_metrics import LogMetricPlan

_EACH_ENTRY_ONCE_IN = "300s"
"""A log that fills with the same mistake is told every five minutes, not each time."""


@dataclass(frozen=True)
class AlertsArgs:
    """The policies, who is told, and what they stand on."""

    plans: Sequence[AlertPlan]
    told: Told
    foundation: Foundation


class Alerts(Component):
    """Every alert policy of the catalogue that concerns this stack, and the log-based metrics they ask for."""

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._counts: dict[str, gcp.logging.Metric] = {}
        for plan in args.plans:
            self._policy(plan)
        self.register_outputs({})

    def _policy(self, plan: AlertPlan) -> None:
        services, told = self._args.foundation.services, self._args.told
        counted = [self._count(plan.alert, plan.counted)] if plan.counted else []
        rate = {"notification_rate_limit": {"period": _EACH_ENTRY_ONCE_IN}} if plan.is_log else {}
        gcp.monitoring.AlertPolicy(
            f"alert-{plan.key}",
            display_name=f"{plan.title} ({plan.severity})",
            combiner="OR",
            enabled=True,
            severity=plan.severity.upper(),
            conditions=list(plan.conditions),
            notification_channels=told.named(plan.channels),
            alert_strategy=told.strategy(**rate),
            documentation=told.documentation(f"{plan.title}: {plan.threshold}.", plan.runbook),
            user_labels={"alert": plan.alert},
            opts=self.inside(*counted, services["monitoring"]),
        )

    def _count(self, alert: str, plan: LogMetricPlan) -> gcp.logging.Metric:
        """The metric is one, however many severities ask for it."""
        if alert not in self._counts:
            self._counts[alert] = log_metric(self, self._args.foundation, f"alert-metric-{alert}", plan)
        return self._counts[alert]
