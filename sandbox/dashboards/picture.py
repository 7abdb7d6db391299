"""A dashboard as a picture: its panels in their places, in Grafana's manner, as one file that needs nothing else."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

import svg

from infra.derive.dashboards import Dashboard, Panel
from sandbox.dashboards import charts, figures
from sandbox.dashboards.canvas import (
    BACKGROUND,
    COLUMN,
    EDGE,
    FAINT,
    GAP,
    HEADER,
    INK,
    MARGIN,
    PAGE,
    PANEL,
    ROW,
    TITLE,
    Box,
    cut,
    text,
)
from sandbox.dashboards.simulated import Series, Table, result

_TITLE_BAR = 34


def picture(dashboard: Dashboard, title: str) -> str:
    """The text of an SVG file. Raises KeyError for a panel of which nothing is made up."""
    height = HEADER + MARGIN + ROW * max(panel.place.y + panel.place.height for panel in dashboard.panels)
    elements: list[svg.Element] = [
        svg.Title(text=escape(title)),
        svg.Style(text="text { font-family: Inter, Helvetica, Arial, 'DejaVu Sans', sans-serif }"),
        svg.Rect(x=0, y=0, width=PAGE, height=height, fill=BACKGROUND),
        text(MARGIN + 4, 40, title, size=20, color=TITLE, bold=True),
        text(PAGE - MARGIN - 4, 40, "last 6 hours · simulated data", size=13, color=FAINT, anchor="end"),
    ]
    for panel in dashboard.panels:
        elements += _panel(dashboard.key, panel)
    page = svg.SVG(
        width=PAGE,
        height=height,
        viewBox=svg.ViewBoxSpec(0, 0, PAGE, height),
        elements=elements,
    )
    # A line an element: a change of a panel is a change of its lines.
    return str(page).replace("><", ">\n<") + "\n"


def _panel(dashboard: str, panel: Panel) -> Iterator[svg.Element]:
    place = panel.place
    box = Box(
        MARGIN + place.x * COLUMN + GAP / 2,
        HEADER + place.y * ROW + GAP / 2,
        place.width * COLUMN - GAP,
        place.height * ROW - GAP,
    )
    yield svg.Rect(x=box.x, y=box.y, width=box.width, height=box.height, rx=4, fill=PANEL, stroke=EDGE)
    title = cut(panel.row.title, box.width - 24, 13.5)
    yield text(box.x + 12, box.y + 23, title, size=13.5, color=INK, bold=True)
    yield from _content(box.inner(4, _TITLE_BAR, 4, 6), panel, result(dashboard, panel.row.title))


def _content(box: Box, panel: Panel, shown: Table | tuple[Series, ...]) -> Iterator[svg.Element]:
    if isinstance(shown, Table):
        yield from (charts.bars if panel.kind == "bar" else figures.table)(box, shown)
        return
    legends = [_legend(panel, each) for each in shown]
    look = figures.Look(panel.unit, panel.levels, panel.row.states)
    if panel.kind == "graph":
        yield from charts.graph(box, shown, legends, panel.unit, panel.levels)
    elif panel.kind == "heatmap":
        yield from charts.heatmap(box, shown, panel.unit)
    elif panel.kind == "pie":
        yield from figures.ring(box, shown, legends)
    elif panel.kind == "stat":
        yield from figures.stat(box, shown, legends, look)
    else:
        for index, (each, legend) in enumerate(zip(shown, legends, strict=True)):
            most = next(query.most for query in panel.queries if query.promql == panel.row.queries[each.query].promql)
            part = box.slice(index, len(shown))
            yield from figures.gauge(part, each.last, most or 1, legend, look)


def _legend(panel: Panel, series: Series) -> str:
    """The legend of a series as Grafana would write it: {{label}} is the label's value."""
    legend = panel.row.queries[series.query].legend
    return re.sub(r"\{\{(\w+)\}\}", lambda match: series.labels[match[1]], legend)
