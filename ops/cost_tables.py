"""A month's estimate as tables for a person and as JSON for a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from infra.catalog.price_rows import prices, stale, targets
from infra.derive.cost import Estimate, own_estimate
from infra.derive.cost_budget import amount, billed
from infra.derive.cost_lines import CostLine, Range, Years
from infra.settings.check import check
from infra.settings.monitoring_budget import BudgetSettings
from ops.money import exact, given, quantity, trust, unit_price, whole

YEARS: tuple[Years, ...] = get_args(Years)
"""List price first, then paid ahead."""

NOTE = (
    "USD a month of 730 hours for what is declared, at its declared size: no tax, no growth, no negotiated discounts. "
    "How far a price can be trusted (A to D) and where it comes from: infra/catalog/prices.yaml. What no plan knows "
    "(queries, traffic): monitoring.budget.usage."
)


@dataclass(frozen=True)
class Costs:
    """A stack's month, and the budget that watches it."""

    stack: str
    month: Estimate
    budget: BudgetSettings | None

    @classmethod
    def of(cls, stack: str, file: Path) -> Costs:
        """Work out the costs of a stack file; raises SettingsError when it cannot be read or built."""
        settings, _ = check(file)
        budget = settings.monitoring.budget if settings.monitoring else None
        return cls(stack, own_estimate(settings), budget)


def by_store(costs: Costs) -> Table:
    """A row a store and one for all, beside the document's figures."""
    table = _table(f"A month of {costs.stack}", "store", "list price", "for 1 year", "for 3 years", "trust", *targets())
    for store in costs.month.stores:
        part = costs.month.of(store)
        asked = (given(figures.get(store)) for figures in targets().values())
        table.add_row(store, *(whole(part.month(years)) for years in YEARS), trust(part.lines), *asked)
    table.add_section()
    sums = (given(sum(figures.values(), Decimal(0))) for figures in targets().values())
    table.add_row("all", *(whole(costs.month.month(years)) for years in YEARS), "", *sums, style="bold")
    return table


def by_line(costs: Costs) -> Table:
    """A row a charge."""
    table = _table(f"A month of {costs.stack}", "store", "what", "quantity", "price", "list price", "trust", "of")
    for line in costs.month.lines:
        amount_of = f"{quantity(line)} {line.unit}"
        month = exact(line.month())
        cells = (line.store, line.what, amount_of, unit_price(line), month, line.confidence, str(line.date))
        table.add_row(*(Text(cell) for cell in cells))
    return table


def remarks(costs: Costs) -> Iterator[str]:
    """What the figures leave out, and what the budget makes of them."""
    if costs.month.unpriced:
        yield "Not in the price book, and not counted:"
        yield from (f"  {each.store}: {each.what}" for each in costs.month.unpriced)
    yield f"On Google's bill: {exact(costs.month.billed_by('google').month())}; partners send bills of their own."
    if costs.budget:
        units, spent = amount(costs.budget, costs.month), billed(costs.budget, costs.month)
        how = (
            f"{spent:,.0f} USD and {costs.budget.headroom} on top"
            if costs.budget.own_amount is None
            else "as it is set"
        )
        yield f"Budget: {units:,} {costs.budget.currency} a month ({how})."
    yield NOTE


def outdated(costs: Costs) -> str:
    """A warning of prices that are too old to be told, else nothing."""
    used = {line.item for line in costs.month.lines}
    rows = [row for (item, _), row in prices().items() if item in used]
    old = stale(rows, datetime.now(UTC).date())
    first = f", first {old[0].item} of {old[0].date}" if old else ""
    return f"{len(old)} prices are out of date{first}: docs/runbooks/prices.md" if old else ""


def as_json(costs: Costs) -> dict[str, Any]:
    """Everything; amounts are texts with cents, so that no program rounds them."""
    month, budget = costs.month, costs.budget
    return {
        "stack": costs.stack,
        "currency": "USD",
        "month": _months(month),
        "stores": {store: _months(month.of(store)) for store in month.stores},
        "document": {key: {store: str(usd) for store, usd in row.items()} for key, row in targets().items()},
        "lines": [_line(line) for line in month.lines],
        "unpriced": [{"store": each.store, "what": each.what, "biller": each.biller} for each in month.unpriced],
        "budget": {"amount": amount(budget, month), "currency": budget.currency} if budget else None,
    }


def _months(part: Estimate) -> dict[str, Any]:
    names = ("list", "oneYearAhead", "threeYearsAhead")
    return {name: _ends(part.month(years)) for name, years in zip(names, YEARS, strict=True)}


def _line(line: CostLine) -> dict[str, Any]:
    return {
        "store": line.store,
        "what": line.what,
        "item": line.item,
        "quantity": f"{line.quantity.normalize():f}",
        "unit": line.unit,
        "unitPrice": _ends(line.unit_price),
        "month": _ends(line.month()),
        "commitment": line.commitment,
        "confidence": line.confidence,
        "date": line.date.isoformat(),
        "source": line.source,
        "biller": line.biller,
    }


def _ends(found: Range) -> dict[str, str]:
    return {"low": str(found.low), "high": str(found.high)}


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, column in enumerate(columns):
        words = index == 0 or column == "what"
        table.add_column(column, justify="left" if words else "right", overflow="fold", no_wrap=column != "what")
    return table
