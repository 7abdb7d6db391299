"""How the pictures look: sizes, colours, letters, figures with their units."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

import svg

from infra.catalog.dashboard_rows import COLUMNS, Unit

COLUMN, ROW, GAP, MARGIN, HEADER = 60, 34, 8, 20, 64
PAGE = COLUMNS * COLUMN + 2 * MARGIN
BACKGROUND, PANEL, EDGE, GRID = "#111217", "#181b1f", "#2c3038", "#2a2e36"
INK, FAINT, TITLE = "#ccccdc", "#8e919b", "#f0f0f5"
GREEN, YELLOW, RED = "#56a64b", "#e0b400", "#e02f44"
LINES = ("#5794f2", "#ff9830", "#73bf69", "#b877d9", "#f2495c", "#37bbc8", "#fade2a", "#8ab8ff")
_LETTER = 0.56
"""How wide a letter is, as a share of its size: what is longer than its place is cut."""
_THOUSAND = 1000


@dataclass(frozen=True)
class Box:
    """A rectangle of the picture, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def inner(self, left: float, top: float, right: float, bottom: float) -> "Box":
        """What is left of it inside these borders."""
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)

    def slice(self, index: int, count: int) -> "Box":
        """One of so many parts beside each other."""
        return Box(self.x + self.width * index / count, self.y, self.width / count, self.height)


def text(  # noqa: PLR0913 # what SVG says of a text
    x: float, y: float, words: str, *, size: float = 12, color: str = INK, anchor: str = "start", bold: bool = False
) -> svg.Text:
    """Words with the line they stand on at y."""
    return svg.Text(
        x=tidy(x),
        y=tidy(y),
        text=escape(words),
        fill=color,
        font_size=size,
        text_anchor=anchor,  # type: ignore[arg-type] # start, middle or end
        font_weight="600" if bold else None,
    )


def cut(words: str, width: float, size: float = 12) -> str:
    """Words that fit into a width; what is cut off ends in an ellipsis."""
    room = int(width / (size * _LETTER))
    return words if len(words) <= room else words[: max(room - 1, 0)].rstrip() + "…"


def width_of(words: str, size: float = 12) -> float:
    """About how wide words are."""
    return len(words) * size * _LETTER


def tidy(number: float) -> float:
    """A place to a tenth of a pixel, so that a picture is the same wherever it is drawn."""
    return round(number + 0.0, 1)


def figure(value: float, unit: Unit) -> str:
    """A figure as a person reads it."""
    if unit == "share":
        return f"{value * 100:.3g} %"
    if unit == "bytes":
        return _stepped(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB"))
    if unit in ("us", "ms", "s"):
        return _time(value / {"us": 1e6, "ms": 1e3, "s": 1}[unit])
    whole = round(value) if unit == "count" and abs(value) < _THOUSAND else value
    plain = _stepped(whole, _THOUSAND, ("", "k", "M", "G"))
    return f"{plain}/s" if unit == "per-second" else plain


def _time(seconds: float) -> str:
    for name, size in (("h", 3600), ("min", 60), ("s", 1), ("ms", 1e-3)):
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds * 1e6:.3g} µs" if seconds else "0"


def _stepped(value: float, by: int, names: tuple[str, ...]) -> str:
    for name in names[:-1]:
        if abs(value) < by:
            return f"{value:.3g} {name}".strip()
        value /= by
    return f"{value:.3g} {names[-1]}".strip()
