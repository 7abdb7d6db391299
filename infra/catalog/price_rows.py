"""Typed rows of the price book: prices.yaml, price_rules.yaml, cost_targets.yaml."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NamedTuple

from pydantic import Field

from infra.catalog import Row, read

HOURS_A_MONTH = 730
"""Google's own month for list prices."""

Confidence = Literal["A", "B", "C", "D"]
"""How far a price can be trusted, from A on downwards; the words for it stand in prices.yaml."""

Unit = Literal[
    "GB", "GB-hour", "GB-month", "MB", "TB", "address-hour", "cluster-hour", "cluster-month", "endpoint-hour",
    "gateway-hour", "node-hour", "share", "slot-hour", "vCPU-hour",
]  # fmt: skip


class StepRow(Row):
    """Another price from a quantity a month on."""

    start: int = Field(alias="from")
    price: Decimal


class Portion(NamedTuple):
    """A part of a month's quantity that has one price."""

    quantity: Decimal
    low: Decimal
    high: Decimal


class PriceRow(Row):
    """A list price in USD; the keys are explained in prices.yaml."""

    item: str
    region: str
    unit: Unit
    price: Decimal
    confidence: Confidence
    date: date
    source: str
    high: Decimal | None = None
    free: Decimal = Decimal(0)
    steps: tuple[StepRow, ...] = ()
    commitment: str | None = None

    @property
    def highest(self) -> Decimal:
        """The high end of a range, else the price."""
        return self.price if self.high is None else self.high

    def portions(self, quantity: Decimal) -> Iterator[Portion]:
        """A month's quantity, cut where the price changes; what is free is left out."""
        bounds = [self.free, *(Decimal(step.start) for step in self.steps), quantity]
        prices = [(self.price, self.highest), *((step.price, step.price) for step in self.steps)]
        for start, end, (low, high) in zip(bounds, bounds[1:], prices, strict=False):
            if (part := min(end, quantity) - start) > 0:
                yield Portion(part, low, high)


class CommitmentRow(Row):
    """What is paid less, in percent, where it is paid for one or three years ahead."""

    one_year: Decimal
    three_years: Decimal
    confidence: Confidence
    date: date
    source: str


@cache
def prices() -> Mapping[tuple[str, str], PriceRow]:
    """Prices by item and region."""
    rows = [PriceRow(**row) for row in read("prices.yaml")]
    return {(row.item, row.region): row for row in rows}


@cache
def commitments() -> Mapping[str, CommitmentRow]:
    """Commitments by key."""
    return {key: CommitmentRow(**row) for key, row in _rules()["commitments"].items()}


@cache
def targets() -> Mapping[str, Mapping[str, Decimal]]:
    """What the document gives a month, in USD by store, by the id of its requirement."""
    return {
        key: {store: Decimal(amount) for store, amount in row.items()} for key, row in read("cost_targets.yaml").items()
    }


def price_of(item: str, region: str) -> PriceRow | None:
    """The price of an item in a region.

    A region without a row of its own has another one's, as an estimate; None where the book has neither.
    """
    if found := prices().get((item, region)):
        return found
    other = _rules()["stand_ins"].get(region)
    row = prices().get((item, other))
    return row and row.model_copy(
        update={"confidence": "D", "source": f"the price of {other} stands in for {region}'s: {row.source}"}
    )


def stale(rows: Iterable[PriceRow], today: date) -> tuple[PriceRow, ...]:
    """Those rows that are too old to be told as prices of today (price_rules.yaml), oldest first."""
    months = today.year * 12 + today.month - int(_rules()["months"])
    year, month = divmod(months - 1, 12)
    # A day that the month lacks counts as its next day: the row of 31 May is too old from 1 March on.
    oldest = (year, month + 1, today.day)
    return tuple(sorted((row for row in rows if (row.date.year, row.date.month, row.date.day) < oldest), key=_by_date))


@cache
def _rules() -> Mapping[str, Any]:
    return dict(read("price_rules.yaml"))


def _by_date(row: PriceRow) -> tuple[date, str]:
    return row.date, row.item
