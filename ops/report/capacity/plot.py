"""A timeline as a picture: data against disks on a logarithmic scale, with the months in which something changes.

The SVG stands in a page or alone: it brings its own colours for light and dark, asks nothing of a network, and its
words are text that can be searched, read aloud and copied.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import svg

from infra.catalog.capacity_rows import disks, triggers
from infra.catalog.words import Words
from ops.report.capacity.model import Month, Timeline

Language = str
"""A field of `Words`."""

_WIDTH, _TOP, _PLOT, _LEFT, _RIGHT = 900, 96, 320, 76, 190
_LINE = 19
_INNER = _WIDTH - _LEFT - _RIGHT
_TB = 1024

_STYLE = """
.cap { --cap-ink: #1f2328; --cap-faint: #59636e; --cap-grid: #d1d9e0; --cap-data: #0969da; --cap-all: #6e7781;
  --cap-disk: #1a7f37; --cap-limit: #9a6700; --cap-end: #cf222e; --cap-paper: #ffffff }
@media (prefers-color-scheme: dark) { .cap { --cap-ink: #e6edf3; --cap-faint: #9198a1; --cap-grid: #3d444d;
  --cap-data: #4493f8; --cap-all: #8b949e; --cap-disk: #3fb950; --cap-limit: #d29922; --cap-end: #f85149;
  --cap-paper: #0d1117 } }
.cap text { fill: var(--cap-ink); font: 12px system-ui, "Noto Sans JP", "Hiragino Sans", sans-serif }
.cap .cap-faint { fill: var(--cap-faint) } .cap .cap-bold { font-weight: 600 }
.cap .cap-grid { stroke: var(--cap-grid); fill: none } .cap .cap-paper { fill: var(--cap-paper) }
.cap .cap-mark { stroke: var(--cap-faint); fill: none; stroke-dasharray: 2 4 }
.cap .cap-data { stroke: var(--cap-data); fill: none; stroke-width: 2.5 }
.cap .cap-all { stroke: var(--cap-all); fill: none; stroke-dasharray: 5 4 }
.cap .cap-disk { stroke: var(--cap-disk); fill: none; stroke-width: 2 }
.cap .cap-limit { stroke: var(--cap-limit); fill: none; stroke-dasharray: 8 3 }
.cap .cap-end { stroke: var(--cap-end); fill: none; stroke-width: 2 }
"""

_WORDS: Mapping[str, Words] = {
    "title": Words("Data against disks to year 5", "5年目までのデータ量とディスク容量"),
    "all": Words("all data", "全データ"),
    "data": Words("in PostgreSQL", "PostgreSQL内"),
    "disk": Words("disk", "ディスク"),
    "limit": Words("automatic growth ends", "自動拡張の上限"),
    "largest": Words("largest disk", "ディスク最大"),
    "year": Words("year", "年目"),
    "month": Words("month", "か月目"),
    "shards": Words("shards", "シャーディング"),
}


@dataclass(frozen=True)
class Scale:
    """Where a month and an amount of GB stand in the picture, the amounts by their logarithm."""

    months: int
    low: int
    high: int

    def x(self, month: float) -> float:
        """From the left."""
        return round(_LEFT + _INNER * (month - 1) / (self.months - 1), 1)

    def y(self, gib: float) -> float:
        """From the top."""
        share = (math.log2(max(gib, self.low)) - math.log2(self.low)) / (math.log2(self.high) - math.log2(self.low))
        return round(_TOP + _PLOT * (1 - share), 1)


def plot(timeline: Timeline, language: Language = "en") -> str:
    """The text of an SVG element, with its words in one language: a field of `Words`."""
    marks = list(_marks(timeline, language))
    height = _TOP + _PLOT + 40 + _LINE * (sum(len(mark.events) for mark in marks) + 1)
    scale = _scale(timeline.months)
    name = f"cap-{timeline.case}-{language}"
    page = svg.SVG(
        viewBox=svg.ViewBoxSpec(0, 0, _WIDTH, height),
        class_=["cap"],
        extra={"role": "img", "lang": language, "aria-labelledby": f"{name}-title {name}-desc"},
        elements=[
            svg.Title(id=f"{name}-title", text=_say("title", language)),
            svg.Desc(
                id=f"{name}-desc", text=escape("; ".join(f"{mark.month}: {', '.join(mark.events)}" for mark in marks))
            ),
            svg.Style(text=_STYLE),
            svg.Rect(x=0, y=0, width=_WIDTH, height=height, class_=["cap-paper"]),
            _text(_LEFT, 24, _say("title", language), "cap-bold"),
            _text(_LEFT, 44, getattr(timeline.title, language), "cap-faint"),
            *_axes(scale, language),
            *_lines(timeline.months, scale, language),
            *_drawn(marks, scale),
        ],
    )
    return str(page)


@dataclass(frozen=True)
class _Mark:
    """A month in which something changes, by its number in the picture, and what happens then, which is told below."""

    number: int
    index: int
    month: str
    events: tuple[str, ...]
    is_end: bool


def _marks(timeline: Timeline, language: Language) -> Iterator[_Mark]:
    """One mark a month that has steps or ends, in their order."""
    said: dict[int, list[str]] = {}
    for step in timeline.steps:
        title = getattr(triggers()[step.trigger].words, language)
        said.setdefault(step.month, []).append(f"{title} → {step.changes[0].after}")
    for end in timeline.ends:
        reason = f"{getattr(triggers()[end.trigger].words, language)}: {getattr(end.reason, language)}"
        shards = f" → {_say('shards', language)}" if end.shards else ""
        said.setdefault(end.month, []).append(f"{reason}{shards}")
    ended = {end.month for end in timeline.ends}
    for number, (month, words) in enumerate(sorted(said.items()), start=1):
        yield _Mark(number, month, _month(month, language), tuple(words), month in ended)


def _month(month: int, language: Language) -> str:
    word = _say("month", language)
    return f"{word} {month}" if language == "en" else f"{month}{word}"


def _scale(months: Sequence[Month]) -> Scale:
    """Whole powers of two around everything that is drawn."""
    low = min(month.postgres_gib for month in months)
    high = max(disks().largest_gb, *(month.demand.data for month in months))
    return Scale(len(months), 2 ** math.floor(math.log2(low)), int(2 ** math.ceil(math.log2(high))))


def _axes(scale: Scale, language: Language) -> Iterator[svg.Element]:
    for power in range(int(math.log2(scale.low)), int(math.log2(scale.high)) + 1, 2):
        y = scale.y(2**power)
        yield svg.Line(x1=_LEFT, x2=_LEFT + _INNER, y1=y, y2=y, class_=["cap-grid"])
        yield _text(_LEFT - 8, y + 4, _size(2**power), "cap-faint", anchor="end")
    for year in range(1, scale.months // 12 + 1):
        x, word = scale.x(year * 12), _say("year", language)
        yield svg.Line(x1=x, x2=x, y1=_TOP, y2=_TOP + _PLOT, class_=["cap-grid"])
        yield _text(x, _TOP + _PLOT + 18, f"{word} {year}" if language == "en" else f"{year}{word}", anchor="middle")


def _lines(months: Sequence[Month], scale: Scale, language: Language) -> Iterator[svg.Element]:
    """The lines, and what each is at its right end, one below the other where they meet."""
    drawn: list[tuple[str, Callable[[Month], float | None], bool]] = [
        ("all", lambda month: month.demand.data, False),
        ("data", lambda month: month.postgres_gib, False),
        ("disk", lambda month: month.disk_gib, True),
        ("limit", lambda month: month.disk_limit_gib, True),
        ("largest", lambda _: disks().largest_gb, True),
    ]
    ends: list[tuple[float, str]] = []
    for name, of, stands in drawn:
        points = [(month.index, amount) for month in months if (amount := of(month)) is not None]
        if name != "all" and months[-1].disk_gib is None:
            continue
        yield svg.Path(
            d=list(_way(points, scale, stands=stands)), class_=["cap-grid" if name == "largest" else f"cap-{name}"]
        )
        ends.append((scale.y(points[-1][1]), f"{_say(name, language)} {_size(points[-1][1])}"))
    y = -math.inf
    for wanted, words in sorted(ends):
        y = max(wanted + 4, y + 14)
        yield _text(_LEFT + _INNER + 8, y, words)


def _way(points: Sequence[tuple[int, float]], scale: Scale, *, stands: bool) -> Iterator[svg.PathData]:
    """A line through points, or stairs where an amount stands until it is changed."""
    first, *rest = points
    yield svg.M(scale.x(first[0]), scale.y(first[1]))
    for month, amount in rest:
        if stands:
            yield svg.H(scale.x(month))
            yield svg.V(scale.y(amount))
        else:
            yield svg.L(scale.x(month), scale.y(amount))


def _drawn(marks: Sequence[_Mark], scale: Scale) -> Iterator[svg.Element]:
    """A line a month with its number above, and below the picture what happens then, a line each."""
    y = _TOP + _PLOT + 40
    for mark in marks:
        x, top = scale.x(mark.index), _TOP - 8 - 12 * (mark.number % 2)
        yield svg.Line(x1=x, x2=x, y1=top, y2=_TOP + _PLOT, class_=["cap-end" if mark.is_end else "cap-mark"])
        yield _text(x, top - 4, str(mark.number), "cap-bold", anchor="middle")
        for place, event in enumerate(mark.events):
            y += _LINE
            if place == 0:
                yield _text(_LEFT - 44, y, str(mark.number), "cap-bold", anchor="end")
                yield _text(_LEFT - 34, y, mark.month, "cap-faint")
            yield _text(_LEFT + 44, y, event)


def _text(x: float, y: float, words: str, kind: str | None = None, *, anchor: str = "start") -> svg.Text:
    return svg.Text(
        x=x,
        y=round(y, 1),
        text=escape(words),
        class_=[kind] if kind else None,
        text_anchor=anchor,  # type: ignore[arg-type] # start, middle or end
    )


def _say(name: str, language: Language) -> str:
    return str(getattr(_WORDS[name], language))


def _size(gib: float) -> str:
    return f"{gib / _TB:.3g} TB" if gib >= _TB else f"{gib:.3g} GB"
