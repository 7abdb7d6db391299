"""Where everything of the diagram stands: zones in regions, partners at the side, in SVG's units."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from infra.catalog.words import Words
from ops.report.page.diagram_rows import Place
from ops.report.page.scene import Box, Region, Scene

WIDE, GAP, PAD = 206, 16, 14
"""Width of a box; between boxes; inside a frame."""

GUTTER = 54
"""Room beside the regions and the networks in which flows run."""

LANE = 54
"""Room above a row of boxes in which flows come in."""

TITLE, DETAIL, HEADER = 15, 14, 26
"""Heights of a line of a box and of a frame's label."""

_ZONES = 3
"""Columns of a network: as many zones as a region has."""

_LETTER = 0.54
"""How wide a Latin letter is, as a share of its size; a Japanese one is as wide as high."""


@dataclass(frozen=True)
class Rectangle:
    """A rectangle of the picture."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The x of its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The y of its lower side."""
        return self.y + self.height


@dataclass(frozen=True)
class Line:
    """A line of text of a box or frame, by what it is."""

    kind: str
    words: Words
    y: int


@dataclass(frozen=True)
class Placed:
    """A box with its place and its lines."""

    box: Box
    at: Rectangle
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Frame:
    """A region, network or zone."""

    kind: str
    label: Words
    at: Rectangle


def place(scene: Scene) -> tuple[tuple[Frame, ...], tuple[Placed, ...]]:
    """Frames from the outside in, and boxes, in their places."""
    canvas = _Canvas(scene)
    # The last of them stands above what receives its requests.
    edge = canvas.of("edge")
    canvas.row((_FRONT - (len(edge) - 1) * (WIDE + GAP), GAP), edge)
    y = canvas.bottom + LANE
    for region in scene.regions:
        y = canvas.region(region, y) + GAP
    canvas.partners()
    return tuple(canvas.frames), tuple(canvas.placed)


def fitted(text: str, width: int, size: int) -> str:
    """A text that fits into a width, cut with an ellipsis where it does not."""
    room, kept = width / size, ""
    for letter in text:
        room -= 1 if unicodedata.east_asian_width(letter) in "WF" else _LETTER
        if room < 0:
            return kept[:-1].rstrip() + "…"
        kept += letter
    return kept


class _Canvas:
    """Boxes and frames as they are placed, from the top down."""

    def __init__(self, scene: Scene) -> None:
        self._boxes = scene.boxes
        self.frames: list[Frame] = []
        self.placed: list[Placed] = []

    @property
    def bottom(self) -> int:
        """Where the next row can begin."""
        return max((each.at.bottom for each in self.placed), default=0)

    def of(self, place: Place, region: str = "") -> list[Box]:
        """The boxes of a place."""
        return [box for box in self._boxes if box.place == place and box.region == region]

    def region(self, region: Region, top: int) -> int:
        """Place a region and everything in it; returns its lower side."""
        slot = len(self.frames)
        left = GAP + GUTTER
        y = top + HEADER
        if front := self.of("front", region.name):
            self.row((_FRONT, y + 8), front)
            y = self.bottom + LANE
        if region.network:
            y = self._network(region, left, y)
        if services := self.of("service", region.name):
            for start in range(0, len(services), _ZONES + 1):
                self.row((left, y + LANE), services[start : start + _ZONES + 1])
                y = self.bottom
            y += PAD
        self.frames.insert(slot, _frame("region", region.label, Rectangle(GAP, top, _REGION, y - top)))
        return y

    def partners(self) -> None:
        """Place partners beside the endpoints that lead to them, the rest below."""
        partners = self.of("partner")
        by_key = {each.box.key: each.at.y for each in self.placed if each.box.place == "endpoint"}
        x, y = GAP + _REGION + GUTTER, min(by_key.values(), default=0)
        if not partners:
            return
        top = y
        for box in partners:
            y = max(y, by_key.get(f"endpoint-{box.key}", y))
            y = self._put(box, x, y, WIDE).bottom + GAP
        label = Words("Outside Google Cloud", "Google Cloud 外")
        at = Rectangle(x - PAD, top - HEADER - PAD, WIDE + 2 * PAD, y - top + HEADER + PAD)
        self.frames.append(Frame("partners", label, at))

    def row(self, start: tuple[int, int], boxes: Iterable[Box], width: int = WIDE) -> None:
        """Place boxes beside each other, all as high as the highest."""
        x, y = start
        boxes = tuple(boxes)
        high = max((_height(box) for box in boxes), default=0)
        for box in boxes:
            self._put(box, x, y, width, high)
            x += width + GAP

    def _network(self, region: Region, left: int, top: int) -> int:
        """The network's part of a region: zones as columns, what spans them, endpoints at the right side."""
        slot = len(self.frames)
        y = first = top + HEADER + 4
        inner = left + PAD
        for box in self.of("across", region.name):
            y = self._put(box, inner + GAP, y + HEADER, _SPAN - 2 * GAP).bottom + LANE
        spanned = y > first
        zones = self._zones(region, inner, first, y if spanned else first + HEADER)
        for box in self.of("beneath", region.name):
            zones = self._put(box, inner, zones + GAP, _SPAN).bottom
        y = first
        for box in self.of("endpoint", region.name):
            y = self._put(box, inner + _SPAN + GUTTER, y, WIDE).bottom + GAP
        bottom = max(zones, y - GAP if y > first else first) + PAD
        width = _REGION - GUTTER - PAD
        self.frames.insert(
            slot, _frame("network", " · ".join(region.network), Rectangle(left, top, width, bottom - top))
        )
        return bottom

    def _zones(self, region: Region, left: int, top: int, start: int) -> int:
        """Zones as columns from `top` on, their boxes from `start` on; returns their lower side."""
        boxes = self.of("zone", region.name)
        names = sorted({box.zone for box in boxes})
        bottoms = [start]
        for column, zone in enumerate(names):
            y = start
            for box in (box for box in boxes if box.zone == zone):
                y = self._put(box, left + column * (WIDE + 2 * PAD + GAP) + PAD, y, WIDE).bottom + GAP
            bottoms.append(y - GAP + PAD)
        for column, zone in enumerate(names):
            at = Rectangle(left + column * (WIDE + 2 * PAD + GAP), top, WIDE + 2 * PAD, max(bottoms) - top)
            self.frames.append(_frame("zone", zone, at))
        return max(bottoms) if names else start - HEADER

    def _put(self, box: Box, x: int, y: int, width: int, height: int = 0) -> Rectangle:
        at = Rectangle(x, y, width, height or _height(box))
        self.placed.append(Placed(box, at, tuple(_lines(box, at))))
        return at


_SPAN = _ZONES * (WIDE + 2 * PAD) + (_ZONES - 1) * GAP
_REGION = GUTTER + PAD + _SPAN + GUTTER + WIDE + PAD + PAD
"""Widths of the zones of a network, and of a region."""

_FRONT = GAP + GUTTER + PAD + WIDE + 2 * PAD + 4 * GAP
"""Left side of what stands before a network: its flows run beside the names of zones."""


def _frame(kind: str, label: str, at: Rectangle) -> Frame:
    return Frame(kind, Words(label, label), at)


def _height(box: Box) -> int:
    return TITLE + DETAIL * (len(box.details) + 1) + 16


def _lines(box: Box, at: Rectangle) -> Iterator[Line]:
    room = at.width - 20
    y = at.y + 20
    yield Line("title", _fitted(box.title, room, 13), y)
    for words in box.details:
        y += DETAIL
        yield Line("detail", _fitted(words, room, 11), y)
    first, *others = box.resources
    more = f" +{len(others)}" if others else ""
    yield Line("resource", _fitted(Words(first + more, first + more), room, 11), y + DETAIL)


def _fitted(words: Words, width: int, size: int) -> Words:
    return Words(fitted(words.en, width, size), fitted(words.ja, width, size))
