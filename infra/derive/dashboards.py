"""The dashboards of a stack: the panels whose stores are on, with names, figures and places filled in (DASH).

What comes out is drawn by `dashboards_google` and `dashboards_grafana`, which decide nothing about what is shown.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from infra.catalog.dashboard_rows import COLUMNS, DashboardRow, Kind, PanelRow, QueryRow, Unit
from infra.derive.alert_scopes import Surroundings
from infra.derive.names import ORGANISATION

SLOW_STATEMENTS = f"{ORGANISATION}_slow_statements"
"""The log-based metric that counts statements over log_min_duration_statement."""

_SCOPES = {
    "postgres": "postgres-instances",
    "primary": "postgres-primary",
    "replicas": "postgres-replicas",
    "redis": "redis",
    "valkey": "valkey",
}
_TEXTS = ("environment", "invalidation_subscription", "invalidator", "url_map")
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


def scopes(around: Surroundings, servers: Sequence[str]) -> Scopes:
    """What queries may name in a stack; `servers` are PostgreSQL's instances as exporters name them."""
    values = {name: around.scopes[scope].values for name, scope in _SCOPES.items() if scope in around.scopes}
    values |= {name: (around.texts[name],) for name in _TEXTS if name in around.texts}
    figures: dict[str, float] = {}
    if primary := around.scopes.get("postgres-primary"):
        values["servers"] = tuple(servers)
        figures["max_connections"] = float(
            max((primary.scales or {})["max-connections"][each] for each in primary.values)
        )
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
