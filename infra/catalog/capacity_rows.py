"""Typed rows of capacity.yaml: growth, triggers, what disks and machines of a size can do (CAP, TRIG, SCALE-*)."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Literal, Self

from pydantic import model_validator

from infra.catalog.price_rows import Confidence
from infra.catalog.rows import Row, read
from infra.catalog.words import Words

Curve = Literal["points", "rates"]
"""How a model runs between the document's figures: through them, or from the first one on at its rates."""

Placement = Literal["stores", "postgres"]
"""Where data lies: each kind in its own store where that is on, or all of it in PostgreSQL."""


class FollowsRow(Row):
    """In proportion to another series, with this value in that month."""

    series: str
    month: int
    value: float


class SeriesRow(Row):
    """What grows; the keys are explained in capacity.yaml."""

    unit: str
    confidence: Confidence
    source: str
    words: Words
    points: Mapping[int, float] = {}
    compounds: bool = False
    steps: bool = False
    follows: FollowsRow | None = None
    homes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.points) == bool(self.follows):
            raise ValueError("a series has points, or follows another one")
        return self


class DiskTypeRow(Row):
    """IOPS for a GB, and the most by vCPU from that many on."""

    iops_per_gb: float
    most: Mapping[int, int]


class DisksRow(Row):
    """Disks of Cloud SQL; sizes in GB."""

    largest_gb: int
    step_gb: int
    confidence: Confidence
    types: Mapping[str, DiskTypeRow]


class MachinesRow(Row):
    """Sizes that a custom machine is taken in; memory in GB."""

    vcpus: tuple[int, ...]
    step_gb: int


class TriggerRow(Row):
    """A trigger; the keys are explained in capacity.yaml."""

    requirement: Literal["CAP", "TRIG"]
    needs: tuple[str, ...]
    words: Words
    action: Words
    gauge: str | None = None
    alert: str | None = None
    threshold: str | None = None
    sized: bool = False
    ahead: int | None = None
    shards: bool = False
    ends: Words | None = None


class CaseRow(Row):
    """A way of reading the document."""

    curve: Curve
    placement: Placement
    words: Words


class ContradictionRow(Row):
    """Where the document contradicts itself."""

    requirements: tuple[str, ...]
    words: Words


class ShardsRow(Row):
    """Months before shards are needed in which they are planned, and in which moving to them begins."""

    plan: int
    move: int


class ModelRow(Row):
    """The months of the model, for how many a change is sized, percent a month from a point on, the figures' date."""

    months: int
    ahead: int
    shards: ShardsRow
    source_date: date
    rates: Mapping[int, float]


@cache
def growth_model() -> ModelRow:
    """What all series share."""
    return ModelRow(**{name: _file()[name] for name in ModelRow.model_fields})


@cache
def series() -> Mapping[str, SeriesRow]:
    """What grows, by name."""
    return {name: SeriesRow(**row) for name, row in _file()["series"].items()}


@cache
def disks() -> DisksRow:
    """Disks of Cloud SQL."""
    return DisksRow(**_file()["disks"])


@cache
def machines() -> MachinesRow:
    """Sizes of custom machines."""
    return MachinesRow(**_file()["machines"])


@cache
def triggers() -> Mapping[str, TriggerRow]:
    """Triggers by name, in the order in which they are answered."""
    return {name: TriggerRow(**row) for name, row in _file()["triggers"].items()}


@cache
def cases() -> Mapping[str, CaseRow]:
    """Ways of reading the document by name, the one that is told first first."""
    return {name: CaseRow(**row) for name, row in _file()["cases"].items()}


@cache
def contradictions() -> tuple[ContradictionRow, ...]:
    """Where the document contradicts itself."""
    return tuple(ContradictionRow(**row) for row in _file()["contradictions"])


@cache
def measured() -> Mapping[Literal["watched", "unwatched"], Words]:
    """What is said of a trigger that no plan can work out, by whether an alert tells it in operation."""
    return {name: Words(**words) for name, words in _file()["measured"].items()}


@cache
def on_the_instance() -> frozenset[str]:
    """Paths of settings whose change does not reach what exists."""
    return frozenset(_file()["on_the_instance"])


@cache
def _file() -> Mapping[str, Any]:
    return dict(read("capacity.yaml"))
