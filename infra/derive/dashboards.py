"""The dashboards of a stack: the panels whose stores are on, with names, figures and places filled in (DASH).

What comes out is drawn by `dashboards_google` and `dashboards_grafana`, which decide nothing about what is shown.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from infra.catalog.dashboard_rows import COLUMNS, DashboardRow, Kind, PanelRow, QueryRow, Unit
from infra.derive.cache import CachePlan
from infra.derive.cdn import CdnPlan
from infra.derive.names import ORGANISATION
from infra.derive.postgres import PostgresPlan

SLOW_STATEMENTS = f"{ORGANISATION}_slow_statements"
"""The log-based metric that counts statements over log_min_duration_statement."""

_SCOPE = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True)
class Levels:
    """From which figure on an alert speaks, in a panel's unit; `above` when larger is worse."""

    warning: float | None
    critical: float | None
    above: bool = True


@dataclass(frozen=True)
class Place:
    """Where a panel stands: columns of 24 from the left, rows from the top."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Query:
    """A query of a panel; `google` when Google writes what it asks for, and not an exporter of ours."""

    legend: str
    promql: str
    google: bool
    most: float | None = None
    metric: str | None = None


@dataclass(frozen=True)
class Panel:
    """A panel of one stack; the fields of its row are explained in infra/catalog/dashboards.yaml."""

    row: PanelRow
    place: Place
    queries: tuple[Query, ...]
    levels: Levels | None

    @property
    def kind(self) -> Kind:
        """How it is drawn."""
        return self.row.kind

    @property
    def unit(self) -> Unit:
        """The unit of what it shows."""
        return self.row.unit


@dataclass(frozen=True)
class Dashboard:
    """A dashboard of one stack."""

    key: str
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Scopes:
    """What the names in a query stand for, each a list of values; `figures` are numbers."""

    values: Mapping[str, tuple[str, ...]]
    figures: Mapping[str, float]

    def filled(self, promql: str, write: Callable[[str, tuple[str, ...]], str]) -> str:
        """A query with every name replaced: a figure by itself, a list as `write` says.

        Raises KeyError for a name that the stack has not: its panel needs something that is off.
        """

        def text(match: re.Match[str]) -> str:
            name = match[1]
            return f"{self.figures[name]:g}" if name in self.figures else write(name, self.values[name])

        return _SCOPE.sub(text, promql)


def expression(values: Sequence[str]) -> str:
    """A regular expression that matches these values alone, as PromQL writes it (RE2, anchored by itself)."""
    return "|".join(value.replace(".", "[.]") for value in values)


def scopes(project: str, postgres: PostgresPlan | None, cache: CachePlan | None, cdn: CdnPlan | None) -> Scopes:
    """What queries may name in a stack.

    Cloud SQL's instances are known to Cloud Monitoring as project:instance, Memorystore's by their whole path.
    """
    values: dict[str, tuple[str, ...]] = {"project": (project,)}
    figures: dict[str, float] = {}
    if postgres:
        instances = (postgres.primary, *postgres.replicas)
        values["primary"] = (f"{project}:{postgres.primary.name}",)
        values["replicas"] = tuple(f"{project}:{each.name}" for each in postgres.replicas)
        values["postgres"] = values["primary"] + values["replicas"]
        values["servers"] = tuple(each.name for each in instances)
        figures["max_connections"] = float(dict(postgres.primary.flags)["max_connections"])
    if cache:
        values["cache"] = (f"projects/{project}/locations/{cache.region}/instances/{cache.name}",)
    if cdn:
        values["url_map"] = (cdn.name,)
    return Scopes(values, figures)


def dashboards(
    rows: Mapping[str, DashboardRow],
    present: Collection[str],
    known: Scopes,
    levels: Callable[[PanelRow], Levels | None],
    *,
    sql: bool,
) -> tuple[Dashboard, ...]:
    """The dashboards of what is present; one that would be empty is left out.

    Queries keep the names of scopes: each rendering fills them in its own way. `sql` where panels may ask PostgreSQL
    itself, which only Grafana can; such a panel needs no exporter.
    """
    made = []
    for key, row in rows.items():
        panels = []
        for panel in row.panels:
            queries = tuple(_query(each, known) for each in panel.queries if set(each.needs) <= set(present))
            answered = sql and panel.sql is not None and "postgres" in present
            if queries or answered:
                shown = panel if answered else panel.model_copy(update={"sql": None})
                panels.append(Panel(shown, Place(0, 0, panel.width, panel.height), queries, levels(panel)))
        if panels:
            made.append(Dashboard(key, row.title, _placed(panels)))
    return tuple(made)


def _query(row: QueryRow, known: Scopes) -> Query:
    most = known.figures[row.most] if isinstance(row.most, str) else row.most
    return Query(row.legend, row.promql, "_googleapis_com:" in row.promql, most, row.metric)


def _placed(panels: Sequence[Panel]) -> tuple[Panel, ...]:
    """Panels from left to right and top to bottom; a line that is not full is shared out among those in it."""
    placed: list[Panel] = []
    top = 0
    for line in _lines(panels):
        widths = [panel.place.width for panel in line]
        edges = [round(COLUMNS * sum(widths[:index]) / sum(widths)) for index in range(len(widths) + 1)]
        height = max(panel.place.height for panel in line)
        for panel, (left, right) in zip(line, pairwise(edges), strict=True):
            placed.append(replace(panel, place=Place(left, top, right - left, height)))
        top += height
    return tuple(placed)


def _lines(panels: Sequence[Panel]) -> list[list[Panel]]:
    lines: list[list[Panel]] = []
    for panel in panels:
        if not lines or sum(each.place.width for each in lines[-1]) + panel.place.width > COLUMNS:
            lines.append([])
        lines[-1].append(panel)
    return lines
