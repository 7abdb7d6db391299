"""Monitoring as it will be declared: who is told, every alert policy (MON-PG, MON-RDS, TRIG), and what is promised."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.derive.alert_scopes import surroundings
from infra.derive.alerts import AlertPlan, alert_plans
from infra.derive.cost_budget import BudgetPlan, budget_plan
from infra.derive.names import Names
from infra.derive.objectives import ObjectivePlan, objective_plans
from infra.derive.secret_refs import SecretRef, secret_ref
from infra.settings import Settings
from infra.settings.monitoring import MonitoringSettings
from infra.settings.monitoring_parts import Channel, Severity


@dataclass(frozen=True)
class ChannelSecret:
    """A secret, and the channel's sensitive label that takes it."""

    label: str
    ref: SecretRef


@dataclass(frozen=True)
class ChannelPlan:
    """A notification channel: its type and labels in the provider's words, and the secret that signs what is sent."""

    key: Channel
    labels: Mapping[str, str]
    secret: ChannelSecret | None = None


@dataclass(frozen=True)
class MonitoringPlan:
    """Everything; `auto_close` in seconds ("86400s"), `repository` is where runbooks are read in a browser."""

    channels: tuple[ChannelPlan, ...]
    routes: Mapping[Severity, tuple[Channel, ...]]
    alerts: tuple[AlertPlan, ...]
    objectives: tuple[ObjectivePlan, ...]
    auto_close: str
    repository: str
    budget: BudgetPlan | None


def monitoring_plan(monitoring: MonitoringSettings, settings: Settings, names: Names) -> MonitoringPlan:
    """Work it out from settings that `infra.derive.checks` has accepted."""
    around = surroundings(settings, names)
    return MonitoringPlan(
        channels=tuple(_channels(monitoring)),
        routes={"warning": tuple(monitoring.routes.warning), "critical": tuple(monitoring.routes.critical)},
        alerts=alert_plans(monitoring, settings, around),
        objectives=objective_plans(settings, names, around),
        auto_close=f"{monitoring.auto_close.seconds}s",
        repository=monitoring.repository,
        budget=budget_plan(monitoring.budget, settings, names) if monitoring.budget else None,
    )


def _channels(monitoring: MonitoringSettings) -> Iterator[ChannelPlan]:
    channels = monitoring.channels
    if channels.slack:
        labels = {"channel_name": channels.slack.channel, "team": channels.slack.team}
        yield ChannelPlan("slack", labels, ChannelSecret("auth_token", secret_ref(channels.slack.token)))
    if channels.pagerduty:
        yield ChannelPlan("pagerduty", {}, ChannelSecret("service_key", secret_ref(channels.pagerduty.key)))
    if channels.email:
        yield ChannelPlan("email", {"email_address": channels.email})
