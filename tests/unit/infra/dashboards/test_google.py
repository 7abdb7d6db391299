"""Dashboards of Cloud Monitoring are what its API takes, and show what the list of panels says."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest

from infra.catalog.dashboard_rows import SINGLE
from infra.derive.dashboards import Dashboard, Levels, Panel
from infra.derive.dashboards_google import as_google
from sandbox.monitoring.dashboards import check_dashboard
from tests.unit.infra.dashboards import world

PAGES = {each.key: as_google(each, world.known(), {"env": "prod"}, each.title) for each in world.shown()}
WIDGETS = {
    "graph": "xyChart",
    "bar": "xyChart",
    "heatmap": "xyChart",
    "gauge": "scorecard",
    "stat": "scorecard",
    "table": "timeSeriesTable",
    "pie": "pieChart",
}


@pytest.mark.parametrize("key", PAGES)
def test_the_api_takes_it(key: str) -> None:
    assert check_dashboard(json.dumps(PAGES[key])) == []


@pytest.mark.parametrize("key", PAGES)
def test_tiles_fill_the_page_and_do_not_overlap(key: str) -> None:
    cells = [
        (x, y)
        for tile in tiles(key)
        for x in range(tile.get("xPos", 0), tile.get("xPos", 0) + tile["width"])
        for y in range(tile.get("yPos", 0), tile.get("yPos", 0) + tile["height"])
    ]
    assert len(cells) == len(set(cells))
    assert {x for x, _ in cells} == set(range(24))
    assert len(cells) == 24 * (1 + max(y for _, y in cells))


@pytest.mark.parametrize("key", PAGES)
def test_every_query_is_whole_promql(key: str) -> None:
    for query in queries(PAGES[key]):
        promql_parser.parse(query["prometheusQuery"])
        assert "$" not in query["prometheusQuery"]
        assert query["unitOverride"]


@pytest.mark.parametrize("page", world.shown(), ids=lambda page: page.key)
def test_every_panel_is_there_as_what_it_is(page: Dashboard) -> None:
    wanted = [WIDGETS[each.kind] for each in page.panels for _ in (each.queries if each.kind in SINGLE else "1")]
    assert [next(name for name in tile["widget"] if name in WIDGETS.values()) for tile in tiles(page.key)] == wanted


@pytest.mark.parametrize("page", world.shown(), ids=lambda page: page.key)
def test_thresholds_have_a_colour_and_a_direction_on_a_scorecard_and_neither_on_a_chart(page: Dashboard) -> None:
    by_title = {tile["widget"]["title"]: tile["widget"] for tile in tiles(page.key)}
    for panel in page.panels:
        widget = next(one for title, one in by_title.items() if title.startswith(panel.row.title))
        marks = widget.get("xyChart", widget.get("scorecard", {})).get("thresholds", [])
        assert [mark["value"] for mark in marks] == figures(panel)
        for mark in marks:
            assert ({"color", "direction"} <= mark.keys()) == ("scorecard" in widget)
            assert ("targetAxis" in mark) == ("xyChart" in widget)


def test_a_lower_hit_rate_is_worse_and_a_higher_lag_is() -> None:
    panels = {panel.row.title: panel for page in world.shown() for panel in page.panels}
    assert panels["Cache hit rate"].levels == Levels(0.9, None, above=False)
    assert panels["Replication lag"].levels == Levels(5.0, 30.0)
    assert panels["Execution time of statements"].levels == Levels(100.0, 500.0)
    assert panels["Not replayed yet"].levels == Levels(10 * 1024**2, 100 * 1024**2)
    assert panels["Evicted keys"].levels == Levels(1.0, 101.0)


def test_a_query_of_several_series_is_one_figure_on_a_scorecard() -> None:
    cards = {
        tile["widget"]["title"]: tile["widget"]["scorecard"]
        for tile in tiles("database-overview")
        if "scorecard" in tile["widget"]
    }
    assert cards["Replication lag"]["timeSeriesQuery"]["prometheusQuery"].startswith("max(")
    assert cards["Replica status"]["timeSeriesQuery"]["prometheusQuery"].startswith("min(")


@pytest.mark.parametrize("missing", sorted(world.EVERYTHING))
def test_what_is_off_is_not_shown_and_nothing_is_left_empty(missing: str) -> None:
    pages = world.shown(world.EVERYTHING - {missing})
    for page in pages:
        assert all(panel.queries for panel in page.panels)
        assert as_google(page, world.known(), {}, page.title)
    needed = {each for page in pages for panel in page.panels for each in used(panel)}
    assert missing not in needed


def test_nothing_is_shown_of_nothing() -> None:
    assert world.shown(frozenset()) == ()


def tiles(key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = PAGES[key]["mosaicLayout"]["tiles"]
    return found


def queries(value: Any) -> Iterator[dict[str, Any]]:
    """Every query in a dashboard."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and "prometheusQuery" in value:
        yield value
    yield from itertools.chain.from_iterable(queries(each) for each in inner)


def figures(panel: Panel) -> list[float]:
    levels = panel.levels
    return [each for each in (levels.warning, levels.critical) if each is not None] if levels else []


def used(panel: Panel) -> set[str]:
    """What the queries that are shown need."""
    shown = {query.promql for query in panel.queries}
    return {each for row in panel.row.queries if row.promql in shown for each in row.needs}
