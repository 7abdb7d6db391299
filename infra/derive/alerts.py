"""Alerts as they will be declared: for each row of the catalogue that concerns this stack, a policy a severity."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from string import Template
from typing import Any, get_args

from infra.catalog.metric_rows import metric_types
from infra.catalog.monitoring_rows import AlertRow, Severity, ThresholdRow, alerts
from infra.derive import thresholds
from infra.derive.alert_scopes import Scope, Surroundings
from infra.derive.features import features
from infra.derive.log_metrics import LogMetricPlan
from infra.derive.names import ORGANISATION
from infra.settings import Settings
from infra.settings.monitoring import MonitoringSettings
from infra.settings.monitoring_parts import AlertChange, Channel
from infra.settings.units import Duration

_EVALUATION = "60s"
"""How often a query of PromQL is asked."""


@dataclass(frozen=True)
class AlertPlan:
    """An alert policy: `conditions` in the words of the provider, any of which raises it; `channels` are told.

    `threshold` is what people read of it, `counted` the metric that has to be made first.
    """

    alert: str
    severity: Severity
    title: str
    threshold: str
    runbook: str
    requirements: tuple[str, ...]
    channels: tuple[Channel, ...]
    conditions: tuple[Mapping[str, Any], ...]
    is_log: bool
    counted: LogMetricPlan | None = None

    @property
    def key(self) -> str:
        """Its name in the program."""
        return f"{self.alert}-{self.severity}"


def alert_plans(monitoring: MonitoringSettings, settings: Settings, around: Surroundings) -> tuple[AlertPlan, ...]:
    """Every policy of the stack. An alert about something that the stack has not is left out."""
    present = features(settings)
    return tuple(
        plan
        for name, row in alerts().items()
        if present.issuperset(row.needs)
        for plan in _plans(name, row, monitoring, around)
    )


def given(row: AlertRow, change: AlertChange, severity: Severity) -> str | None:
    """The threshold in force, as it is written, empty for a log; None where the severity is not told."""
    if row.log is not None:
        return "" if row.severity == severity else None
    own = change.warning if severity == "warning" else change.critical
    text = own or row.given(severity)
    return None if text == thresholds.OFF else text


def _plans(name: str, row: AlertRow, monitoring: MonitoringSettings, around: Surroundings) -> Iterator[AlertPlan]:
    change = monitoring.alerts.get(name, AlertChange())
    counted = _counted(name, row.counts, around) if row.counts else None
    for severity in get_args(Severity):
        text = given(row, change, severity) if change.enabled else None
        if text is None:
            continue
        asked = _Asked(row, text, change.lasting or Duration.parse(row.lasting), around, counted)
        if conditions := tuple(asked.conditions()):
            yield AlertPlan(
                alert=name,
                severity=severity,
                title=row.title,
                threshold=asked.words,
                runbook=f"docs/runbooks/alerts/{name}.md",
                requirements=row.requirements,
                channels=tuple(change.channels.get(severity, getattr(monitoring.routes, severity))),
                conditions=conditions,
                is_log=row.log is not None,
                counted=counted,
            )


def _counted(alert: str, counts: str, around: Surroundings) -> LogMetricPlan:
    name = f"{ORGANISATION}_{alert.replace('-', '_')}"
    return LogMetricPlan(name, f"Counted for the alert {alert}", _filled(counts, around))


@dataclass(frozen=True)
class _Asked:
    """A row at one of its thresholds: `text`, as somebody wrote it."""

    row: AlertRow
    text: str
    lasting: Duration
    around: Surroundings
    counted: LogMetricPlan | None

    @property
    def words(self) -> str:
        """The threshold as a person reads it."""
        if self.row.log is not None:
            return "an entry of the log"
        scale = self.row.threshold.scale if self.row.threshold else None
        share = f" of {scale.replace('-', ' ')}" if scale else ""
        return f"{'above' if self.row.above else 'below'} {self.text}{share}"

    @property
    def base(self) -> Decimal:
        """The threshold in its base unit."""
        return thresholds.parse(self.text, self.row.unit or "count")

    def conditions(self) -> Iterator[Mapping[str, Any]]:
        """What is asked of Cloud Monitoring; nothing when it is about nothing that is there."""
        for kind, asked in self._questions():
            yield {"display_name": self.row.title, kind: asked}

    def _questions(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if self.row.log is not None:
            yield "condition_matched_log", {"filter": _filled(self.row.log, self.around)}
        elif self.row.promql is not None:
            yield "condition_prometheus_query_language", self._query(self.row.promql)
        elif self.row.threshold is not None:
            for asked in self._thresholds(self.row.threshold):
                yield "condition_threshold", asked

    def _query(self, promql: str) -> Mapping[str, Any]:
        # A range of PromQL takes whole numbers alone.
        names = {"threshold": f"{self.base.normalize():f}", "milliseconds": f"{self.base * 1000:.0f}"}
        if self.counted:
            names["counted"] = self.counted.promql
        template = Template(promql.strip())
        if "milliseconds" not in template.get_identifiers():
            template = Template(f"{template.template} {'>' if self.row.above else '<'} $threshold")
        return {
            "query": template.substitute({**self.around.texts, **names}),
            "duration": self._duration,
            "evaluation_interval": _EVALUATION,
            # A metric exists at Google once it has had its first point.
            "disable_metric_validation": True,
        }

    def _thresholds(self, row: ThresholdRow) -> Iterator[Mapping[str, Any]]:
        scope = self.around.scopes.get(row.scope)
        if scope is None or (scope.label and not scope.values):
            return
        # A count of series has no unit of the metric's own, and neither has a share of a figure in the metric's unit.
        plain = row.scale is not None or row.reduce == "COUNT"
        figure = self.base if plain else thresholds.in_metric_unit(self.base, metric_types()[row.metric].unit)
        parts = scope.scale(row.scale) if row.scale else {scope.values: Decimal(1)}
        for values, scale in parts.items():
            yield {
                "filter": _filter(row, scope, values),
                "comparison": "COMPARISON_GT" if self.row.above else "COMPARISON_LT",
                "threshold_value": float(figure * scale),
                "duration": self._duration,
                "aggregations": [_aggregation(row)],
                **({"evaluation_missing_data": "EVALUATION_MISSING_DATA_ACTIVE"} if row.missing else {}),
            }

    @property
    def _duration(self) -> str:
        return f"{self.lasting.seconds}s"


def _aggregation(row: ThresholdRow) -> Mapping[str, Any]:
    period = {
        "alignment_period": f"{Duration.parse(row.period).seconds}s",
        "per_series_aligner": f"ALIGN_{row.align}",
    }
    reducer = {"cross_series_reducer": f"REDUCE_{row.reduce}"} if row.reduce else {}
    return period | reducer | ({"group_by_fields": [_field(each) for each in row.by]} if row.by else {})


def _filter(row: ThresholdRow, scope: Scope, values: tuple[str, ...]) -> str:
    """A monitoring filter (cloud.google.com/monitoring/api/v3/filters)."""
    parts = [f'metric.type = "{row.metric}"', f'resource.type = "{scope.resource}"']
    if scope.label:
        quoted = ", ".join(f'"{each}"' for each in values)
        named = quoted if len(values) == 1 else f"one_of({quoted})"
        parts.append(f"resource.labels.{scope.label} = {named}")
    parts += [f'metric.labels.{label} = "{value}"' for label, value in row.where.items()]
    return " AND ".join(parts)


def _field(short: str) -> str:
    """The API's name of a field to group by: resource.x or metric.x stand for their labels."""
    kind, _, label = short.partition(".")
    return f"{kind}.label.{label}"


def _filled(text: str, around: Surroundings) -> str:
    return Template(text).substitute(around.texts)
