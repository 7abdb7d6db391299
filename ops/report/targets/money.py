"""What a month costs against what the document gives (COST-Y1, COST-Y3, COST-OPT)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from infra.catalog.price_rows import targets
from infra.catalog.words import Words
from infra.derive.cost_lines import Range
from ops import money
from ops.report.model import Evidence
from ops.report.targets.finding import Finding

if TYPE_CHECKING:
    from infra.derive.cost import Estimate
    from infra.derive.cost_lines import Unpriced
    from ops.report.targets.facts import Facts

_BOOK = "infra/catalog/prices.yaml"

LEAST_SAVED = 20
"""Percent that commitments save (COST-OPT: 20 to 30)."""


def year(facts: Facts, target: str) -> Finding:
    """The stores that the target names, each at list price against its share."""
    given = targets()[target]
    parts = {store: facts.month.of(store) for store in given}
    held = tuple(_share(store, parts[store], most) for store, most in given.items())
    untold = tuple(_untold(each) for part in parts.values() for each in part.unpriced)
    months, most = [part.month() for part in parts.values()], sum(given.values(), Decimal(0))
    month = Range(sum((each.low for each in months), Decimal(0)), sum((each.high for each in months), Decimal(0)))
    is_whole = not untold and set(given) <= set(facts.month.stores)
    found = Words(
        f"{money.whole(month)} USD a month of {most:,}" + ("" if is_whole else ", and something is not counted"),
        f"月額 {money.whole(month)} USD(予算 {most:,})" + ("" if is_whole else "、未計上の項目あり"),
    )
    return Finding(keeps(month, most, is_whole=is_whole), found, held + untold)


def _share(store: str, part: Estimate, most: Decimal) -> Evidence:
    month = part.month()
    told = f"{money.whole(month)} USD" if part.lines or part.unpriced else "not declared"
    return Evidence(f"make cost: {store}", told, month.low <= most, f"at most {most:,} USD", _BOOK)


def _untold(each: Unpriced) -> Evidence:
    return Evidence(f"make cost: {each.store}: {each.what}", "no price in the book", False, "", _BOOK)


def keeps(month: Range, most: Decimal, *, is_whole: bool) -> bool | None:
    """Whether a month keeps to a figure; None where the figure lies between its ends, or not all of it is counted."""
    if month.low > most:
        return False
    return True if is_whole and month.high <= most else None


def commitments(facts: Facts) -> Finding:
    """What commitments save of the whole month (COST-OPT)."""
    listed, ahead = facts.month.month(), facts.month.month(3)
    saved = 100 * (listed.low - ahead.low) / listed.low if listed.low else 0
    evidence = Evidence(
        "make cost: all stores",
        f"{money.whole(listed)} USD, {money.whole(ahead)} USD committed for 3 years",
        saved >= LEAST_SAVED,
        f"{LEAST_SAVED} % less",
        _BOOK,
    )
    found = Words(f"committed for 3 years a month costs {saved:.0f} % less", f"3 年確約で月額 {saved:.0f} % 減")
    return Finding(evidence.holds, found, (evidence,))
