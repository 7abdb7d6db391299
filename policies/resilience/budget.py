"""Budgets: spending that nobody expected is told before the bill is."""

from collections.abc import Iterator

from policies.kit import Case, Resource, Severity, Stack, must_be, rule, stated
from policies.kit.types import BUDGET, GOOGLE_PROVIDER
from policies.kit.waiting import all_of
from policies.resilience.reading import must_be_given

_GOOGLE = (GOOGLE_PROVIDER, {"project": "triptrip-prod"})
_BILLING = (GOOGLE_PROVIDER, {"project": "triptrip-prod", "billingProject": "triptrip-prod"})

_CHANNELS = {
    "monitoringNotificationChannels": ["projects/p/notificationChannels/1"],
    "disableDefaultIamRecipients": False,
}
_SPENT = {"thresholdPercent": 1, "spendBasis": "CURRENT_SPEND"}
_FORECAST = {"thresholdPercent": 1, "spendBasis": "FORECASTED_SPEND"}
_FILTER = {"projects": ["projects/1"], "calendarPeriod": "MONTH"}
_GOOD: dict[str, object] = {
    "amount": {"specifiedAmount": {"units": "9000"}},
    "budgetFilter": _FILTER,
    "thresholdRules": [{"thresholdPercent": 0.5}, _SPENT, _FORECAST],
    "allUpdatesRule": _CHANNELS,
}


@rule(
    "bdg-declared",
    title="An environment has a budget",
    severity=Severity.MEDIUM,
    types=[GOOGLE_PROVIDER, BUDGET],
    sources=["NIST 800-53: SI-4", "COST-Y1", "COST-Y3"],
    reason="a query in a loop or a disk that grows is found out by the bill, a month later",
    fix="declare monitoring.budget in the stack file",
    good=[
        Case(stack={"google": _GOOGLE, "budget": (BUDGET, _GOOD)}),
        Case(stack={"google": _GOOGLE, "billing": _BILLING, "budget": (BUDGET, _GOOD)}),
        Case(),
    ],
    bad=[Case(stack={"google": _GOOGLE}), Case(stack={"google": _GOOGLE, "billing": _BILLING})],
)
def declared(stack: Stack) -> Iterator[tuple[Resource, str]]:
    providers = stack.of(GOOGLE_PROVIDER)
    if providers and not stack.of(BUDGET):
        yield providers[0], "no budget watches what its project costs"


@rule(
    "bdg-told",
    title="A budget is of one project's month, and tells in time",
    severity=Severity.MEDIUM,
    types=[BUDGET],
    sources=["NIST 800-53: SI-4", "NIST 800-53: IR-6", "COST-Y1", "COST-Y3"],
    reason="a budget of a whole account hides one environment behind another; one without channels is silent",
    fix="give monitoring.budget an amount and thresholds up to 100 %, and monitoring.channels an email",
    good=[Case(_GOOD)],
    bad=[
        Case({**_GOOD, "allUpdatesRule": {}}),
        Case({**_GOOD, "allUpdatesRule": {**_CHANNELS, "monitoringNotificationChannels": []}}),
        Case({**_GOOD, "allUpdatesRule": {**_CHANNELS, "disableDefaultIamRecipients": True}}),
        Case({**_GOOD, "budgetFilter": {}}),
        Case({**_GOOD, "budgetFilter": {"projects": ["projects/1", "projects/2"], "calendarPeriod": "MONTH"}}),
        Case({**_GOOD, "budgetFilter": {"projects": ["projects/1"], "calendarPeriod": "YEAR"}}),
        Case({**_GOOD, "budgetFilter": {**_FILTER, "services": ["services/24E6-581D-38E5"]}}),
        Case({**_GOOD, "thresholdRules": []}),
        Case({**_GOOD, "thresholdRules": [_FORECAST]}),
        Case({**_GOOD, "thresholdRules": [_SPENT]}),
        Case({**_GOOD, "thresholdRules": [{**_SPENT, "thresholdPercent": 1.2}, _FORECAST]}),
        Case({**_GOOD, "amount": {"lastPeriodAmount": True}}),
        Case({**_GOOD, "amount": {"specifiedAmount": {"units": "0"}}}),
    ],
)
def told(budget: Resource) -> Iterator[str]:
    yield from all_of(
        must_be_given(budget, "allUpdatesRule.monitoringNotificationChannels"),
        must_be(budget, "allUpdatesRule.disableDefaultIamRecipients", False, None),
        must_be(budget, "budgetFilter.calendarPeriod", "MONTH"),
        _of_one_project(budget),
        _in_time(budget),
        _above_nothing(budget),
    )


def _above_nothing(budget: Resource) -> Iterator[str]:
    if (budget.number("amount.specifiedAmount.units") or 0) <= 0:
        yield stated(budget, "amount.specifiedAmount.units", "an amount above 0")


def _of_one_project(budget: Resource) -> Iterator[str]:
    if len(budget.texts("budgetFilter.projects")) != 1:
        yield stated(budget, "budgetFilter.projects", "this environment's project alone")
    for narrowed in ("services", "labels", "subaccounts", "resourceAncestors", "creditTypes"):
        if budget.has(f"budgetFilter.{narrowed}"):
            yield f"budgetFilter.{narrowed} leaves a part of the project's cost out"


def _in_time(budget: Resource) -> Iterator[str]:
    """Both what was spent and what is forecast are told before the amount is passed."""
    rules = budget.nodes("thresholdRules")
    for basis, meant in (("CURRENT_SPEND", "what was spent"), ("FORECASTED_SPEND", "what is forecast")):
        shares = [
            each.number("thresholdPercent") for each in rules if (each.text("spendBasis") or "CURRENT_SPEND") == basis
        ]
        if not any(share is not None and 0 < share <= 1 for share in shares):
            yield f"thresholdRules tell of {meant} at no share up to 1 of the amount"
