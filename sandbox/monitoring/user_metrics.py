"""A project's log-based metrics as the catalogue writes metric types."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra.catalog.metric_rows import ANY_RESOURCE, USER_METRICS, MetricRow


def user_metrics(metrics: Iterable[Mapping[str, Any]]) -> dict[str, MetricRow]:
    """Log-based metrics (gcp.logging.Metric, as a plan or the cloud has them) by their whole type."""
    return {f"{USER_METRICS}{one['name']}": _row(one.get("metricDescriptor") or {}) for one in metrics}


def _row(descriptor: Mapping[str, Any]) -> MetricRow:
    labels = {label["key"]: () for label in descriptor.get("labels") or []}
    return MetricRow(
        kind="DELTA",
        type="DISTRIBUTION" if descriptor.get("valueType") == "DISTRIBUTION" else "INT64",
        unit="count",
        resources=(ANY_RESOURCE,),
        # Every log-based metric says which log it was counted in.
        labels={"log": (), **labels},
    )
