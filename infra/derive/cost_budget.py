"""The budget of an environment at Cloud Billing: its amount, of the month's estimate, and when it is told (COR-21)."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from infra.derive.cost import Estimate, estimate
from infra.derive.cost_lines import Biller
from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.monitoring_budget import BudgetSettings


@dataclass(frozen=True)
class BudgetPlan:
    """A budget of a calendar month: whole units of its currency, and shares (0..1) of them at which it is told."""

    name: str
    billing_account: str
    currency: str
    units: int
    actual: tuple[float, ...]
    forecasted: tuple[float, ...]


def budget_plan(budget: BudgetSettings, settings: Settings, names: Names) -> BudgetPlan:
    """Work the budget out from settings that `infra.derive.checks` has accepted."""
    return BudgetPlan(
        name=names.of("budget"),
        billing_account=budget.billing_account,
        currency=budget.currency,
        units=amount(budget, estimate(settings, budget.usage)),
        actual=tuple(sorted(share.fraction for share in budget.actual)),
        forecasted=tuple(sorted(share.fraction for share in budget.forecasted)),
    )


def billed(budget: BudgetSettings, month: Estimate) -> Decimal:
    """The most that Google bills in a month by the estimate, in USD at list price; partners of its marketplace too."""
    billers: list[Biller] = ["google", *budget.marketplace]
    return month.billed_by(*billers).month().high


def amount(budget: BudgetSettings, month: Estimate) -> int:
    """The budget's amount in whole units of its currency, rounded up."""
    dollars = budget.own_amount
    if dollars is None:
        dollars = billed(budget, month) * (1 + budget.headroom.percent / 100)
    return int((dollars * (budget.yen_per_dollar or 1)).to_integral_value(ROUND_CEILING))
