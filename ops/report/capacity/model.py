"""What is handed out: a stack's months to year 5, when triggers fire, what changes then and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from infra.catalog.words import Words
from infra.derive.cost_lines import Range
from ops.report.capacity.gauges import Reading
from ops.report.capacity.growth import Demand

_MONTHS_A_YEAR = 12


@dataclass(frozen=True)
class Change:
    """A value of the stack file, as written before (None: not there) and after.

    By `setting` an update applies it. By `instance` it is at the instance (it grows by itself, or by hand), and the
    file follows so that it tells the truth: an update leaves a disk as it is.
    """

    path: str
    before: str | None
    after: str
    by: Literal["setting", "instance"]


@dataclass(frozen=True)
class Month:
    """A month: what is needed, and how full that makes the stack.

    `declared` has each trigger's reading for what the file declares now, `followed` after the changes of the timeline
    up to this month. `cost` is the stack's month after them, in USD at list price.
    """

    index: int
    demand: Demand
    postgres_gib: float
    disk_gib: int | None
    disk_limit_gib: int | None
    declared: Mapping[str, Reading]
    followed: Mapping[str, Reading]
    cost: Range

    @property
    def year(self) -> int:
        """The year that the month lies in, from 1 on."""
        return (self.index - 1) // _MONTHS_A_YEAR + 1


@dataclass(frozen=True)
class Step:
    """Changes that are due in a month, the trigger that asks for them, and a month's price before and after.

    `unpriced` is what the changed stack is charged for that the price book lacks and the stack before had not: `after`
    is too low by that.
    """

    month: int
    trigger: str
    reading: Reading
    changes: tuple[Change, ...]
    before: Range
    after: Range
    unpriced: tuple[str, ...]


@dataclass(frozen=True)
class Firing:
    """When a trigger fires first for what is declared now.

    `month` is None when it does not by year 5 and, without a `reading`, when no plan can tell. `plan` is the month in
    which its answer is planned: earlier only for shards, and 0 or less when that was due before the model begins.
    `reading` is of the month in which it fires, else of the last. `watched`: whether the stack has the alert that tells
    of it in operation. No `changes` although it fires: no setting answers it.
    """

    trigger: str
    month: int | None
    plan: int | None
    reading: Reading | None
    alert: str | None
    watched: bool
    title: Words
    action: Words
    reason: Words
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class End:
    """Where no setting answers a trigger any more.

    `shards`: what is left is PG-SHARD, which is planned in the month `plan` (TRIG) and begun in the month `begin`, so
    that the data have moved by then (2.3.2); both are `month` itself for what ends otherwise.
    """

    trigger: str
    month: int
    plan: int
    begin: int
    shards: bool
    reading: Reading
    reason: Words


@dataclass(frozen=True)
class Timeline:
    """A stack's way to year 5 in one reading of the document."""

    case: str
    title: Words
    months: tuple[Month, ...]
    firings: tuple[Firing, ...]
    steps: tuple[Step, ...]
    ends: tuple[End, ...]

    @property
    def shards(self) -> End | None:
        """Where PostgreSQL needs shards first: by when they stand, and from when on they are planned (PG-SHARD)."""
        return min((end for end in self.ends if end.shards), key=lambda end: end.month, default=None)


@dataclass(frozen=True)
class Capacity:
    """Every reading of the document, the one that is told first first, and where the document contradicts itself."""

    timelines: tuple[Timeline, ...]
    contradictions: tuple[Words, ...]

    @property
    def first(self) -> Timeline:
        """The document's own figures."""
        return self.timelines[0]

    def earliest_and_latest(self, trigger: str) -> tuple[int | None, int | None]:
        """When a trigger fires first for what is declared now, by all readings; None: not by year 5 in one of them."""
        found = [each.month for line in self.timelines for each in line.firings if each.trigger == trigger]
        fired = [month for month in found if month is not None]
        return min(fired, default=None), None if len(fired) < len(found) else max(fired, default=None)
