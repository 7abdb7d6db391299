"""The budget of a month at Cloud Billing: it tells what is spent and what will be, and stops nothing (COR-21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.providers import billing_provider
from infra.derive.cost_budget import BudgetPlan


@dataclass(frozen=True)
class BudgetArgs:
    """The budget, whom it tells (channels of kind email), and what it stands on."""

    plan: BudgetPlan
    channels: Sequence[pulumi.Input[str]]
    foundation: Foundation


class Budget(Component):
    """A budget for this project alone.

    The API takes at most five channels, and of kind email alone: neither Slack nor PagerDuty (billingbudgets v1
    discovery document, NotificationsRule.monitoringNotificationChannels). Who administers the billing account is told
    in any case.
    """

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._base = args.foundation
        plan = args.plan
        gcp.billing.Budget(
            "budget",
            billing_account=plan.billing_account,
            display_name=plan.name,
            # Whoever may see the project may see it, not the billing account's administrators alone.
            ownership_scope="ALL_USERS",
            amount={"specified_amount": {"currency_code": plan.currency, "units": str(plan.units)}},
            budget_filter={
                "projects": [self._project()],
                "calendar_period": "MONTH",
                "credit_types_treatment": "INCLUDE_ALL_CREDITS",
            },
            threshold_rules=[
                {"threshold_percent": share, "spend_basis": basis}
                for basis, shares in (("CURRENT_SPEND", plan.actual), ("FORECASTED_SPEND", plan.forecasted))
                for share in shares
            ],
            all_updates_rule={
                "monitoring_notification_channels": list(args.channels),
                "disable_default_iam_recipients": False,
            },
            opts=pulumi.ResourceOptions.merge(
                self.inside(self._base.services["billingbudgets"]),
                pulumi.ResourceOptions(provider=billing_provider(self._base, self)),
            ),
        )
        self.register_outputs({})

    def _project(self) -> pulumi.Output[str]:
        """The project by its number, as the API gives it back: by its id it would differ at every refresh."""
        found = gcp.organizations.get_project_output(
            opts=pulumi.InvokeOutputOptions(parent=self, depends_on=[self._base.services["cloudresourcemanager"]])
        )
        named: pulumi.Output[str] = found.number.apply(lambda number: f"projects/{number}")
        return named
