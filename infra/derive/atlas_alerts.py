"""Alerts that Atlas raises by itself, at this stack's thresholds, told to this stack's channels."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.catalog.mongodb_rows import AtlasAlert, atlas_alerts
from infra.derive import thresholds
from infra.derive.features import features
from infra.settings import Settings
from infra.settings.monitoring_parts import AlertChange, Channel

PREFIX = "mongodb-"
"""What the names of Atlas' alerts begin with in monitoring.alerts and among the runbooks."""


@dataclass(frozen=True)
class AtlasAlertPlan:
    """An alert of Atlas; `channels` are told besides the people of mongodb.alerts."""

    row: AtlasAlert
    channels: tuple[Channel, ...]


def atlas_alert_plans(settings: Settings) -> Mapping[str, AtlasAlertPlan]:
    """Every alert of the catalogue that concerns this stack, by name."""
    present, changes = features(settings), settings.monitoring.alerts if settings.monitoring else {}
    plans: dict[str, AtlasAlertPlan] = {}
    for name, row in atlas_alerts().items():
        change = changes.get(PREFIX + name, AlertChange())
        if (row.needs is None or row.needs in present) and change.enabled:
            plans[name] = AtlasAlertPlan(_changed(row, change), _channels(row, change, settings))
    return plans


def _changed(row: AtlasAlert, change: AlertChange) -> AtlasAlert:
    text = change.warning if row.severity == "warning" else change.critical
    update: dict[str, float | int] = {}
    if text is not None:
        update["above" if row.above is not None else "below"] = float(thresholds.parse(text, "count"))
    if change.lasting is not None:
        update["minutes"] = change.lasting.seconds // 60
    return row.model_copy(update=update)


def _channels(row: AtlasAlert, change: AlertChange, settings: Settings) -> tuple[Channel, ...]:
    if settings.monitoring is None:
        return ()
    return tuple(change.channels.get(row.severity, getattr(settings.monitoring.routes, row.severity)))
