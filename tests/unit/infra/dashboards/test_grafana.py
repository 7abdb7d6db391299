"""Dashboards of Grafana hold together: models of its own library, data sources, queries, places, variables."""

import json
import re
from typing import Any

import promql_parser
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard as Model

from infra.derive.dashboards import Levels
from infra.derive.dashboards_grafana import GOOGLE, POSTGRES, PROMETHEUS, Page, Sources, _thresholds, as_grafana
from tests.unit.infra.dashboards import world

KINDS = {
    "graph": "timeseries",
    "gauge": "gauge",
    "stat": "stat",
    "heatmap": "heatmap",
    "table": "table",
    "pie": "piechart",
    "bar": "barchart",
}
UIDS = {GOOGLE: "of-google", PROMETHEUS: "of-prometheus", POSTGRES: "of-postgres"}
SOURCES = Sources("triptrip-prod", *UIDS.values())
SHOWN = {sql: world.shown(sql=sql) for sql in (False, True)}
CASES = [(sql, page.key) for sql, pages in SHOWN.items() for page in pages]


def text(sql: bool, key: str) -> str:
    page = next(each for each in SHOWN[sql] if each.key == key)
    where = Page(f"triptrip-prod-{key}", page.title, ("triptrip", "prod"), "https://example.org/alerts")
    return as_grafana(page, world.known(), SOURCES, where)


def made(sql: bool, key: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text(sql, key))
    return found


@pytest.mark.parametrize(("sql", "key"), CASES)
def test_grafanas_own_models_know_everything_in_it(sql: bool, key: str) -> None:
    register_default_plugins()
    page = made(sql, key)
    for panel in page["panels"]:
        # The library takes every query of a mixed panel for one of the source that mixes.
        if panel["datasource"]["uid"] == "-- Mixed --":
            del panel["datasource"]
    again = json.loads(json.dumps(Model.from_json(page), cls=JSONEncoder))
    assert holds(again, page)
    assert not holds(page, {**page, "panels": [{**page["panels"][0], "targts": []}]})


@pytest.mark.parametrize(("sql", "key"), CASES)
def test_the_same_input_gives_the_same_text(sql: bool, key: str) -> None:
    assert text(sql, key) == text(sql, key)


@pytest.mark.parametrize(("sql", "key"), CASES)
def test_panels_have_ids_and_places_of_their_own(sql: bool, key: str) -> None:
    panels = made(sql, key)["panels"]
    assert [each["id"] for each in panels] == list(range(1, len(panels) + 1))
    cells = [
        (x, y)
        for each in panels
        for x in range(each["gridPos"]["x"], each["gridPos"]["x"] + each["gridPos"]["w"])
        for y in range(each["gridPos"]["y"], each["gridPos"]["y"] + each["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert {x for x, _ in cells} == set(range(24))


@pytest.mark.parametrize(("sql", "key"), CASES)
def test_every_panel_is_there_as_what_it_is(sql: bool, key: str) -> None:
    page = next(each for each in SHOWN[sql] if each.key == key)
    assert [(each["title"], each["type"]) for each in made(sql, key)["panels"]] == [
        (panel.row.title, KINDS[panel.kind]) for panel in page.panels
    ]


@pytest.mark.parametrize(("sql", "key"), CASES)
def test_every_query_asks_a_declared_source_in_its_language(sql: bool, key: str) -> None:
    for panel in made(sql, key)["panels"]:
        assert panel["targets"]
        letters = [target["refId"] for target in panel["targets"]]
        assert len(letters) == len(set(letters))
        kinds = {target["datasource"]["type"] for target in panel["targets"]}
        assert panel["datasource"]["type"] == (kinds.pop() if len(kinds) == 1 else "datasource")
        for target in panel["targets"]:
            kind = target["datasource"]["type"]
            assert target["datasource"]["uid"] == UIDS[kind]
            if kind == POSTGRES:
                assert target["rawSql"].startswith("SELECT")
                continue
            promql = target["promQLQuery"]["expr"] if kind == GOOGLE else target["expr"]
            assert ("_googleapis_com:" in promql) == (kind == GOOGLE)
            promql_parser.parse(promql)


@pytest.mark.parametrize(("sql", "key"), CASES)
def test_names_on_the_page_are_variables_of_it(sql: bool, key: str) -> None:
    page = made(sql, key)
    variables = {each["name"]: each for each in page.get("templating", {}).get("list", [])}
    assert set(re.findall(r"\$\{?(\w+)", text(sql, key))) - {"__all"} == set(variables)
    for each in variables.values():
        values = [option["value"] for option in each["options"]]
        assert each["query"] == ",".join(values)
        assert all(re.fullmatch(each["allValue"], value) for value in values)
        assert not re.fullmatch(each["allValue"], f"{values[0]}-other")
        # " : " would part a text from its value.
        assert not any(" " in value or "," in value for value in values)


@pytest.mark.parametrize(("sql", "key"), CASES)
def test_what_is_critical_is_marked_and_linked_to_its_runbook(sql: bool, key: str) -> None:
    page = next(each for each in SHOWN[sql] if each.key == key)
    critical = [panel for panel in page.panels if panel.levels and panel.levels.critical is not None]
    marks = made(sql, key)["annotations"].get("list", [])
    assert [each["name"] for each in marks] == [f"{panel.row.title}: critical" for panel in critical]
    for each in marks:
        assert each["datasource"] == {"type": PROMETHEUS, "uid": UIDS[PROMETHEUS]}
        promql_parser.parse(each["expr"])
    for panel, drawn in zip(page.panels, made(sql, key)["panels"], strict=True):
        links = [link["url"] for link in drawn.get("links", [])]
        assert links == ([f"https://example.org/alerts/{panel.row.alert}.md"] if panel.levels else [])


def test_a_gauge_ends_where_its_query_says() -> None:
    panel = next(
        each for each in made(sql=False, key="database-overview")["panels"] if each["title"] == "Connection pool"
    )
    ends = [
        (item["matcher"]["options"], {each["id"]: each["value"] for each in item["properties"]})
        for item in panel["fieldConfig"]["overrides"]
    ]
    assert ends == [
        ("A", {"min": 0, "max": 500.0, "displayName": "active"}),
        ("B", {"min": 0, "max": 500.0, "displayName": "idle"}),
        ("C", {"min": 0, "max": 100.0, "displayName": "waiting"}),
    ]


@pytest.mark.parametrize(
    ("levels", "steps"),
    [
        (None, [(None, "green")]),
        (Levels(70, 85), [(None, "green"), (70, "#EAB839"), (85, "red")]),
        (Levels(None, 85), [(None, "green"), (85, "red")]),
        (Levels(0.9, None, above=False), [(None, "#EAB839"), (0.9, "green")]),
        (Levels(0.5, 0.2, above=False), [(None, "red"), (0.2, "#EAB839"), (0.5, "green")]),
    ],
)
def test_colours_go_from_the_bottom_up(levels: Levels | None, steps: list[tuple[float | None, str]]) -> None:
    assert [(each.value, each.color) for each in _thresholds(levels).build().steps] == steps


def holds(whole: Any, part: Any) -> bool:
    """Whether everything in `part` is in `whole`, which may have defaults beside it."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(holds(one, two) for one, two in zip(whole, part, strict=True))
    return bool(whole == part)
