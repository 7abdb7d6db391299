"""Typed rows of alerts/*.yaml: what is watched, from which figure on, and how it is asked of Cloud Monitoring.

Each row is an alert; each of its severities becomes an alert policy of its own, since Google routes by policy. Its
runbook is docs/runbooks/alerts/<name>.md.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal, Self

from pydantic import model_validator

from infra.catalog.rows import Row, files, read

Unit = Literal["share", "duration", "size", "count"]
Severity = Literal["warning", "critical"]

_FOLDER = "alerts"


class ThresholdRow(Row):
    """A metric beyond a figure (MetricThreshold of the Monitoring API).

    `scope` names the monitored resources (infra/derive/alert_scopes.py), `where` metric labels with their values.
    `align`, `reduce` and `by` are the API's aligner, reducer and group-by fields in short. With a `scale` the threshold
    is a share of that figure of each resource. `missing` says that no data is as bad as data beyond the threshold.
    """

    metric: str
    scope: str
    align: str
    where: Mapping[str, str] = {}
    period: str = "1 minute"
    reduce: str | None = None
    by: tuple[str, ...] = ()
    scale: str | None = None
    missing: Literal["active"] | None = None


class AlertRow(Row):
    """An alert. `needs` are features of which each must be there.

    It is raised when what is asked lies `above` (or not: below) the threshold of a severity for as long as `lasting`.
    Exactly one way of asking: `threshold`, `promql`, or `log`, whose entries are each an incident of the given
    `severity`. In PromQL the derivation fills in $names, and compares with the threshold unless the query has it as
    $milliseconds. `counts` is a log filter: its entries become a metric, which `promql` calls $counted.
    """

    title: str
    needs: tuple[str, ...]
    requirements: tuple[str, ...]
    unit: Unit | None = None
    warning: str | None = None
    critical: str | None = None
    lasting: str = "0 minutes"
    above: bool = True
    severity: Severity | None = None
    threshold: ThresholdRow | None = None
    promql: str | None = None
    log: str | None = None
    counts: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_text(cls, row: Mapping[str, object]) -> dict[str, object]:
        return {key: str(value) if key in ("warning", "critical") else value for key, value in row.items()}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum(way is not None for way in (self.threshold, self.promql, self.log)) != 1:
            raise ValueError("exactly one of threshold, promql and log says what is asked")
        if (self.log is not None) != (self.severity is not None) or (self.log is None) != (self.unit is not None):
            raise ValueError("a log's entries have a severity, everything else has a unit")
        if self.log is None and self.warning is None and self.critical is None:
            raise ValueError("there is no threshold")
        return self

    def given(self, severity: Severity) -> str | None:
        """The threshold of a severity as the row writes it."""
        return self.warning if severity == "warning" else self.critical


@cache
def alerts() -> Mapping[str, AlertRow]:
    """Alerts by name."""
    return {name: AlertRow(**row) for path in files(_FOLDER) for name, row in read(path).items()}


@cache
def files_of_alerts() -> Mapping[str, tuple[str, ...]]:
    """The names of the alerts in each file of the catalogue."""
    return {path: tuple(read(path)) for path in files(_FOLDER)}


class DocumentMetric(Row):
    """A row of the document; the keys are explained in document_metrics.yaml."""

    requirement: Literal["MON-PG", "MON-RDS", "TRIG"]
    metric: str
    alert: str
    warning: str | None = None
    critical: str | None = None
    baseline: bool = False
    reads: str | None = None


@cache
def document_metrics() -> tuple[DocumentMetric, ...]:
    """What the document wants watched, in its order."""
    return tuple(DocumentMetric(**row) for row in read("document_metrics.yaml"))
