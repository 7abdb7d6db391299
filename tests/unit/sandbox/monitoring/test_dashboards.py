"""Dashboards of Cloud Monitoring: what Google refuses, and charts that would stay empty."""

import json
from typing import Any

import pytest

from sandbox.monitoring.dashboards import check_dashboard

DISK = 'metric.type = "cloudsql.googleapis.com/database/disk/utilization" AND resource.type = "cloudsql_database"'


def chart(query: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": "Disk", "xyChart": {"dataSets": [{"timeSeriesQuery": query, "plotType": "LINE"}], **more}}


def filtered(text: str = DISK, aligner: str = "ALIGN_MEAN") -> dict[str, Any]:
    return {
        "timeSeriesFilter": {"filter": text, "aggregation": {"alignmentPeriod": "60s", "perSeriesAligner": aligner}}
    }


def dashboard(*widgets: dict[str, Any]) -> dict[str, Any]:
    tiles = [
        {"xPos": 24 * (number % 2), "yPos": 16 * (number // 2), "width": 24, "height": 16, "widget": widget}
        for number, widget in enumerate(widgets)
    ]
    return {"displayName": "Databases", "mosaicLayout": {"columns": 48, "tiles": tiles}}


GOOD = dashboard(
    chart(filtered()),
    chart({"prometheusQuery": "sum(rate(cloudsql_googleapis_com:database_disk_read_ops_count[${__interval}]))"}),
    {
        "title": "Up",
        "scorecard": {
            "timeSeriesQuery": {"prometheusQuery": "min(pg_up)"},
            "thresholds": [{"value": 1, "color": "RED"}],
        },
    },
    {"text": {"content": "read me", "format": "MARKDOWN"}},
)


def test_taken() -> None:
    assert check_dashboard(json.dumps(GOOD)) == []
    grid = {"displayName": "x", "gridLayout": {"columns": "2", "widgets": [chart(filtered())]}}
    assert check_dashboard(json.dumps(grid)) == []
    one = {"displayName": "x", "mosaicLayout": {"columns": 1, "tiles": []}}
    assert check_dashboard(json.dumps(one)) == []
    narrow = {"xPos": 47, "yPos": 0, "width": 1, "height": 1, "widget": {"text": {"content": "x"}}}
    assert check_dashboard(json.dumps({"displayName": "x", "mosaicLayout": {"columns": 48, "tiles": [narrow]}})) == []


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"title": "x"}, "Unknown name \"title\" at 'dashboard'"),
        ({"displayName": ""}, "display_name is required"),
        ({"gridLayout": {"widgets": []}}, "must be exactly one of"),
        ({"mosaicLayout": None}, "Invalid value at 'dashboard.mosaicLayout'"),
        ({"mosaicLayout": {"columns": 49, "tiles": []}}, "from 1 to 48 are taken"),
        ({"mosaicLayout": {"columns": "48", "tiles": []}}, "Invalid value at 'dashboard.mosaicLayout.columns'"),
        ({"mosaicLayout": {"columns": 48, "tiles": {}}}, "(array)"),
    ],
)
def test_refused(changed: dict[str, Any], answer: str) -> None:
    (found,) = check_dashboard(json.dumps({**GOOD, **changed}))
    assert answer in found


@pytest.mark.parametrize(
    ("widget", "answer"),
    [
        (chart(filtered(), y3Axis={}), "Unknown name \"y3Axis\" at 'dashboard.mosaicLayout.tiles[0].widget.xyChart'"),
        (chart({**filtered(), "promql": "up"}), 'Unknown name "promql"'),
        (
            {"xyChart": {"dataSets": [{"timeSeriesQuery": filtered(), "plotType": "line"}]}},
            'plotType\' (string), "line"',
        ),
        ({"title": "nothing"}, "must have exactly one content"),
        ({**chart(filtered()), "text": {"content": "x"}}, "it has text, xyChart"),
        (chart(filtered(DISK, "ALIGN_RATE")), "kind GAUGE and value type DOUBLE"),
        (chart(filtered('metric.type = "cloudsql.googleapis.com/database/disk/usage"')), "Cannot find metric"),
        (chart(filtered('metric.type = "a" AND')), "syntax error"),
        (chart({"prometheusQuery": "sum by (a (up)"}), "parse error"),
        (chart({"prometheusQuery": "redis_googleapis_com:stats_evicted"}), "Cannot find metric"),
    ],
)
def test_widget_is_refused(widget: dict[str, Any], answer: str) -> None:
    (found,) = check_dashboard(json.dumps(dashboard(widget)))
    assert answer in found


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ({"xPos": 7}, "tiles[1] overlaps tile 0"),
        ({"xPos": 25}, "does not lie within the 48 columns"),
        ({"width": 0}, "does not lie within"),
        ({"yPos": -1}, "does not lie within"),
    ],
)
def test_tiles_lie_beside_each_other(place: dict[str, int], answer: str) -> None:
    text = {"text": {"content": "x"}}
    tiles = [
        {"xPos": 0, "yPos": 0, "width": 8, "height": 8, "widget": text},
        {"xPos": 8, "yPos": 0, "width": 24, "height": 8, "widget": text, **place},
    ]
    (found,) = check_dashboard(json.dumps({"displayName": "x", "mosaicLayout": {"columns": 48, "tiles": tiles}}))
    assert answer in found


def test_what_is_no_json() -> None:
    (found,) = check_dashboard("{")
    assert "Invalid JSON payload" in found
