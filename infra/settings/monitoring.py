"""Alerts, who is told of them, and what is measured beside Google's own metrics (MON-PG, MON-RDS, TRIG)."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Text, Whole
from infra.settings.forms import Email
from infra.settings.model import Finding, StoreSettings, refuse_all
from infra.settings.monitoring_budget import BudgetSettings
from infra.settings.monitoring_exporters import ExporterSettings
from infra.settings.monitoring_grafana import GrafanaSettings
from infra.settings.monitoring_parts import AlertChange, AlertName, ChannelSettings, RouteSettings
from infra.settings.units import Duration


class MonitoringSettings(StoreSettings):
    """The alerts of every store that is on; infra/catalog/alerts says what each watches and from which figure on."""

    channels: ChannelSettings = Field(description="Who can be told.")
    routes: RouteSettings = Field(default_factory=RouteSettings, description="Who is told of what.")
    auto_close: Annotated[Duration, Between("30 minutes", "7 days", "1 minute")] = Field(
        default=Duration.parse("1 day"),
        description="An incident without data is closed after so long (Google: 30 minutes to 7 days).",
    )
    repository: Annotated[
        str,
        Text(
            r"https://[a-z0-9.-]+(?:/[A-Za-z0-9._-]+)+",
            "an address",
            "https://github.com/triptrip/data-platform/blob/main",
        ),
    ] = Field(description="Where this project can be read in a browser: alerts link their runbooks there.")
    deployers: Annotated[list[Email], Field(min_length=1)] = Field(
        examples=[["pulumi-deployer@triptrip-prod.iam.gserviceaccount.com"]],
        description="Accounts whose changes of a store's configuration are not told: they come from reviewed plans "
        "(docs/runbooks/first-deploy.md).",
    )
    write_capacity: Annotated[int, Whole(1, 1_000_000)] = Field(
        default=10_000,
        description="Transactions a second that the primary is known to take (WL-OLTP); near it shards are due (TRIG).",
    )
    exporters: ExporterSettings | None = Field(
        default=None,
        description="What Google does not measure, asked by exporters beside the pooler (MON-PG, MON-RDS); absent: "
        "alerts and panels that need it are left out.",
    )
    alerts: dict[AlertName, AlertChange] = Field(
        default_factory=dict,
        examples=[{"postgres-disk": {"critical": "90 %"}}],
        description="Alerts that differ in this stack, by name (docs/reference/alerts.md).",
    )

    budget: BudgetSettings | None = Field(
        default=None,
        description="A budget of this project's month at Cloud Billing (COST-Y1, COST-Y3); absent: none.",
    )
    grafana: GrafanaSettings | None = Field(
        default=None, description="A Grafana that shows the dashboards too; absent: Cloud Monitoring alone shows them."
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        routes = (f"{name} to {', '.join(getattr(self.routes, name)) or 'nobody'}" for name in ("critical", "warning"))
        changed = f"; {len(self.alerts)} alerts of its own" if self.alerts else ""
        budget = f"; budget {self.budget.amount}" if self.budget else "; no budget"
        return f"{', '.join(routes)}; incidents without data end after {self.auto_close}{changed}{budget}"

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all([*self._undeclared_channels(), *self._untold_budget()])
        return self

    def _undeclared_channels(self) -> Iterator[Finding]:
        """Whoever is to be told must be declared."""
        routes = {f"routes.{name}": getattr(self.routes, name) for name in ("warning", "critical")}
        routes |= {
            f"alerts.{alert}.channels.{severity}": channels
            for alert, change in self.alerts.items()
            for severity, channels in change.channels.items()
        }
        for path, channels in routes.items():
            if missing := [each for each in channels if each not in self.channels.names]:
                yield Finding(
                    path,
                    ", ".join(channels),
                    f"channels of monitoring.channels: {', '.join(self.channels.names) or 'there is none'}",
                    f"add monitoring.channels.{missing[0]}, or leave it out here",
                )
            if len(set(channels)) != len(channels):
                yield Finding(path, ", ".join(channels), "each channel once", "remove the repetition")

    def _untold_budget(self) -> Iterator[Finding]:
        """Cloud Billing tells nobody but addresses (billingbudgets v1 discovery document, NotificationsRule)."""
        if self.budget and not self.channels.email:
            yield Finding(
                "budget",
                "a budget that tells nobody",
                "a budget beside monitoring.channels.email: Cloud Billing takes no other channel",
                "add an address; Slack and PagerDuty have one for each of their channels and services",
            )
