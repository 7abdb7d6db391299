"""What a month costs against what the document gives (COST-Y1, COST-Y3, COST-OPT)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.catalog.price_rows import targets
from ops import money
from ops.report.model import Evidence
from ops.report.targets.finding import Finding
from ops.report.words import Words

if TYPE_CHECKING:
    from ops.report.targets.facts import Facts

_BOOK = "infra/catalog/prices.yaml"


def year(facts: Facts, target: str) -> Finding:
    """The stores that the target names, each at list price against its share."""
    given = targets()[target]
    months = {store: facts.month.of(store).month() for store in given}
    held = tuple(
        Evidence(
            f"make cost: {store}",
            f"{money.whole(month)} USD",
            month.low <= given[store],
            f"at most {given[store]:,} USD",
            _BOOK,
        )
        for store, month in months.items()
    )
    low, high, most = (
        sum(parts) for parts in ((m.low for m in months.values()), (m.high for m in months.values()), given.values())
    )
    found = Words(
        f"{low:,.0f} to {high:,.0f} USD a month of {most:,}", f"月額 {low:,.0f}〜{high:,.0f} USD(予算 {most:,})"
    )
    return Finding(low <= most, found, held)


def commitments(facts: Facts) -> Finding:
    """What paying ahead saves, against 20 % (COST-OPT)."""
    listed, ahead = facts.month.month(), facts.month.month(3)
    saved = 100 * (listed.low - ahead.low) / listed.low if listed.low else 0
    evidence = Evidence(
        "make cost: all stores",
        f"{money.whole(listed)} USD, {money.whole(ahead)} USD paid 3 years ahead",
        saved > 0,
        "",
        _BOOK,
    )
    found = Words(f"paid 3 years ahead a month costs {saved:.0f} % less", f"3 年確約で月額 {saved:.0f} % 減")
    return Finding(bool(saved), found, (evidence,))
