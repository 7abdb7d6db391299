"""A dashboard as Cloud Monitoring takes it (monitoring v1, Dashboard): a mosaic of widgets that ask by PromQL."""

import re
from collections.abc import Mapping
from typing import Any

from infra.catalog.dashboard_rows import COLUMNS, SINGLE, Unit
from infra.derive.alert_scopes import any_of
from infra.derive.dashboards import Dashboard, Levels, Panel, Place, Query, Scopes

_UNITS: Mapping[Unit, str] = {
    "ms": "ms",
    "us": "us",
    "s": "s",
    "share": "10^2.%",
    "bytes": "By",
    "count": "1",
    "per-second": "1/s",
    "state": "1",
}
"""Units as metric descriptors write them (monitoring v3, MetricDescriptor.unit); 10^2.% shows 0.7 as 70 %."""

_EVENTS: Mapping[str, str] = {
    "Alert": "CLOUD_ALERTING_ALERT",
    "Cloud SQL: failover": "CLOUD_SQL_FAILOVER",
    "Cloud SQL: start or stop": "CLOUD_SQL_START_STOP",
    "Cloud SQL: disk": "CLOUD_SQL_STORAGE",
    "Pooler: machines replaced": "MIG_UPDATE",
}
"""What is marked along the time axis (monitoring v1, EventAnnotation.eventType)."""


def as_google(dashboard: Dashboard, scopes: Scopes, labels: Mapping[str, str], title: str) -> dict[str, Any]:
    """The dashboard as JSON of the API; labels have no values there but their own names."""
    tiles = [tile for panel in dashboard.panels for tile in _tiles(panel, scopes)]
    return {
        "displayName": title,
        "labels": {f"{key}-{value}": "" for key, value in labels.items()},
        "mosaicLayout": {"columns": COLUMNS, "tiles": tiles},
        "annotations": {
            "eventAnnotations": [
                {"displayName": name, "eventType": event, "enabled": True} for name, event in _EVENTS.items()
            ]
        },
    }


def _tiles(panel: Panel, scopes: Scopes) -> list[dict[str, Any]]:
    """One tile, or one beside the other for each figure of a panel that shows several."""
    if panel.kind not in SINGLE:
        return [_tile(panel.place, _WIDGETS[panel.kind](panel, scopes), panel.row.title)]
    count, place = len(panel.queries), panel.place
    edges = [place.x + round(place.width * index / count) for index in range(count + 1)]
    return [
        _tile(
            Place(edges[index], place.y, edges[index + 1] - edges[index], place.height),
            {"scorecard": _scorecard(panel, query, scopes)},
            panel.row.title if count == 1 else f"{panel.row.title}: {query.legend}",
        )
        for index, query in enumerate(panel.queries)
    ]


def _tile(place: Place, widget: dict[str, Any], title: str) -> dict[str, Any]:
    # The API leaves a zero out of what it gives back, and a position without one is zero.
    positions = {"xPos": place.x, "yPos": place.y}
    return {
        **{key: value for key, value in positions.items() if value},
        "width": place.width,
        "height": place.height,
        "widget": {"title": title, **widget},
    }


def _asked(query: Query, panel: Panel, scopes: Scopes) -> dict[str, Any]:
    promql = scopes.filled(query.promql, lambda _, values: any_of(values))
    if panel.row.worst:
        promql = f"{panel.row.worst}({promql})"
    return {"prometheusQuery": promql, "unitOverride": _UNITS[panel.unit]}


def _scorecard(panel: Panel, query: Query, scopes: Scopes) -> dict[str, Any]:
    card: dict[str, Any] = {"timeSeriesQuery": _asked(query, panel, scopes)}
    if query.most is not None:
        card["gaugeView"] = {"lowerBound": 0, "upperBound": query.most}
    else:
        card["sparkChartView"] = {"sparkChartType": "SPARK_LINE"}
    if marks := _levels(panel.levels):
        direction = "ABOVE" if panel.levels is None or panel.levels.above else "BELOW"
        card["thresholds"] = [
            {"value": value, "color": color, "direction": direction, "label": label} for label, color, value in marks
        ]
    return card


def _levels(levels: Levels | None) -> list[tuple[str, str, float]]:
    if levels is None:
        return []
    marks = [("warning", "YELLOW", levels.warning), ("critical", "RED", levels.critical)]
    return [(label, color, value) for label, color, value in marks if value is not None]


def _chart(panel: Panel, scopes: Scopes, plot: str) -> dict[str, Any]:
    chart: dict[str, Any] = {
        "dataSets": [
            {
                "timeSeriesQuery": _asked(query, panel, scopes),
                "plotType": plot,
                "targetAxis": "Y1",
                "legendTemplate": _template(query.legend),
            }
            for query in panel.queries
        ],
        "chartOptions": {"mode": "COLOR"},
        "yAxis": {"scale": "LINEAR"},
    }
    # A line across the chart has a label and no colour (monitoring v1, Threshold).
    if marks := _levels(panel.levels):
        chart["thresholds"] = [{"value": value, "label": label, "targetAxis": "Y1"} for label, _, value in marks]
    return {"xyChart": chart}


def _table(panel: Panel, scopes: Scopes) -> dict[str, Any]:
    sets = [
        {
            "timeSeriesQuery": {**_asked(query, panel, scopes), "outputFullDuration": True},
            "tableTemplate": _template(query.legend),
        }
        for query in panel.queries
    ]
    return {"timeSeriesTable": {"dataSets": sets, "metricVisualization": "BAR"}}


def _pie(panel: Panel, scopes: Scopes) -> dict[str, Any]:
    sets = [
        {
            "timeSeriesQuery": {**_asked(query, panel, scopes), "outputFullDuration": True},
            "sliceNameTemplate": _template(query.legend),
        }
        for query in panel.queries
    ]
    return {"pieChart": {"chartType": "DONUT", "showLabels": True, "dataSets": sets}}


def _template(legend: str) -> str:
    """A legend in Cloud Monitoring's spelling: ${label} for {{label}}."""
    return re.sub(r"\{\{(\w+)\}\}", r"${\1}", legend)


_WIDGETS = {
    "graph": lambda panel, scopes: _chart(panel, scopes, "LINE"),
    "bar": lambda panel, scopes: _chart(panel, scopes, "STACKED_BAR"),
    "heatmap": lambda panel, scopes: _chart(panel, scopes, "HEATMAP"),
    "table": _table,
    "pie": _pie,
}
