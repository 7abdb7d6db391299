"""How flows run between boxes: at right angles, through the gaps that the layout leaves, each on a track of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ops.report.page.diagram_rows import Via
from ops.report.page.layout import Rectangle
from ops.report.page.scene import Box, Flow

_TRACK = 9
"""Between two flows in one gap."""

_BADGE = 20
"""How far before its end a flow bears its number."""

_NEAR = 12
"""How far from a corner of a box a flow may run into it."""

Point = tuple[int, int]
Port = tuple[str, str]
_SIDES: Mapping[Via, tuple[str, str]] = {
    "right": ("right", "left"),
    "down": ("bottom", "top"),
    "up": ("top", "bottom"),
    "around": ("left", "left"),
    "over": ("right", "left"),
    "lane": ("left", "top"),
}
"""Where a flow leaves its source, and where it enters its target."""


@dataclass(frozen=True)
class Arrow:
    """A flow as a path of SVG, and where its number stands."""

    flow: Flow
    path: str
    badge: Point


def arrows(flows: Sequence[Flow], places: Mapping[str, Rectangle]) -> Iterator[Arrow]:
    """Yield every flow as an arrow between the places of its boxes, by their ids."""
    ports = Counter(port for flow in flows for port in _ports(flow))
    tracks = _Tracks(places, ports)
    for flow in flows:
        points = _ROUTES[flow.via](tracks, flow)
        # What goes up passes behind other boxes at its end.
        badge = _badge(points[1::-1] if flow.via == "up" else points[-2:])
        yield Arrow(flow, "M" + " L".join(f"{x} {y}" for x, y in points), badge)


@dataclass
class _Tracks:
    """Where boxes stand, and which sides and gaps are taken, so that no two flows lie upon each other."""

    places: Mapping[str, Rectangle]
    ports: Counter[Port]
    taken: Counter[Port] = field(default_factory=Counter)

    def ends(self, flow: Flow) -> tuple[Point, Point]:
        """Where a flow leaves and enters; the flows of a side share it evenly."""
        leaves, enters = _ports(flow)
        return self._end(leaves, flow.source), self._end(enters, flow.target)

    def track(self, gap: str, place: int) -> int:
        """How far into a gap the next flow runs."""
        self.taken[gap, str(place)] += 1
        return self.taken[gap, str(place)] * _TRACK

    def left_of(self, x: int) -> int:
        """The x of the next free track left of something."""
        return x - _BADGE - self.track("left", x)

    def above(self, y: int) -> int:
        """The y of the next free track above a row."""
        return y - _BADGE - self.track("above", y)

    @property
    def edge(self) -> int:
        """The left side of what stands furthest to the left."""
        return min(each.x for each in self.places.values())

    def _end(self, port: Port, box: Box) -> Point:
        self.taken[port] += 1
        share = self.taken[port] / (self.ports[port] + 1)
        side, at = port[0], self.places[box.id]
        if side in ("left", "right"):
            return (at.x if side == "left" else at.right), round(at.y + at.height * share)
        return round(at.x + at.width * share), (at.y if side == "top" else at.bottom)


def _ports(flow: Flow) -> tuple[Port, Port]:
    leaves, enters = _SIDES[flow.via]
    return (leaves, flow.source.id), (enters, flow.target.id)


def _right(tracks: _Tracks, flow: Flow) -> list[Point]:
    """Straight where both stand side by side, else by the gap between them."""
    (x, y), (to_x, to_y) = tracks.ends(flow)
    target = tracks.places[flow.target.id]
    if target.y + _NEAR <= y <= target.bottom - _NEAR:
        return [(x, y), (to_x, y)]
    return _over_x(tracks.left_of(to_x), (x, y), (to_x, to_y))


def _over(tracks: _Tracks, flow: Flow) -> list[Point]:
    start, end = tracks.ends(flow)
    return _over_x(tracks.left_of(end[0]), start, end)


def _around(tracks: _Tracks, flow: Flow) -> list[Point]:
    start, end = tracks.ends(flow)
    return _over_x(tracks.left_of(tracks.edge), start, end)


def _vertical(tracks: _Tracks, flow: Flow) -> list[Point]:
    """Straight where one stands above the other, else by the gap at the target."""
    (x, y), (to_x, to_y) = tracks.ends(flow)
    source, target = tracks.places[flow.source.id], tracks.places[flow.target.id]
    if target.width <= source.width and source.x + _NEAR <= to_x <= source.right - _NEAR:
        return [(to_x, y), (to_x, to_y)]
    if target.x + _NEAR <= x <= target.right - _NEAR:
        return [(x, y), (x, to_y)]
    across = tracks.above(max(y, to_y))
    return [(x, y), (x, across), (to_x, across), (to_x, to_y)]


def _lane(tracks: _Tracks, flow: Flow) -> list[Point]:
    """Along the left of the source, then above the target's row, then into it."""
    start, (to_x, to_y) = tracks.ends(flow)
    # What stands at the right side goes down beside it, everything else by the edge.
    column = start[0] if flow.source.place == "partner" else tracks.edge
    x, across = tracks.left_of(column), tracks.above(to_y)
    return [start, (x, start[1]), (x, across), (to_x, across), (to_x, to_y)]


def _over_x(x: int, start: Point, end: Point) -> list[Point]:
    return [start, (x, start[1]), (x, end[1]), end]


def _badge(stretch: Sequence[Point]) -> Point:
    """A little before the end of a stretch, or in the middle of a short one."""
    (from_x, from_y), (x, y) = stretch
    length = abs(x - from_x) + abs(y - from_y)
    back = min(_BADGE, length // 2)
    step_x, step_y = (x > from_x) - (x < from_x), (y > from_y) - (y < from_y)
    return x - back * step_x, y - back * step_y


_ROUTES: Mapping[Via, Callable[[_Tracks, Flow], list[Point]]] = {
    "right": _right,
    "down": _vertical,
    "up": _vertical,
    "around": _around,
    "over": _over,
    "lane": _lane,
}
