"""The platform as a picture, drawn from the in-process plan: where everything stands and how data flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.catalog.words import Words
from ops.report.page.layout import GAP, Frame, Placed, place
from ops.report.page.routes import Arrow, arrows
from ops.report.page.scene import Resource, scene


@dataclass(frozen=True)
class Diagram:
    """A picture in SVG's units, ready to be written down."""

    width: int
    height: int
    frames: tuple[Frame, ...]
    boxes: tuple[Placed, ...]
    arrows: tuple[Arrow, ...]

    @property
    def flows(self) -> tuple[tuple[int, Words, Arrow], ...]:
        """Each flow once, by its number."""
        first = {each.flow.number: each for each in reversed(self.arrows)}
        return tuple((number, arrow.flow.words, arrow) for number, arrow in sorted(first.items()))


def diagram(resources: Sequence[Resource]) -> Diagram:
    """Draw the resources of a plan; a store that is not declared is not drawn."""
    seen = scene(resources)
    frames, boxes = place(seen)
    drawn = tuple(arrows(seen.flows, {each.box.id: each.at for each in boxes}))
    corners = [*(frame.at for frame in frames), *(box.at for box in boxes)]
    return Diagram(
        width=max((each.right for each in corners), default=0) + GAP,
        height=max((each.bottom for each in corners), default=0) + GAP,
        frames=frames,
        boxes=boxes,
        arrows=drawn,
    )
