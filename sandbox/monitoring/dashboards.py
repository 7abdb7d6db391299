"""What Cloud Monitoring refuses of a dashboard: its form, where its tiles lie, and what its charts ask for.

Source: monitoring v1 discovery document (PyPI google-api-python-client 2.202), Dashboard. The API takes a chart
whose query answers nothing; here it is refused as in an alert.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from sandbox.monitoring.conditions import Aggregation, Promql
from sandbox.monitoring.promql_checks import promql_problems
from sandbox.monitoring.series_checks import Asked, series_problems

_LAYOUTS = ("mosaicLayout", "gridLayout", "rowLayout", "columnLayout")
_COLUMNS = 48
_INTERVAL = "${__interval}"
"""Stands in a chart's PromQL for the step that the chart is drawn in."""
_BESIDE_CONTENT = ("id", "title", "visibilityCondition")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
}
# Of an alert alone: how long a window may be, and that a metric of an exporter is there already.
_OF_ALERTS = ("alert-alignment-period", "alert-metric-validated")


def check_dashboard(text: str) -> list[str]:
    """Everything that is wrong with a dashboard's JSON, in words; nothing where Google would take and answer it."""
    try:
        dashboard = json.loads(text)
    except ValueError as error:
        return [f"Invalid JSON payload received: {error}"]
    form = list(_form(dashboard, "Dashboard", "dashboard"))
    return form or [*_layout(dashboard), *_widgets(dashboard)]


@functools.cache
def _schemas() -> Mapping[str, Any]:
    document = resources.files("googleapiclient.discovery_cache.documents").joinpath("monitoring.v1.json")
    schemas: Mapping[str, Any] = json.loads(document.read_bytes())["schemas"]
    return schemas


def _form(value: Any, schema: str, where: str) -> Iterator[str]:
    """Unknown fields, and values of another form than declared."""
    if not isinstance(value, dict):
        yield f"Invalid value at '{where}' ({schema}), {json.dumps(value)[:40]}"
        return
    declared = _schemas()[schema].get("properties", {})
    for name, item in value.items():
        if name not in declared:
            yield f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field."
        else:
            yield from _item(item, declared[name], f"{where}.{name}")


def _item(value: Any, declared: Mapping[str, Any], where: str) -> Iterator[str]:
    if "$ref" in declared:
        yield from _form(value, declared["$ref"], where)
    elif declared["type"] == "array":
        if isinstance(value, list):
            for number, one in enumerate(value):
                yield from _item(one, declared["items"], f"{where}[{number}]")
        else:
            yield f"Invalid value at '{where}' (array), {json.dumps(value)[:40]}"
    elif not _fits(value, declared):
        yield f"Invalid value at '{where}' ({declared['type']}), {json.dumps(value)[:40]}"


def _fits(value: Any, declared: Mapping[str, Any]) -> bool:
    if "enum" in declared:
        return value in declared["enum"]
    if declared.get("format") == "int64":
        return isinstance(value, int) or (isinstance(value, str) and value.lstrip("-").isdecimal())
    wanted = _TYPES.get(declared["type"], object)
    return isinstance(value, wanted) and (declared["type"] == "boolean" or not isinstance(value, bool))


def _layout(dashboard: Mapping[str, Any]) -> Iterator[str]:
    layouts = [name for name in _LAYOUTS if name in dashboard]
    if len(layouts) != 1:
        yield f"Field dashboard.layout must be exactly one of {', '.join(_LAYOUTS)}; {len(layouts)} are given"
    if not dashboard.get("displayName"):
        yield "Field dashboard.display_name is required"
    mosaic = dashboard.get("mosaicLayout")
    if mosaic is not None:
        yield from _mosaic(mosaic)


def _mosaic(mosaic: Mapping[str, Any]) -> Iterator[str]:
    columns = mosaic.get("columns", 0)
    if not 1 <= columns <= _COLUMNS:
        yield f"Field dashboard.mosaic_layout.columns had an invalid value of {columns}: from 1 to {_COLUMNS} are taken"
    taken: dict[tuple[int, int], int] = {}
    for number, tile in enumerate(mosaic.get("tiles", [])):
        left, top = tile.get("xPos", 0), tile.get("yPos", 0)
        width, height = tile.get("width", 0), tile.get("height", 0)
        where = f"Field dashboard.mosaic_layout.tiles[{number}]"
        if min(width, height) < 1 or min(left, top) < 0 or left + width > columns:
            yield f"{where} does not lie within the {columns} columns: {width} × {height} at {left}, {top}"
            continue
        blocks = [(column, row) for column in range(left, left + width) for row in range(top, top + height)]
        others = sorted({taken[block] for block in blocks if block in taken})
        if others and "collapsibleGroup" not in tile.get("widget", {}):
            yield f"{where} overlaps tile {others[0]}"
        if "collapsibleGroup" not in tile.get("widget", {}):
            taken.update(dict.fromkeys(blocks, number))


def _widgets(dashboard: Mapping[str, Any]) -> Iterator[str]:
    for where, value in _objects(dashboard, "dashboard"):
        for widget in [*value.get("widgets", []), *([value["widget"]] if "widget" in value else [])]:
            content = sorted(set(widget) - set(_BESIDE_CONTENT))
            if len(content) != 1:
                yield f"{where} ({widget.get('title', '')}) must have exactly one content; it has {', '.join(content)}"
        if "prometheusQuery" in value:
            query = value["prometheusQuery"].replace(_INTERVAL, "5m")
            found = promql_problems(Promql(query=query, disable_metric_validation=True))
            yield from (f"{where}: {text}" for _, text in found)
        if "aggregation" in value and "filter" in value:
            yield from _chart(where, value)


def _chart(where: str, chart: Mapping[str, Any]) -> Iterator[str]:
    steps = [chart[key] for key in ("aggregation", "secondaryAggregation") if key in chart]
    aggregations = [Aggregation.model_validate(step) for step in steps]
    asked = Asked(_refusal, chart["filter"], aggregations, compared=False, bound=False)
    yield from (f"{where}: {one.text}" for one in series_problems(asked, {}) if one.rule not in _OF_ALERTS)


def _refusal(name: str, value: str, why: str) -> str:
    return f'Field {name} had an invalid value of "{value}": {why}'


def _objects(value: Any, where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object at any depth with its path, the outermost first."""
    if isinstance(value, dict):
        yield where, value
        for name, item in value.items():
            yield from _objects(item, f"{where}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _objects(item, f"{where}[{number}]")
