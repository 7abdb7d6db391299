"""The dashboards in Cloud Monitoring: nobody needs Grafana to look (DASH)."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.log_metric import log_metric
from infra.derive.dashboards_plan import DashboardsPlan


@dataclass(frozen=True)
class DashboardsArgs:
    """What is shown."""

    plan: DashboardsPlan
    foundation: Foundation


class Dashboards(Component):
    """A dashboard each, and the log-based metric of slow statements, which Google counts nowhere."""

    def __init__(self, name: str, args: DashboardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        waited: list[pulumi.Resource] = [args.foundation.services["monitoring"]]
        if slow := args.plan.slow_statements:
            waited.append(log_metric(self, args.foundation, "dashboards-slow-statements", slow))
        for key, body in args.plan.google.items():
            gcp.monitoring.Dashboard(
                f"dashboard-{key}",
                dashboard_json=json.dumps(body, ensure_ascii=False, sort_keys=True),
                opts=self.inside(*waited),
            )
        self.register_outputs({})
