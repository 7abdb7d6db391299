"""The budget in the stacks' plans: of one project, told by e-mail, through a provider that names a quota project."""

from typing import Any

from sandbox.plan import Plan, PlannedResource
from tests.plans import plan_of


def budget_of(plan: Plan) -> PlannedResource:
    [budget] = plan.of_type("budget:Budget")
    return budget


def channel_of(plan: Plan, kind: str) -> PlannedResource:
    [channel] = [each for each in plan.of_type("NotificationChannel") if each.inputs["type"] == kind]
    return channel


def test_the_budget_is_of_this_project_and_month(plan: Plan) -> None:
    inputs = budget_of(plan).inputs
    [project] = inputs["budgetFilter"]["projects"]
    assert project.removeprefix("projects/").isdigit()
    assert inputs["budgetFilter"]["calendarPeriod"] == "MONTH"
    assert int(inputs["amount"]["specifiedAmount"]["units"]) > 0
    assert [(rule["spendBasis"], rule["thresholdPercent"]) for rule in inputs["thresholdRules"]] == [
        ("CURRENT_SPEND", 0.5),
        ("CURRENT_SPEND", 0.9),
        ("CURRENT_SPEND", 1),
        ("FORECASTED_SPEND", 1),
    ]


def test_it_tells_by_mail_alone_and_the_accounts_administrators_too(prod: Plan) -> None:
    told = budget_of(prod).inputs["allUpdatesRule"]
    assert told["disableDefaultIamRecipients"] is False
    assert len(told["monitoringNotificationChannels"]) == 1
    assert channel_of(prod, "email").name in budget_of(prod).options["dependsOn"]


def test_its_provider_names_the_project_that_calls_count_for(prod: Plan) -> None:
    assert budget_of(prod).options["provider"] == "google-billing"
    billing = prod.named("google-billing").inputs
    assert (billing["billingProject"], billing["userProjectOverride"]) == ("triptrip-prod", "true")
    google = prod.named("google").inputs
    assert "userProjectOverride" not in google
    same: Any = {key: value for key, value in billing.items() if key not in {"billingProject", "userProjectOverride"}}
    assert google == same


def test_without_a_budget_there_is_neither_it_nor_its_provider() -> None:
    plan = plan_of("prod", {"monitoring": {"budget": None}})
    assert plan.of_type("budget:Budget") == []
    assert "google-billing" not in [each.name for each in plan.resources]
