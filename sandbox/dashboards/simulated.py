"""A made-up morning: what each query of a panel would have given, the same every time."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parent / "simulated.yaml"
POINTS = 72
"""Every five minutes of six hours."""
_BUMP_WIDTH = 0.035


@dataclass(frozen=True)
class Series:
    """One line of a graph: which query gave it, its labels, its points."""

    query: int
    labels: Mapping[str, str]
    points: tuple[float, ...]

    @property
    def last(self) -> float:
        """What is shown of it where one figure stands for all."""
        return self.points[-1]


@dataclass(frozen=True)
class Table:
    """What a table or a bar chart is made of."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@cache
def _file() -> Mapping[str, Mapping[str, Any]]:
    loaded: Mapping[str, Mapping[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded


def result(dashboard: str, panel: str) -> Table | tuple[Series, ...]:
    """What a panel shows. Raises KeyError for one that nothing is made up for."""
    given = _file()[dashboard][panel]
    if isinstance(given, Mapping):
        return Table(tuple(given["columns"]), tuple(tuple(row) for row in given["rows"]))
    return tuple(_series(each, f"{dashboard} {panel} {place}") for place, each in enumerate(given))


def _series(given: Mapping[str, Any], seed: str) -> Series:
    level, wave, noise = (float(given.get(key, 0)) for key in ("around", "wave", "noise"))
    bump = given.get("bump", {"at": 0, "by": 0})
    phase = _chance(seed, -1) * 2
    points = []
    for index in range(POINTS):
        time = index / (POINTS - 1)
        swing = wave * math.sin(2 * math.pi * (time + phase))
        extra = bump["by"] * math.exp(-(((time - bump["at"]) / _BUMP_WIDTH) ** 2))
        points.append(max(level + swing + extra + noise * _chance(seed, index), 0))
    return Series(given.get("query", 0), given["labels"], tuple(points))


def _chance(seed: str, index: int) -> float:
    """A number from -1 to 1 that is always the same for the same place."""
    digest = hashlib.sha256(f"{seed} {index}".encode()).digest()
    return int.from_bytes(digest[:4]) / 0xFFFFFFFF * 2 - 1


def scale(values: Sequence[float], steps: int = 4) -> tuple[float, ...]:
    """Round marks of an axis that begins at zero and holds every value."""
    most = max(values, default=1) or 1
    rough = most / steps
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough)
    return tuple(step * index for index in range(math.ceil(most / step) + 1))
