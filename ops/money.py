"""Amounts and quantities of an estimate as a person reads them, the same in a terminal and on a page."""

from collections.abc import Iterable
from decimal import Decimal

from infra.derive.cost_lines import CostLine, Range

_DECIMALS = 4


def whole(found: Range) -> str:
    """Whole dollars: the table fits into 80 columns, and no estimate is right to the cent."""
    return _ends(f"{amount:,.0f}" for amount in found)


def exact(found: Range) -> str:
    """Dollars and cents."""
    return _ends(f"{amount:,.2f}" for amount in found)


def signed(difference: Range) -> str:
    """A difference in whole dollars with its sign."""
    return " to ".join(dict.fromkeys(f"{end:+,.0f}" for end in difference))


def unit_price(line: CostLine) -> str:
    """The price of one unit, with every digit that the book has."""
    return _ends(f"{each.normalize():f}" for each in line.unit_price)


def quantity(line: CostLine) -> str:
    """How much is charged for, without its unit."""
    return f"{round(line.quantity, _DECIMALS).normalize():,f}"


def given(amount: Decimal | None) -> str:
    """A figure of the document; nothing where it gives none."""
    return "" if amount is None else f"{amount:,.0f}"


def trust(lines: Iterable[CostLine]) -> str:
    """The weakest of the prices that make up a sum."""
    return max((line.confidence for line in lines), default="")


def as_data(found: Range) -> dict[str, str]:
    """Both ends as texts with cents, so that no program rounds them."""
    return {"low": f"{found.low:.2f}", "high": f"{found.high:.2f}"}


def _ends(texts: Iterable[str]) -> str:
    """A range once where both ends read the same."""
    return "–".join(dict.fromkeys(texts))
