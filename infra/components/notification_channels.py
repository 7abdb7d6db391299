"""Who is told of alerts: a channel of Slack, a service of PagerDuty, an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.secrets import made_by_hand
from infra.derive.monitoring import ChannelPlan, MonitoringPlan
from infra.settings.monitoring_parts import Channel, Severity

_NAMES = {"slack": "Slack", "pagerduty": "PagerDuty", "email": "E-mail"}


@dataclass(frozen=True)
class NotificationChannelsArgs:
    """The channels and what they stand on."""

    plans: Sequence[ChannelPlan]
    foundation: Foundation


@dataclass(frozen=True)
class Told:
    """Who is told, how long an incident stays open, and where runbooks are read.

    `ids` are the channels as Google's policies name them, `secrets` what signs a message of whoever tells by itself.
    Without a plan of monitoring nobody is told: alerts are seen in Cloud Monitoring alone.
    """

    ids: Mapping[Channel, pulumi.Output[str]] = field(default_factory=dict)
    secrets: Mapping[Channel, pulumi.Output[str]] = field(default_factory=dict)
    plan: MonitoringPlan | None = None

    def channels(self, severity: Severity) -> list[pulumi.Output[str]] | None:
        """The channels of a severity, as alert policies and budgets name them."""
        return self.named(self.plan.routes[severity]) if self.plan else None

    def named(self, keys: Sequence[Channel]) -> list[pulumi.Output[str]]:
        """These channels, as alert policies and budgets name them."""
        return [self.ids[key] for key in keys]

    def label(self, key: Channel, name: str) -> str:
        """A label of a channel; empty where nobody is told."""
        channels = self.plan.channels if self.plan else ()
        return next((each.labels[name] for each in channels if each.key == key), "")

    def strategy(self, **more: Any) -> dict[str, Any] | None:
        """When an incident without data is closed."""
        return {"auto_close": self.plan.auto_close, **more} if self.plan else None

    def documentation(self, text: str, runbook: str) -> dict[str, Any]:
        """What a message says, and where what to do is written."""
        if self.plan is None:
            return {"content": f"{text} What to do: {runbook}", "mime_type": "text/markdown"}
        address = f"{self.plan.repository}/{runbook}"
        return {
            "content": f"{text} What to do: [{runbook}]({address})",
            "mime_type": "text/markdown",
            "links": [{"display_name": "Runbook", "url": address}],
        }


class NotificationChannels(Component):
    """The channels; what signs a message is read from Secret Manager, where a person has put it.

    The two secrets are made by hand once (docs/runbooks/monitoring.md): Slack and PagerDuty show them to a person.
    """

    def __init__(self, name: str, args: NotificationChannelsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._base = args.foundation
        reading = pulumi.InvokeOutputOptions(parent=self, depends_on=[self._base.services["secretmanager"]])
        refs = {plan.key: plan.secret.ref for plan in args.plans if plan.secret}
        self._secrets = {key: made_by_hand(ref.secret, reading, ref.version) for key, ref in refs.items()}
        self._channels = {plan.key: self._channel(plan) for plan in args.plans}
        self.register_outputs({})

    def told(self, plan: MonitoringPlan) -> Told:
        """What an alert policy needs to tell somebody."""
        return Told({key: channel.name for key, channel in self._channels.items()}, self._secrets, plan)

    def _channel(self, plan: ChannelPlan) -> gcp.monitoring.NotificationChannel:
        return gcp.monitoring.NotificationChannel(
            f"channel-{plan.key}",
            display_name=f"{_NAMES[plan.key]} of {self._base.owner}",
            type=plan.key,
            labels=plan.labels or None,
            sensitive_labels={plan.secret.label: self._secrets[plan.key]} if plan.secret else None,
            enabled=True,
            # Deleted by force, it would vanish from every alert that still names it.
            force_delete=False,
            opts=self.inside(self._base.services["monitoring"]),
        )
