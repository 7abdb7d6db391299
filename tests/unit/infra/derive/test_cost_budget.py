"""The budget's amount and thresholds, and what is said of it at every check (COST-*, COR-21)."""

from decimal import ROUND_CEILING, Decimal
from typing import Any

import pytest

from infra.derive.cost import estimate
from infra.derive.cost_budget import BudgetPlan
from infra.derive.monitoring_checks import advice
from infra.derive.platform import derive
from infra.settings import Settings
from tests.stacks import WITHOUT_CACHE, settings_of


def of(**changes: Any) -> Settings:
    return settings_of("prod", {"monitoring": {"budget": changes}})


def plan(settings: Settings) -> BudgetPlan:
    monitoring = derive(settings).monitoring
    assert monitoring is not None
    assert monitoring.budget is not None
    return monitoring.budget


def google(settings: Settings, *partners: Any) -> Decimal:
    assert settings.monitoring is not None
    assert settings.monitoring.budget is not None
    return estimate(settings, settings.monitoring.budget.usage).billed_by("google", *partners).month().high


def rounded_up(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_CEILING))


def told(settings: Settings) -> dict[str, str]:
    return {each.path: each.text for each in advice(settings) if each.path.startswith("monitoring.budget")}


def test_the_amount_is_what_google_may_bill_and_room_above_it() -> None:
    settings = of()
    found = plan(settings)
    assert found.units == rounded_up(google(settings) * Decimal("1.2"))
    assert (found.currency, found.name) == ("USD", "triptrip-prod-budget")
    assert found.actual == (0.5, 0.9, 1.0)
    assert found.forecasted == (1.0,)


def test_headroom_thresholds_and_usage_are_settings() -> None:
    none = of(headroom="0 %", actual=["100 %", "80 %"], forecasted=[])
    assert plan(none).units == rounded_up(google(none))
    assert plan(none).actual == (0.8, 1.0)
    assert plan(none).forecasted == ()
    busy = of(headroom="0 %", usage={"cdnHits": "100 TB"})
    assert plan(busy).units - plan(none).units > 5000


def test_partners_of_the_marketplace_are_on_googles_bill() -> None:
    settings = of(headroom="0 %", marketplace=["mongodb", "elasticsearch"])
    assert plan(settings).units == rounded_up(google(settings, "mongodb", "elasticsearch"))
    assert plan(settings).units > plan(of(headroom="0 %")).units


def test_an_account_in_yen_has_its_budget_in_yen() -> None:
    settings = of(currency="JPY", yenPerDollar=155, headroom="0 %")
    assert (plan(settings).currency, plan(settings).units) == ("JPY", rounded_up(google(settings) * 155))
    assert plan(of(currency="JPY", yenPerDollar=155, amount="1000 USD")).units == 155_000


@pytest.mark.parametrize(("amount", "warned"), [("7000 USD", True), ("8000 USD", False), ("estimate", False)])
def test_an_amount_that_every_month_would_pass_is_told(amount: str, warned: bool) -> None:
    settings = of(amount=amount)
    found = told(settings)
    assert ("monitoring.budget.amount" in found) is warned
    if warned:
        assert plan(settings).units == 7000
        assert f"{google(settings):,.0f}" in found["monitoring.budget.amount"]


def test_a_stack_above_the_documents_money_is_told_with_the_stores_that_are() -> None:
    found = told(of())["monitoring.budget"]
    assert "COST-Y3 has 6,350" in found
    assert "postgres 4,089 of 2,900, cache 2,208 of 900" in found
    assert "elasticsearch" not in found
    smaller = {"postgres": {"replicas": {"b": None, "c": None}}, "elasticsearch": None, **WITHOUT_CACHE}
    assert told(settings_of("prod", smaller)) == {}
    assert told(settings_of("dev")) == {}


def test_spending_that_nobody_watches_is_told() -> None:
    assert "nobody is told" in told(settings_of("prod", {"monitoring": {"budget": None}}))["monitoring.budget"]
    assert told(settings_of("prod", {"monitoring": None})) == {}


def test_the_api_is_switched_on_with_a_budget_alone() -> None:
    api = "billingbudgets.googleapis.com"
    assert api in derive(of()).services
    assert api not in derive(settings_of("prod", {"monitoring": {"budget": None}})).services
