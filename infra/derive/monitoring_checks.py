"""What cannot be built of the monitoring settings, and what deserves a second look."""

from collections.abc import Iterator
from typing import get_args

from infra.catalog.mongodb_rows import AtlasAlert, atlas_alerts
from infra.catalog.monitoring_rows import AlertRow, Severity, alerts
from infra.derive import cost_advice, grafana, thresholds
from infra.derive.alerts import given
from infra.derive.atlas_alerts import PREFIX
from infra.derive.features import features
from infra.derive.findings import Advice
from infra.settings import Problem, Settings
from infra.settings.monitoring import MonitoringSettings
from infra.settings.monitoring_parts import AlertChange
from infra.settings.scalar import UnitError


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the monitoring settings; nothing when they are off."""
    if settings.monitoring is not None:
        for name, change in settings.monitoring.alerts.items():
            yield from _alert(name, change)


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the monitoring settings."""
    if settings.monitoring is None:
        if settings.stores:
            yield Advice("monitoring", "nobody is told when a store fails: no alert is declared")
        return
    yield from _nobody_told(settings.monitoring)
    if settings.monitoring.grafana:
        yield from grafana.advice(settings.monitoring.grafana)
    yield from _unmeasured(settings)
    yield from _unwatched_spending(settings.monitoring)
    yield from cost_advice.advice(settings)


def _alert(name: str, change: AlertChange) -> Iterator[Problem]:
    path, row = f"monitoring.alerts.{name}", alerts().get(name)
    if name.removeprefix(PREFIX) in atlas_alerts() and name.startswith(PREFIX):
        yield from _atlas(path, atlas_alerts()[name.removeprefix(PREFIX)], change)
        return
    if row is None:
        yield Problem(path, name, "an alert of docs/reference/alerts.md", "correct the name, or remove the block")
        return
    found = [_threshold(path, row, severity, change) for severity in get_args(Severity)]
    yield from (problem for problem in found if problem)
    if not any(found):
        yield from _order(path, row, change)
    for severity in change.channels:
        if row.log is not None and severity != row.severity:
            yield Problem(
                f"{path}.channels.{severity}",
                severity,
                f"{row.severity}: each entry of the log is",
                "use that severity",
            )


def _atlas(path: str, row: AtlasAlert, change: AlertChange) -> Iterator[Problem]:
    """Atlas' alerts have one severity each, and their figures stand in Atlas' own units."""
    has_figure = row.above is not None or row.below is not None
    for severity, text in (("warning", change.warning), ("critical", change.critical)):
        if text is None:
            continue
        place = f"{path}.{severity}"
        if severity != row.severity or not has_figure:
            allowed = f"a figure for {row.severity}" if has_figure else "no threshold: it is an event"
            yield Problem(place, text, allowed, "remove the line; enabled: false switches the alert off")
            continue
        try:
            thresholds.parse(text, "count")
        except UnitError as error:
            yield Problem(place, text, f"{error.allowed} (in {row.units})", error.fix)


def _threshold(path: str, row: AlertRow, severity: Severity, change: AlertChange) -> Problem | None:
    text = change.warning if severity == "warning" else change.critical
    if text is None or (text == thresholds.OFF and row.unit is not None):
        return None
    if row.unit is None:
        return Problem(
            f"{path}.{severity}", text, "no threshold: each entry of the log is an incident", "remove the line"
        )
    try:
        thresholds.parse(text, row.unit)
    except UnitError as error:
        return Problem(f"{path}.{severity}", text, error.allowed, error.fix)
    return None


def _order(path: str, row: AlertRow, change: AlertChange) -> Iterator[Problem]:
    """Whatever is critical is worse than what warns."""
    warning, critical = (given(row, change, severity) for severity in get_args(Severity))
    if warning is None or critical is None or row.unit is None:
        return
    first, second = (thresholds.parse(text, row.unit) for text in (warning, critical))
    if first == second or (first > second) == row.above:
        worse = "above" if row.above else "below"
        yield Problem(
            f"{path}.critical", critical, f"{worse} the warning ({warning})", "change one of the two, or write off"
        )


def _nobody_told(monitoring: MonitoringSettings) -> Iterator[Advice]:
    for severity in get_args(Severity):
        if not getattr(monitoring.routes, severity):
            yield Advice(f"monitoring.routes.{severity}", f"nobody is told of a {severity} alert")
    for name, change in monitoring.alerts.items():
        if not change.enabled:
            yield Advice(f"monitoring.alerts.{name}", "this alert is off")


def _unmeasured(settings: Settings) -> Iterator[Advice]:
    """Alerts that ask for what only exporters measure."""
    present = features(settings)
    missing = [
        name
        for name, row in alerts().items()
        if (lacking := set(row.needs) - present) and all(need.startswith("exporters") for need in lacking)
    ]
    if missing:
        yield Advice("monitoring.exporters", f"not measured without exporters: {', '.join(missing)}")


def _unwatched_spending(monitoring: MonitoringSettings) -> Iterator[Advice]:
    if monitoring.budget is None:
        yield Advice(
            "monitoring.budget", "nobody is told when a month costs more than it should: no budget is declared"
        )
