"""Charts with axes: lines over time, a heat map, stacked bars."""

from collections.abc import Iterator, Sequence

import svg

from infra.catalog.dashboard_rows import Unit
from infra.derive.dashboards import Levels
from sandbox.dashboards.canvas import FAINT, GRID, INK, LINES, RED, YELLOW, Box, cut, figure, text, tidy, width_of
from sandbox.dashboards.simulated import Series, Table, scale

_HOURS = ("06:00", "07:00", "08:00", "09:00", "10:00", "11:00", "12:00")
_HEAT = ("#1f1a17", "#4a2a12", "#7f3f0e", "#b8560d", "#e8741a", "#ff9d4d", "#ffc894", "#fff1e0")
_LEGEND = 18


def graph(
    box: Box, series: Sequence[Series], legends: Sequence[str], unit: Unit, levels: Levels | None
) -> Iterator[svg.Element]:
    """Lines over six hours, with thresholds as dashed lines."""
    marks = [(value, color) for value, color in _marks(levels) if _near(value, series, unit)]
    top = [*(max(each.points) for each in series), *(value for value, _ in marks)]
    axis = (0, 0.25, 0.5, 0.75, 1.0) if unit == "share" else scale(top)
    plot = box.inner(58, 8, 12, 26 + _LEGEND * _legend_lines(legends, box.width - 70))
    yield from _frame(plot, [(value, figure(value, unit)) for value in axis])
    for value, color in marks:
        y = tidy(plot.y + plot.height * (1 - value / axis[-1]))
        yield svg.Line(x1=plot.x, x2=plot.x + plot.width, y1=y, y2=y, stroke=color, stroke_dasharray=[6, 4])
    for place, each in enumerate(series):
        points = [
            svg.Point(
                tidy(plot.x + plot.width * index / (len(each.points) - 1)),
                tidy(plot.y + plot.height * (1 - min(value / axis[-1], 1))),
            )
            for index, value in enumerate(each.points)
        ]
        color = LINES[place % len(LINES)]
        yield svg.Polyline(points=points, fill="none", stroke=color, stroke_width=1.8, stroke_linejoin="round")
    words = [f"{legend}  {figure(each.last, unit)}" for legend, each in zip(legends, series, strict=True)]
    yield from _legend(plot, words)


def heatmap(box: Box, series: Sequence[Series], unit: Unit) -> Iterator[svg.Element]:
    """Buckets from the fastest upwards; the more, the brighter."""
    plot = box.inner(58, 8, 12, 26 + _LEGEND)
    most = max(max(each.points) for each in series)
    columns = [series[0].points[index : index + 2] for index in range(0, len(series[0].points), 2)]
    height, width = plot.height / len(series), plot.width / len(columns)
    for row, each in enumerate(series):
        y = plot.y + plot.height - (row + 1) * height
        for column in range(len(columns)):
            value = sum(each.points[2 * column : 2 * column + 2]) / 2
            shade = _HEAT[min(int((value / most) ** 0.5 * len(_HEAT)), len(_HEAT) - 1)]
            yield svg.Rect(
                x=tidy(plot.x + column * width), y=tidy(y), width=tidy(width - 1), height=tidy(height - 1), fill=shade
            )
        yield text(
            plot.x - 6, y + height / 2 + 4, figure(float(each.labels["le"]), unit), size=11, color=FAINT, anchor="end"
        )
    yield from _hours(plot)
    for step, shade in enumerate(_HEAT):
        yield svg.Rect(x=plot.x + step * 22, y=tidy(plot.y + plot.height + 26), width=22, height=9, fill=shade)
    words = f"0 to {figure(most, 'per-second')}"
    yield text(plot.x + len(_HEAT) * 22 + 8, plot.y + plot.height + 35, words, size=11, color=FAINT)


def bars(box: Box, table: Table) -> Iterator[svg.Element]:
    """A line a row: its figures one after another."""
    plot = box.inner(92, 4, 70, 24)
    most = max(sum(row[1:]) for row in table.rows)
    height = plot.height / len(table.rows)
    for index, row in enumerate(table.rows):
        x, y = plot.x, plot.y + index * height
        yield text(plot.x - 8, y + height / 2 + 4, cut(str(row[0]), 84), color=INK, anchor="end")
        for place, value in enumerate(row[1:]):
            width = plot.width * value / most
            color = LINES[place]
            yield svg.Rect(
                x=tidy(x), y=tidy(y + 4), width=tidy(max(width, 1)), height=tidy(height - 8), fill=color, rx=2
            )
            x += width
        yield text(x + 8, y + height / 2 + 4, figure(sum(row[1:]), "count"), size=11, color=FAINT)
    yield from _legend(
        Box(plot.x, plot.y, plot.width, plot.height - 14), [name.replace("_", " ") for name in table.columns[1:]]
    )


def _marks(levels: Levels | None) -> list[tuple[float, str]]:
    known = [(levels.warning, YELLOW), (levels.critical, RED)] if levels else []
    return [(value, color) for value, color in known if value is not None]


def _near(value: float, series: Sequence[Series], unit: Unit) -> bool:
    """A threshold far above everything would make of the lines a line: it is left out of the picture."""
    return unit == "share" or value <= 2.5 * max(max(each.points) for each in series)


def _frame(plot: Box, axis: Sequence[tuple[float, str]]) -> Iterator[svg.Element]:
    for value, words in axis:
        y = tidy(plot.y + plot.height * (1 - value / axis[-1][0]))
        yield svg.Line(x1=plot.x, x2=plot.x + plot.width, y1=y, y2=y, stroke=GRID)
        yield text(plot.x - 6, y + 4, words, size=11, color=FAINT, anchor="end")
    yield from _hours(plot)


def _hours(plot: Box) -> Iterator[svg.Element]:
    shown = _HOURS if plot.width > len(_HOURS) * 48 else _HOURS[::2]
    for index, words in enumerate(shown):
        x = plot.x + plot.width * index / (len(shown) - 1)
        anchor = "end" if index == len(shown) - 1 else "middle" if index else "start"
        yield text(x, plot.y + plot.height + 16, words, size=11, color=FAINT, anchor=anchor)


def _legend_lines(legends: Sequence[str], width: float) -> int:
    lines, used = 1, 0.0
    for legend in legends:
        need = width_of(legend, 11.5) + 90
        if used and used + need > width:
            lines, used = lines + 1, 0.0
        used += need
    return lines


def _legend(plot: Box, words: Sequence[str]) -> Iterator[svg.Element]:
    x, y = plot.x, plot.y + plot.height + 34
    for place, each in enumerate(words):
        need = width_of(each, 11.5) + 30
        if x > plot.x and x + need > plot.x + plot.width + 10:
            x, y = plot.x, y + _LEGEND
        yield svg.Rect(x=tidy(x), y=tidy(y - 6), width=12, height=4, rx=2, fill=LINES[place % len(LINES)])
        shown = cut(each, plot.x + plot.width - x - 12, 11.5)
        yield text(x + 18, y, shown, size=11.5, color=INK)
        x += need
