"""Typed rows of prices.yaml, the price book."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Literal

from infra.catalog import Row, read

HOURS_A_MONTH = 730
"""Google's own month for list prices."""


class PriceRow(Row):
    """A list price in USD; the keys are explained in prices.yaml."""

    item: str
    region: str
    unit: Literal["GB-hour", "node-hour", "TB"]
    price: Decimal
    confidence: Literal["A", "B", "C", "D"]
    date: date
    source: str


@cache
def prices() -> Mapping[tuple[str, str], PriceRow]:
    """Prices by item and region."""
    rows = [PriceRow(**row) for row in read("prices.yaml")]
    return {(row.item, row.region): row for row in rows}
