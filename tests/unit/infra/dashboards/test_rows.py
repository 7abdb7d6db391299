"""The list of panels has every measure of the document, and asks for metrics and labels that exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from infra.catalog.dashboard_rows import PanelRow, QueryRow, dashboards
from infra.catalog.metric_rows import MetricRow, metric_types, monitored_resources, prometheus_names
from infra.catalog.monitoring_rows import alerts
from infra.derive.alert_scopes import any_of
from infra.derive.dashboards import SLOW_STATEMENTS
from infra.derive.features import features
from tests.unit.infra.dashboards import world

DOCUMENT: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "document.yaml").read_text())
PANELS = [(key, panel) for key, row in dashboards().items() for panel in row.panels]
QUERIES = [
    pytest.param(panel, query, id=f"{panel.title}, {query.legend}") for _, panel in PANELS for query in panel.queries
]
HISTOGRAM = re.compile(r"_(bucket|sum|count)$")
GOOGLES_OWN = {"monitored_resource", "le"}


@pytest.mark.parametrize(
    ("dashboard", "panel", "metric"),
    [(one, two, each) for one, panels in DOCUMENT.items() for two, row in panels.items() for each in row["metrics"]],
)
def test_every_measure_of_the_document_is_shown_as_it_says(dashboard: str, panel: str, metric: str) -> None:
    kind = DOCUMENT[dashboard][panel]["type"]
    found = [
        each
        for row in dashboards().values()
        if row.document == dashboard
        for each in row.panels
        if each.document == panel and each.kind == kind and metric in {query.metric for query in each.queries}
    ]
    assert found
    assert all("DASH" in each.requirements for each in found)


def test_nothing_claims_to_be_of_the_document_that_is_not() -> None:
    for row in dashboards().values():
        panels = DOCUMENT[row.document]
        for panel in row.panels:
            measures = {query.metric for query in panel.queries if query.metric}
            assert measures <= set(panels[panel.document]["metrics"])


@pytest.mark.parametrize(("_key", "panel"), PANELS)
def test_thresholds_are_of_an_alert_that_exists(_key: str, panel: PanelRow) -> None:
    if panel.alert:
        assert alerts()[panel.alert].log is None


@pytest.mark.parametrize(("panel", "query"), QUERIES)
def test_query_needs_what_a_stack_can_have(panel: PanelRow, query: QueryRow) -> None:
    del panel
    assert set(query.needs) <= features(world.SETTINGS) | {
        "slow-log",
        "valkey",
        *(each for each in world.EVERYTHING if each.startswith("exporters-")),
    }


@pytest.mark.parametrize(("panel", "query"), QUERIES)
def test_query_is_promql_about_metrics_and_labels_that_exist(panel: PanelRow, query: QueryRow) -> None:
    del panel
    for selector in selectors(parsed(query)):
        row = metric_of(selector.name)
        if row is None:
            continue
        labels = set(row.labels).union(*(monitored_resources()[each].labels for each in row.resources))
        for matcher in selector.matchers.matchers:
            assert matcher.name in labels | GOOGLES_OWN, (selector.name, matcher.name)
            allowed = row.labels.get(matcher.name)
            if allowed and not matcher.value.startswith("$"):
                assert set(matcher.value.split("|")) <= set(allowed)


@pytest.mark.parametrize(("panel", "query"), QUERIES)
def test_what_is_grouped_by_and_told_in_the_legend_is_a_label(panel: PanelRow, query: QueryRow) -> None:
    del panel
    tree = parsed(query)
    rows = [row for row in (metric_of(each.name) for each in selectors(tree)) if row]
    labels = (
        set()
        .union(*(row.labels for row in rows))
        .union(*(monitored_resources()[each].labels for row in rows for each in row.resources))
    )
    kept = {label for label in re.findall(r"\bby \(([^)]*)\)", query.promql) for label in re.split(r",\s*", label)}
    if rows:
        assert kept <= labels | {"le"}
    assert set(re.findall(r"\{\{(\w+)\}\}", query.legend)) <= kept


@pytest.mark.parametrize(("panel", "query"), QUERIES)
def test_a_running_total_is_never_shown_as_it_stands(panel: PanelRow, query: QueryRow) -> None:
    del panel
    tree = parsed(query)
    rated = {each.name for each in selectors(tree, inside="rate") + selectors(tree, inside="increase")}
    for selector in selectors(tree):
        row = metric_of(selector.name)
        counts = row is not None and row.kind != "GAUGE"
        assert (counts or row is None) == (selector.name in rated), selector.name


@pytest.mark.parametrize(("_key", "panel"), PANELS)
def test_the_unit_is_the_metrics_own(_key: str, panel: PanelRow) -> None:
    """Where a query shows a metric as it is, or times a figure, it is in the panel's unit then."""
    factors = {("us", "ms"): "/ 1000", ("s", "ms"): "1000 *"}
    for query in panel.queries:
        units = {row.unit for row in (metric_of(each.name) for each in selectors(parsed(query))) if row}
        if panel.unit == "ms":
            (unit,) = units - {"count"}
            assert factors[unit, "ms"] in query.promql
        elif panel.unit in ("s", "bytes"):
            assert units == {panel.unit}
        elif panel.unit == "us":
            assert units == {"us"}


def parsed(query: QueryRow) -> promql_parser.Expr:
    """The query of prod; a name that prod has no value for stands for itself."""
    known = world.known()
    text = query.promql
    for name, values in {"valkey": ("v",), **known.values}.items():
        text = text.replace(f'"${name}"', f'"${name}"' if name != "environment" else f'"{any_of(values)}"')
    for name, figure in known.figures.items():
        text = text.replace(f"${name}", f"{figure:g}")
    return promql_parser.parse(text)


def selectors(tree: Any, inside: str | None = None) -> list[promql_parser.VectorSelector]:
    """The metrics that a query asks for; with `inside` those within a call of that function."""
    found: list[promql_parser.VectorSelector] = []

    def look(node: Any, within: bool) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.extend([node] if within else [])
        elif isinstance(node, promql_parser.MatrixSelector):
            look(node.vector_selector, within)
        elif isinstance(node, promql_parser.Call):
            for each in node.args:
                look(each, within or node.func.name == inside)
        else:
            for each in children(node):
                look(each, within)

    look(tree, inside is None)
    return found


def children(node: Any) -> Iterator[Any]:
    """The parts of a node of the tree."""
    for name in ("expr", "lhs", "rhs", "param"):
        if (part := getattr(node, name, None)) is not None:
            yield part


def metric_of(name: str | None) -> MetricRow | None:
    """The row of a metric; None for the log-based one that the platform declares."""
    if name == f"logging_googleapis_com:user_{SLOW_STATEMENTS}":
        return None
    assert name is not None
    known = prometheus_names()
    metric = known.get(name) or known.get(HISTOGRAM.sub("", name))
    assert metric, f"{name} is no metric of infra/catalog/metrics"
    return metric_types()[metric]
