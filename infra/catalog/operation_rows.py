"""Typed rows of operations.yaml and phase_titles.yaml."""

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field

from infra.catalog import Row, read
from infra.catalog.price_rows import Confidence

Effect = Literal["none", "in-place", "restart", "rolling", "flag"]
Ends = Annotated[tuple[float, float], Field(description="low and high end")]


class OperationRow(Row):
    """What an operation takes (minutes) and what clients feel of it (downtime in seconds); see operations.yaml."""

    operation: Literal["create", "update"]
    type: str
    effect: Effect
    minutes: Ends
    downtime: Ends
    en: str
    ja: str
    source: str
    date: date
    confidence: Confidence
    property: str = "*"
    when: Mapping[str, str] = Field(default_factory=dict)

    def fits(self, operation: str, token: str, changed: str, inputs: Mapping[str, Any]) -> bool:
        """Whether the row tells about a change of that property ("" for a creation); `inputs` are those afterwards."""
        return (
            (self.operation, self.type) == (operation, token)
            and fnmatchcase(changed, self.property)
            and all(_holds(_at(inputs, path), wanted) for path, wanted in self.when.items())
        )


class PhaseRow(Row):
    """A phase of the document; see phase_titles.yaml."""

    requirement: str
    en: str
    ja: str
    readers: int


@cache
def operations() -> tuple[OperationRow, ...]:
    """Operations in the order in which they are asked."""
    return tuple(OperationRow(**row) for row in read("operations.yaml"))


@cache
def phase_titles() -> Mapping[str, PhaseRow]:
    """Phases by their number, in their order."""
    return {number: PhaseRow(**row) for number, row in read("phase_titles.yaml").items()}


def operation(kind: str, token: str, changed: str, inputs: Mapping[str, Any]) -> OperationRow | None:
    """The row of an operation, None where none tells about it; the arguments are those of `OperationRow.fits`."""
    return next((row for row in operations() if row.fits(kind, token, changed, inputs)), None)


def _at(inputs: Mapping[str, Any], path: str) -> Any:
    value: Any = inputs
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _holds(value: Any, wanted: str) -> bool:
    return value is not None and fnmatchcase(str(value), wanted)
