"""The lines of a cost estimate: what is charged, how much of it a month, at which price of the book (COR-21)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from infra.catalog.price_rows import Confidence, PriceRow, commitments, price_of
from infra.settings import Settings
from infra.settings.monitoring_budget import UsageSettings

Biller = Literal["google", "mongodb", "elasticsearch", "timescale"]
"""Whose bill a line is on."""

Years = Literal[0, 1, 3]
"""For how long is paid ahead; 0: list price."""

_CENT = Decimal("0.01")


class Range(NamedTuple):
    """US dollars a month: both ends are the same where the book has one price."""

    low: Decimal
    high: Decimal

    def minus(self, other: "Range") -> "Range":
        """How much more this is: what lies between the differences of the low and of the high ends."""
        return Range(*sorted((self.low - other.low, self.high - other.high)))


@dataclass(frozen=True)
class CostLine:
    """One charge of a month, rounded to cents as a bill has it; `quantity` is in `unit`, prices are USD for one unit.

    `commitment` is what it can be had cheaper by when it is paid ahead (price_rules.yaml), None where it cannot.
    """

    store: str
    what: str
    item: str
    quantity: Decimal
    unit: str
    unit_price: Range
    confidence: Confidence
    date: date
    source: str
    biller: Biller
    commitment: str | None

    def month(self, years: Years = 0) -> Range:
        """What it costs a month when paid ahead for so many years."""
        part = 1 - _discount(self.commitment, years) / 100
        low, high = (_cents(self.quantity * price) for price in self.unit_price)
        return Range(_cents(low * part), _cents(high * part))


@dataclass(frozen=True)
class Unpriced:
    """Something that is charged and that the book has no price for."""

    store: str
    what: str
    biller: Biller


@dataclass(frozen=True)
class Account:
    """Where the charges of a store are collected: whose they are, and in which region prices are looked up."""

    store: str
    region: str
    biller: Biller = "google"

    def charge(
        self, what: str, item: str, quantity: Decimal | int, confidence: Confidence = "A"
    ) -> Iterator[CostLine | Unpriced]:
        """Yield a month's quantity of an item as lines, one for each price it has; `confidence` is the quantity's.

        What the book lacks is named instead, and what is not used at all is left out.
        """
        row = price_of(item, self.region)
        if row is None:
            if quantity:
                yield self.unpriced(what)
            return
        for portion in row.portions(Decimal(quantity)):
            yield self.line(what, row, portion.quantity, Range(portion.low, portion.high), confidence)

    def line(self, what: str, row: PriceRow, quantity: Decimal, price: Range, confidence: Confidence = "A") -> CostLine:
        """One line at a price that was worked out of a row."""
        return CostLine(
            store=self.store,
            what=what,
            item=row.item,
            quantity=quantity,
            unit=row.unit,
            unit_price=price,
            confidence=max(row.confidence, confidence),
            date=row.date,
            source=row.source,
            biller=self.biller,
            commitment=row.commitment,
        )

    def unpriced(self, what: str) -> Unpriced:
        """What this account is charged for and the book has no price of."""
        return Unpriced(self.store, what, self.biller)


Charges = Iterator[CostLine | Unpriced]
Charged = Callable[[Settings, UsageSettings], Charges]
"""What a store is charged for, of the settings and of what no setting knows."""


def total(lines: tuple[CostLine, ...], years: Years = 0) -> Range:
    """The sum of lines, to the cent."""
    months = [line.month(years) for line in lines]
    return Range(sum((month.low for month in months), _ZERO), sum((month.high for month in months), _ZERO))


_ZERO = Decimal("0.00")


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def _discount(commitment: str | None, years: Years) -> Decimal:
    if commitment is None or years == 0:
        return Decimal(0)
    row = commitments()[commitment]
    return row.one_year if years == 1 else row.three_years
