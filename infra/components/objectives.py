"""Objectives of Cloud Monitoring: a service in its list, and what is promised of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive.objectives import ObjectivePlan


@dataclass(frozen=True)
class ObjectivesArgs:
    """The promises, and what they stand on."""

    plans: Sequence[ObjectivePlan]
    foundation: Foundation


class Objectives(Component):
    """How much of what was asked for was good enough, over weeks: alerts tell of minutes."""

    def __init__(self, name: str, args: ObjectivesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for plan in args.plans:
            self._objective(plan, args.foundation.services["monitoring"])
        self.register_outputs({})

    def _objective(self, plan: ObjectivePlan, monitoring: pulumi.Resource) -> None:
        service = gcp.monitoring.CustomService(
            f"objective-service-{plan.key}",
            service_id=plan.service_id,
            display_name=plan.service,
            opts=self.inside(monitoring),
        )
        gcp.monitoring.Slo(
            f"objective-{plan.key}",
            service=service.service_id,
            slo_id=plan.service_id,
            display_name=plan.title,
            goal=plan.goal,
            rolling_period_days=plan.days,
            request_based_sli={
                "distribution_cut": {"distribution_filter": plan.filter, "range": {"min": 0, "max": plan.most}}
            },
            opts=self.inside(),
        )
