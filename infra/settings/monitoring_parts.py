"""Where alerts go, and what a stack changes of what the catalogue of alerts says (MON-PG, MON-RDS)."""

from typing import Annotated, Literal

from pydantic import Field

from infra.settings.constraints import Between, Switch, Text
from infra.settings.forms import Email, SecretVersion
from infra.settings.model import SettingsModel
from infra.settings.units import Duration

Severity = Literal["warning", "critical"]
Channel = Literal["slack", "pagerduty", "email"]

AlertName = Annotated[
    str, Text(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", "the name of an alert in docs/reference/alerts.md", "postgres-disk")
]
Threshold = Annotated[
    str,
    Text(
        r"off|\d{1,15}(?:\.\d{1,3})?(?: ?(?:%|[A-Za-z]{1,12}))?",
        "a number with the alert's unit, or off",
        "80 %",
    ),
]


class SlackSettings(SettingsModel):
    """A channel of Slack, written to by an app of our own (docs/runbooks/monitoring.md)."""

    channel: Annotated[str, Text(r"#[a-z0-9_-]{1,80}", "a channel of Slack with its #", "#data-platform-alerts")] = (
        Field(description="The channel that is told.")
    )
    team: Annotated[str, Text(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}", "the name of the Slack workspace", "TripTrip")] = (
        Field(description="The workspace that the channel is in.")
    )
    token: SecretVersion = Field(
        examples=["monitoring-slack-token/1"],
        description="The app's token in Secret Manager; a new one is a new version.",
    )


class PagerdutySettings(SettingsModel):
    """A service of PagerDuty, which wakes somebody."""

    key: SecretVersion = Field(
        examples=["monitoring-pagerduty-key/1"],
        description="The service's integration key (Events API v2) in Secret Manager; a new one is a new version.",
    )


class ChannelSettings(SettingsModel):
    """Who is told of alerts; a channel that is left out is not declared."""

    slack: SlackSettings | None = Field(default=None, description="A channel of Slack.")
    pagerduty: PagerdutySettings | None = Field(default=None, description="A service of PagerDuty.")
    email: Email | None = Field(
        default=None,
        description="An address: that of a group, or the one that Slack and PagerDuty give to a channel or a service. "
        "Budgets are told by e-mail alone.",
    )

    @property
    def names(self) -> tuple[Channel, ...]:
        """Those that are declared."""
        declared: dict[Channel, object] = {"slack": self.slack, "pagerduty": self.pagerduty, "email": self.email}
        return tuple(name for name, channel in declared.items() if channel is not None)


def _waits() -> list[Channel]:
    return ["slack"]


def _wakes() -> list[Channel]:
    return ["slack", "pagerduty"]


class RouteSettings(SettingsModel):
    """Which channels a severity is told to (MON-PG: a critical one to both)."""

    warning: list[Channel] = Field(default_factory=_waits, description="For what can wait until morning.")
    critical: list[Channel] = Field(default_factory=_wakes, description="For what cannot.")


class AlertChange(SettingsModel):
    """What one alert has of its own in this stack; what is left out is as in the catalogue."""

    enabled: Annotated[bool, Switch()] = Field(default=True, description="Whether the alert is declared.")
    warning: Threshold | None = Field(
        default=None, description="Threshold of the warning, in the alert's unit; off: no warning."
    )
    critical: Threshold | None = Field(
        default=None, description="Threshold of the critical alert, in the alert's unit; off: none."
    )
    lasting: Annotated[Duration, Between("0 minutes", "23 hours", "1 minute")] | None = Field(
        default=None,
        description="How long it must hold before anybody is told. Google samples every minute and shows a point after "
        "up to 165 s: less than five minutes is mostly noise.",
    )
    channels: dict[Severity, list[Channel]] = Field(
        default_factory=dict, description="Who is told instead of `routes`, by severity."
    )
