"""A dashboard as Grafana takes it, built by Grafana's own library for its models (grafana-foundation-sdk).

Loaded only where a stack has Grafana: the library is of no use to any other. It is made for Grafana 11.6; newer ones
take what it makes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import (
    barchart,
    common,
    gauge,
    googlecloudmonitoring,
    heatmap,
    piechart,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import piechart as piechart_model
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendPlacement,
    ScaleDistribution,
    StackingMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.googlecloudmonitoring import QueryType
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from infra.catalog.dashboard_rows import Kind, Unit
from infra.derive.alert_scopes import any_of
from infra.derive.dashboards import Dashboard, Levels, Panel, Query, Scopes

GOOGLE, PROMETHEUS, POSTGRES = "stackdriver", "prometheus", "grafana-postgresql-datasource"
"""Types of data sources, by Grafana's plug-in ids."""

_MIXED = DataSourceRef(type_val="datasource", uid="-- Mixed --")
_GREEN, _YELLOW, _RED = "green", "#EAB839", "red"
_INSTANT: frozenset[Kind] = frozenset({"table", "pie", "bar", "gauge"})
_UNITS: Mapping[Unit, str] = {
    "ms": "ms",
    "us": "µs",
    "s": "s",
    "share": "percentunit",
    "bytes": "bytes",
    "count": "short",
    "per-second": "ops",
    "state": "none",
}
_VARIABLES = {"postgres": "Instance", "servers": "Server, as exporters name it"}
"""Scopes that a person may narrow on the page."""


@dataclass(frozen=True)
class Sources:
    """The data sources that panels ask, each by its uid; `postgres` is None where Grafana does not reach it."""

    project: str
    google: str
    prometheus: str
    postgres: str | None

    def of(self, kind: str) -> DataSourceRef:
        """The reference of one, by its type."""
        uids = {GOOGLE: self.google, PROMETHEUS: self.prometheus, POSTGRES: self.postgres}
        return DataSourceRef(type_val=kind, uid=uids[kind])


@dataclass(frozen=True)
class Page:
    """What a dashboard is called, and where its alerts' runbooks are read (an address)."""

    uid: str
    title: str
    tags: tuple[str, ...]
    runbooks: str


class SqlQuery(Dataquery):
    """A query of the PostgreSQL data source, for which the library has no model."""

    def __init__(self, sql: str, source: DataSourceRef) -> None:
        self._fields = {
            "refId": "A",
            "datasource": source,
            "format": "table",
            "editorMode": "code",
            "rawQuery": True,
            "rawSql": sql,
        }

    def to_json(self) -> dict[str, object]:
        """The query as the data source takes it."""
        return dict(self._fields)

    def build(self) -> "SqlQuery":
        """Itself: it has nothing left to be built."""
        return self


def as_grafana(dashboard: Dashboard, scopes: Scopes, sources: Sources, page: Page) -> str:
    """The dashboard as JSON text, the same for the same input."""
    made = (
        build.Dashboard(page.title)
        .uid(page.uid)
        .tags(list(page.tags))
        .readonly()
        .timezone("browser")
        .time("now-6h", "now")
        .refresh("1m")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(
            build.DashboardLink("Other dashboards")
            .type(model.DashboardLinkType.DASHBOARDS)
            .tags(list(page.tags))
            .as_dropdown(as_dropdown=True)
            .include_vars(include_vars=True)
            .keep_time(keep_time=True)
        )
    )
    for variable in _variables(dashboard, scopes):
        made.with_variable(variable)
    for annotation in _annotations(dashboard, scopes, sources):
        made.annotation(annotation)
    for number, panel in enumerate(dashboard.panels, start=1):
        place = panel.place
        position = model.GridPos(x=place.x, y=place.y, w=place.width, h=place.height)
        made.with_panel(_panel(panel, scopes, sources, page).id(number).grid_pos(position))
    return json.dumps(made.build(), cls=JSONEncoder, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _variables(dashboard: Dashboard, scopes: Scopes) -> Iterator[build.CustomVariable]:
    used = " ".join(query.promql for panel in dashboard.panels for query in panel.queries if not panel.row.sql)
    for name, label in _VARIABLES.items():
        if f'"${name}"' in used:
            values = scopes.values[name]
            yield (
                build.CustomVariable(name)
                .label(label)
                .values(",".join(values))
                .options([model.VariableOption(selected=False, text=value, value=value) for value in values])
                .multi(multi=True)
                .include_all(include_all=True)
                .all_value(any_of(values))
                .current(model.VariableOption(selected=True, text=["All"], value=["$__all"]))
            )


def _annotations(dashboard: Dashboard, scopes: Scopes, sources: Sources) -> Iterator[build.AnnotationQuery]:
    """Where a panel's figure is over its critical threshold, the time is marked on the whole page."""
    for panel in dashboard.panels:
        if panel.levels is not None and panel.levels.critical is not None and panel.queries:
            sign = ">" if panel.levels.above else "<"
            asked = f"({_filled(panel.queries[0], scopes)}) {sign} {panel.levels.critical:g}"
            yield (
                build.AnnotationQuery()
                .name(f"{panel.row.title}: critical")
                .datasource(sources.of(PROMETHEUS))
                .enable(enable=True)
                .icon_color(_RED)
                .expr(asked)
            )


def _filled(query: Query, scopes: Scopes) -> str:
    """Names of variables are left to the page, as a regular expression; the others are filled in."""
    return scopes.filled(
        query.promql, lambda name, values: f"${{{name}:regex}}" if name in _VARIABLES else any_of(values)
    )


def _panel(panel: Panel, scopes: Scopes, sources: Sources, page: Page) -> Any:
    made = _BUILDERS[panel.kind](panel).title(panel.row.title).unit(_UNITS[panel.unit])
    if panel.row.description:
        made.description(panel.row.description)
    if panel.row.alert and panel.levels:
        address = f"{page.runbooks}/{panel.row.alert}.md"
        made.links([build.DashboardLink("Runbook").type(model.DashboardLinkType.LINK).url(address).target_blank(True)])
    if panel.row.sql:
        source = sources.of(POSTGRES)
        # A column tells its unit by the end of its name.
        made.unit(_UNITS["count"]).override_by_regexp("/_ms$/", [model.DynamicConfigValue("unit", _UNITS["ms"])])
        return made.datasource(source).with_target(SqlQuery(panel.row.sql, source))
    kinds = {GOOGLE if query.google else PROMETHEUS for query in panel.queries}
    made.datasource(sources.of(kinds.pop()) if len(kinds) == 1 else _MIXED)
    for letter, query in zip("ABCDEFGH", panel.queries, strict=False):
        made.with_target(_target(letter, panel, query, scopes, sources))
        if query.most is not None:
            limits = [("min", 0), ("max", query.most), ("displayName", query.legend)]
            made.override_by_query(letter, [model.DynamicConfigValue(key, value) for key, value in limits])
    return made


def _target(letter: str, panel: Panel, query: Query, scopes: Scopes, sources: Sources) -> Any:
    promql = _filled(query, scopes)
    if query.google:
        asked = googlecloudmonitoring.PromQLQuery().project_name(sources.project).expr(promql).step("60s")
        return (
            googlecloudmonitoring.CloudMonitoringQuery()
            .ref_id(letter)
            .datasource(sources.of(GOOGLE))
            .query_type(QueryType.PROMQL)
            .alias_by(query.legend)
            .prom_ql_query(asked)
        )
    made = (
        prometheus.Dataquery()
        .ref_id(letter)
        .datasource(sources.of(PROMETHEUS))
        .expr(promql)
        .legend_format(query.legend)
    )
    if panel.kind == "heatmap":
        return made.range().format(PromQueryFormat.HEATMAP)
    if panel.kind in _INSTANT:
        made.instant()
    return made.format(PromQueryFormat.TABLE) if panel.kind in ("table", "bar") else made


def _graph(panel: Panel) -> Any:
    made = timeseries.Panel().line_width(2).fill_opacity(10).thresholds(_thresholds(panel.levels))
    if panel.unit == "share":
        made.min(0).max(1)
    if panel.levels:
        made.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    return made


def _gauge(panel: Panel) -> Any:
    return (
        gauge.Panel()
        .thresholds(_thresholds(panel.levels))
        .reduce_options(_last())
        .show_threshold_markers(show_threshold_markers=True)
    )


def _stat(panel: Panel) -> Any:
    made = stat.Panel().thresholds(_thresholds(panel.levels)).reduce_options(_last())
    made.graph_mode(BigValueGraphMode.AREA).color_mode(BigValueColorMode.VALUE)
    if panel.row.states:
        words = {
            str(value): model.ValueMappingResult(text=word, color=color)
            for value, (word, color) in enumerate(zip(panel.row.states, (_RED, _GREEN), strict=True))
        }
        made.mappings([model.ValueMap(options=words)]).graph_mode(BigValueGraphMode.NONE)
    return made


def _heatmap(panel: Panel) -> Any:
    color = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
    return (
        heatmap.Panel()
        .calculate(calculate=False)
        .color(color)
        .y_axis(heatmap.YAxisConfig().unit(_UNITS[panel.unit]))
        .scale_distribution(common.ScaleDistributionConfig().type(ScaleDistribution.LOG).log(2))
        .show_legend()
    )


def _table(panel: Panel) -> Any:
    made = table.Panel().show_header(show_header=True)
    if not panel.row.sql:
        hidden = {"excludeByName": {"Time": True}}
        made.with_transformation(model.DataTransformerConfig(id_val="organize", options=hidden))
    return made


def _pie(_: Panel) -> Any:
    legend = piechart.PieChartLegendOptions().show_legend(show_legend=True).placement(LegendPlacement.RIGHT)
    return (
        piechart.Panel()
        .pie_type(piechart_model.PieChartType.DONUT)
        .display_labels([piechart_model.PieChartLabels.NAME, piechart_model.PieChartLabels.PERCENT])
        .legend(legend.values([piechart_model.PieChartLegendValues.PERCENT]))
        .reduce_options(_last())
    )


def _bar(panel: Panel) -> Any:
    made = barchart.Panel().orientation(VizOrientation.HORIZONTAL).stacking(StackingMode.NORMAL)
    if not panel.row.sql:
        # Series of labels become a row a table with a column a kind of scan.
        matrix = {"columnField": "kind", "rowField": "parent", "valueField": "Value", "emptyValue": "zero"}
        made.with_transformation(model.DataTransformerConfig(id_val="groupingToMatrix", options=matrix))
    return made


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _thresholds(levels: Levels | None) -> build.ThresholdsConfig:
    """Colours from the bottom up; where smaller is worse the worst colour is at the bottom."""
    steps: list[tuple[float | None, str]] = [(None, _GREEN)]
    if levels is not None:
        marks = [(levels.warning, _YELLOW), (levels.critical, _RED)]
        known = [(value, color) for value, color in marks if value is not None]
        if levels.above:
            steps += known
        else:
            colors = [color for _, color in reversed(known)] + [_GREEN]
            values: list[float | None] = [None, *(value for value, _ in reversed(known))]
            steps = list(zip(values, colors, strict=True))
    return (
        build.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps([model.Threshold(value=value, color=color) for value, color in steps])
    )


_BUILDERS: Mapping[Kind, Any] = {
    "graph": _graph,
    "gauge": _gauge,
    "stat": _stat,
    "heatmap": _heatmap,
    "table": _table,
    "pie": _pie,
    "bar": _bar,
}
