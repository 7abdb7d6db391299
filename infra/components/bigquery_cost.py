"""What keeps queries from overspending: a daily quota of bytes, or slots that are bought (COST-Y3, ADR 0015)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive.bigquery import BigqueryPlan, ReservationPlan, ScanQuotaPlan

_METRIC = "bigquery.googleapis.com/quota/query/usage"
"""The quotas QueryUsagePerDay and QueryUsagePerUserPerDay; their unit is MiB."""


@dataclass(frozen=True)
class CostGuardArgs:
    """What the guard is built from."""

    plan: BigqueryPlan
    foundation: Foundation


class CostGuard(Component):
    """One of both; `limits` is what has to stand before queries are scheduled."""

    limits: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: CostGuardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._base = args.foundation
        self._location = args.plan.location
        cost = args.plan.cost
        self.limits = self._quotas(cost) if isinstance(cost, ScanQuotaPlan) else self._reservation(cost)
        self.register_outputs({})

    def _quotas(self, plan: ScanQuotaPlan) -> list[pulumi.Resource]:
        return [
            self._quota("day", "/d/project", plan.per_day),
            self._quota("user-day", "/d/project/user", plan.per_user_per_day),
        ]

    def _quota(self, key: str, limit: str, mebibytes: int) -> pulumi.Resource:
        override: pulumi.Resource = gcp.serviceusage.ConsumerQuotaOverride(
            f"bigquery-quota-{key}",
            project=self._base.gcp_project,
            service="bigquery.googleapis.com",
            # Both stand in the call's path, so they are written percent-encoded (terraform-provider-google#7194).
            metric=quote(_METRIC, safe=""),
            limit=quote(limit, safe=""),
            override_value=str(mebibytes),
            # Google refuses to lower a quota by more than a tenth otherwise.
            force=True,
            opts=self.inside(self._base.services["bigquery"]),
        )
        return override

    def _reservation(self, plan: ReservationPlan) -> list[pulumi.Resource]:
        base = self._base
        reservation = gcp.bigquery.Reservation(
            "bigquery-reservation",
            name=plan.name,
            project=base.gcp_project,
            location=self._location,
            edition=plan.edition,
            slot_capacity=plan.baseline,
            # Never beside `max_slots` and `scaling_mode`, which the API refuses together with it.
            autoscale={"max_slots": plan.added} if plan.added else None,
            ignore_idle_slots=False,
            opts=self.inside(base.services["bigqueryreservation"]),
        )
        assignments = [
            gcp.bigquery.ReservationAssignment(
                f"bigquery-reservation-{job.lower()}",
                assignee=f"projects/{base.gcp_project}",
                job_type=job,
                location=self._location,
                reservation=reservation.id,
                opts=self.inside(),
            )
            for job in ("QUERY", "PIPELINE")
        ]
        return [reservation, *assignments]
