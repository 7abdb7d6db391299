"""The report as data: what each page, table and file of it is made of. Nothing here is formatted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from infra.catalog.words import Words
from infra.derive.cost import ORDER, Estimate
from infra.derive.cost_lines import Range

if TYPE_CHECKING:
    from ops.report.cheapest.model import Cheapest

Status = Literal["met", "not met", "undecided"]
"""Undecided: no plan can tell; the verdict says what measures it once the stack stands."""


@dataclass(frozen=True)
class Evidence:
    """One fact that a verdict rests on.

    `origin` is where it stands: a resource and its property, a file of the project, or a row of the catalogue. `asked`
    is what was expected of it, empty where nothing was. `source` and `date` belong to facts of the outside world.
    """

    origin: str
    value: str
    holds: bool
    asked: str = ""
    source: str = ""
    date: date | None = None


@dataclass(frozen=True)
class Remedy:
    """Settings that close a gap, laid over the stack's own, and the difference they make a month in USD.

    Without `closes` they make it smaller. `unpriced` is charged as well and has no price in the book.
    """

    words: Words
    settings: Mapping[str, Any]
    month: Range
    unpriced: tuple[str, ...] = ()
    closes: bool = True


@dataclass(frozen=True)
class Verdict:
    """What a requirement asks, whether the stack keeps it, and why that is so."""

    requirement: str
    status: Status
    found: Words
    evidence: tuple[Evidence, ...]
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True)
class Report:
    """Everything about one stack; `deployed` is a month of it as it stands, where that was given.

    `cheapest` has each store that a cheaper setting was looked for.
    """

    stack: str
    made: date
    verdicts: tuple[Verdict, ...]
    month: Estimate
    advice: tuple[tuple[str, str], ...]
    deployed: Estimate | None = None
    cheapest: tuple[Cheapest, ...] = ()

    @property
    def stores(self) -> tuple[str, ...]:
        """The stores that are charged for, now or as deployed, in the order of the platform."""
        charged = {*self.month.stores, *(self.deployed.stores if self.deployed else ())}
        return tuple(store for store in ORDER if store in charged)

    def added(self, store: str = "") -> Range | None:
        """What a month costs more than as deployed, of one store or of all; None where nothing is known of that."""
        if self.deployed is None:
            return None
        now, then = (each.of(store) if store else each for each in (self.month, self.deployed))
        return now.month().minus(then.month())

    def of(self, status: Status) -> tuple[Verdict, ...]:
        """The verdicts of a status, in the document's order."""
        return tuple(each for each in self.verdicts if each.status == status)
