"""What deserves a second look: a budget below the estimate, a stack above what the document gives (COST-Y3)."""

from collections.abc import Iterator

from infra.catalog.price_rows import targets
from infra.derive.cost import Estimate, estimate
from infra.derive.cost_budget import billed
from infra.derive.findings import Advice
from infra.settings import Settings
from infra.settings.monitoring_budget import BudgetSettings

_LARGEST = "COST-Y3"
"""What the document's largest design with prices may cost."""


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about a month's estimate, where a budget watches the month."""
    budget = settings.monitoring.budget if settings.monitoring else None
    if budget is not None:
        month = estimate(settings, budget.usage)
        yield from _too_small(budget, month)
        yield from _beyond_the_document(month)


def _too_small(budget: BudgetSettings, month: Estimate) -> Iterator[Advice]:
    own, most = budget.own_amount, billed(budget, month)
    if own is not None and own < most:
        yield Advice(
            "monitoring.budget.amount",
            f"{own:,} USD are less than the {most:,.0f} that Google may bill in a month at list price: every month "
            "would be told; write estimate, or a smaller stack",
        )


def _beyond_the_document(month: Estimate) -> Iterator[Advice]:
    given, listed = targets()[_LARGEST], month.month()
    if listed.low <= sum(given.values()):
        return
    above = [
        f"{store} {month.of(store).month().low:,.0f} of {allowed:,}"
        for store, allowed in given.items()
        if month.of(store).month().low > allowed
    ]
    committed = month.month(3)
    yield Advice(
        "monitoring.budget",
        f"a month is {listed.low:,.0f} to {listed.high:,.0f} USD at list price, {_LARGEST} has "
        f"{sum(given.values()):,} ({', '.join(above) or 'no store alone is above its share'}); paid three years ahead "
        f"it is {committed.low:,.0f} to {committed.high:,.0f} (COR-21; make cost shows each line)",
    )
