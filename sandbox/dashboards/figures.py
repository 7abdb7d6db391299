"""Panels without axes: gauges, single figures, a ring, a table."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import svg

from infra.catalog.dashboard_rows import Unit
from infra.derive.dashboards import Levels
from sandbox.dashboards.canvas import EDGE, FAINT, GREEN, GRID, INK, LINES, RED, YELLOW, Box, cut, figure, text, tidy
from sandbox.dashboards.simulated import Series, Table

_WIDE = 150
_WHOLE = 2 * math.pi


@dataclass(frozen=True)
class Look:
    """How figures of a panel are written and coloured; `states` are words for 0 and 1."""

    unit: Unit
    levels: Levels | None
    states: tuple[str, str] | None = None

    def words(self, value: float) -> str:
        """A figure as a person reads it."""
        return self.states[int(value >= 1)] if self.states else figure(value, self.unit)

    def colour(self, value: float) -> str:
        """Green, yellow or red."""
        if self.states:
            return GREEN if value >= 1 else RED
        levels = self.levels or Levels(None, None)
        for mark, color in ((levels.critical, RED), (levels.warning, YELLOW)):
            if mark is not None and (value >= mark if levels.above else value <= mark):
                return color
        return GREEN

    def bands(self, most: float) -> Iterator[tuple[float, float, str]]:
        """The stretches of an arc that ends at `most`, by their colour."""
        levels = self.levels or Levels(None, None)
        known = [value for value in (levels.warning, levels.critical) if value is not None]
        edges = sorted({0.0, *(min(value / most, 1) for value in known), 1.0})
        for start, end in pairwise(edges):
            yield start, end, self.colour((start + end) / 2 * most)


@dataclass(frozen=True)
class Circle:
    """A circle that is drawn along from one angle (0: right, upwards) for so far (against the clock)."""

    x: float
    y: float
    radius: float
    begins: float = math.radians(210)
    turns: float = math.radians(-240)

    def arc(self, start: float, end: float, color: str, width: float) -> svg.Element:
        """A stroke along a part of it; start and end are shares of the whole way."""
        angles = [self.begins + self.turns * share for share in (start, max(end, start + 0.002))]
        (x1, y1), (x2, y2) = (
            (self.x + self.radius * math.cos(angle), self.y - self.radius * math.sin(angle)) for angle in angles
        )
        radius, is_large = tidy(self.radius), abs(angles[1] - angles[0]) > math.pi
        return svg.Path(
            d=[svg.M(tidy(x1), tidy(y1)), svg.Arc(radius, radius, 0, is_large, True, tidy(x2), tidy(y2))],  # clockwise
            fill="none",
            stroke=color,
            stroke_width=tidy(width),
        )


def gauge(box: Box, value: float, most: float, legend: str, look: Look) -> Iterator[svg.Element]:
    """A figure on an arc, with its thresholds on a thin one around it."""
    radius = min(box.width / 2 - 24, box.height / 1.75 - 20)
    circle = Circle(box.x + box.width / 2, box.y + radius + 22, radius)
    color = look.colour(value)
    yield circle.arc(0, 1, GRID, radius * 0.24)
    yield circle.arc(0, min(max(value / most, 0), 1), color, radius * 0.24)
    around = replace(circle, radius=radius * 1.18)
    for start, end, band in look.bands(most):
        yield around.arc(start, end, band, 3)
    size = tidy(max(min(radius * 0.42, 34), 14))
    yield text(circle.x, circle.y + size * 0.3, look.words(value), size=size, color=color, anchor="middle", bold=True)
    yield text(circle.x, circle.y + radius * 0.72, legend, size=12.5, color=INK, anchor="middle")


def stat(box: Box, series: Sequence[Series], legends: Sequence[str], look: Look) -> Iterator[svg.Element]:
    """A figure a series, one below the other, each before its last hours."""
    height = box.height / len(series)
    for index, (each, legend) in enumerate(zip(series, legends, strict=True)):
        part = Box(box.x + 10, box.y + index * height, box.width - 20, height)
        color, x, y = look.colour(each.last), part.x + part.width / 2, part.y + height / 2
        if not look.states:
            yield _spark(part, each, color)
        size = 26 if part.width > _WIDE else 22
        yield text(x, y + 2, look.words(each.last), size=size, color=color, anchor="middle", bold=True)
        yield text(x, y + 22, cut(legend, part.width, 11.5), size=11.5, color=FAINT, anchor="middle")


def ring(box: Box, series: Sequence[Series], legends: Sequence[str]) -> Iterator[svg.Element]:
    """Parts of a whole, the largest first."""
    total = sum(each.last for each in series)
    radius = min(box.height / 2 - 18, box.width * 0.28)
    circle, start = Circle(box.x + radius + 30, box.y + box.height / 2, radius * 0.78, math.pi / 2, -_WHOLE), 0.0
    for place, (each, legend) in enumerate(zip(series, legends, strict=True)):
        share = each.last / total
        color = LINES[place % len(LINES)]
        yield circle.arc(start, start + share - 0.004, color, radius * 0.42)
        start += share
        y = box.y + box.height / 2 - len(series) * 13 + place * 28 + 8
        x = circle.x + radius + 34
        yield svg.Rect(x=tidy(x), y=tidy(y - 10), width=12, height=12, rx=2, fill=color)
        yield text(x + 20, y, legend, size=13)
        yield text(box.x + box.width - 12, y, f"{share * 100:.1f} %", size=13, color=FAINT, anchor="end")


def table(box: Box, content: Table) -> Iterator[svg.Element]:
    """Rows and columns; the first takes what the others leave."""
    narrow = 104.0
    first = box.width - narrow * (len(content.columns) - 1) - 24
    height = min(28.0, box.height / (len(content.rows) + 1))
    edges = [box.x + 12, *(box.x + 12 + first + narrow * (index + 1) for index in range(len(content.columns) - 1))]
    for line, row in enumerate((content.columns, *content.rows)):
        y = box.y + height * line + height * 0.68
        if line:
            yield svg.Line(
                x1=box.x + 8,
                x2=box.x + box.width - 8,
                y1=tidy(y - height * 0.68),
                y2=tidy(y - height * 0.68),
                stroke=EDGE,
            )
        for place, cell in enumerate(row):
            words = (
                _cell(cell, content.columns[place])
                if line
                else content.columns[place].removesuffix("_ms").replace("_", " ")
            )
            color = INK if line else FAINT
            if place:
                yield text(edges[place], y, cut(words, narrow - 8), color=color, anchor="end")
            else:
                yield text(edges[0], y, cut(words, first - 20), color=color)


def _cell(cell: object, column: str) -> str:
    if isinstance(cell, str):
        return cell
    number = float(cell)  # type: ignore[arg-type] # a table holds words and numbers
    return figure(number, "ms" if column.endswith(("_ms", "mean")) else "count")


def _spark(box: Box, series: Series, color: str) -> svg.Element:
    low, high = min(series.points), max(series.points)
    span = (high - low) or 1
    points = [
        svg.Point(
            tidy(box.x + box.width * index / (len(series.points) - 1)),
            tidy(box.y + box.height * (0.92 - 0.5 * (value - low) / span)),
        )
        for index, value in enumerate(series.points)
    ]
    bottom = tidy(box.y + box.height)
    corners = [svg.Point(tidy(box.x + box.width), bottom), svg.Point(tidy(box.x), bottom)]
    return svg.Polygon(points=[*points, *corners], fill=color, fill_opacity=0.13)
