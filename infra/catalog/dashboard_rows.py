"""Typed rows of dashboards.yaml: what each dashboard shows, for Cloud Monitoring and Grafana alike (DASH)."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.catalog.rows import Row, read

Kind = Literal["graph", "gauge", "stat", "heatmap", "table", "pie", "bar"]
Unit = Literal["ms", "us", "s", "share", "bytes", "count", "per-second", "state"]

COLUMNS = 24
"""Columns of a dashboard, in Grafana's grid and in the mosaic that Cloud Monitoring is given."""

SINGLE: frozenset[Kind] = frozenset({"gauge", "stat"})
"""Kinds that show one figure a query."""


class QueryRow(Row):
    """A query of a panel; the keys are explained in dashboards.yaml."""

    needs: Annotated[tuple[str, ...], Field(min_length=1)]
    legend: str
    promql: str
    metric: str | None = None
    most: float | Literal["max_connections"] | None = None


class PanelRow(Row):
    """A panel of a dashboard; the keys are explained in dashboards.yaml."""

    title: str
    document: str
    requirements: Annotated[tuple[str, ...], Field(min_length=1)]
    kind: Kind
    unit: Unit
    width: Annotated[int, Field(ge=4, le=COLUMNS)]
    height: Annotated[int, Field(ge=4, le=20)]
    queries: Annotated[tuple[QueryRow, ...], Field(min_length=1)]
    description: str | None = None
    alert: str | None = None
    worst: Literal["max", "min"] | None = None
    states: tuple[str, str] | None = None
    sql: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        bounded = all(query.most is not None for query in self.queries)
        if bounded != (self.kind == "gauge"):
            raise ValueError(f"{self.title}: a gauge ends somewhere (most), and nothing else does")
        if (self.worst is not None) != (self.kind == "stat"):
            raise ValueError(f"{self.title}: a stat says which series stands for all (worst), and nothing else does")
        if (self.states is not None) != (self.unit == "state"):
            raise ValueError(f"{self.title}: a state has words (states), and nothing else has")
        return self


class DashboardRow(Row):
    """A dashboard; panels stand in the order in which they are read."""

    title: str
    document: str
    panels: Annotated[tuple[PanelRow, ...], Field(min_length=1)]


@cache
def dashboards() -> Mapping[str, DashboardRow]:
    """Dashboards by key."""
    return {key: DashboardRow(**row) for key, row in read("dashboards.yaml").items()}
