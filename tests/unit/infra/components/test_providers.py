"""A provider is there when the stack has a resource of it, and only then."""

from typing import Any

import pytest

from tests.plans import plan_of

UNPOOLED = {"pooler": {"kind": "none"}, "users": {"application": {"pooled": False, "connections": 50}}}
NO_BUDGET = {"monitoring": {"budget": None}}
PARTNERS = {"mongodb-atlas", "elastic-cloud", "timescale-cloud", "random", "grafana"}


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, {*PARTNERS, "google-billing"}),
        (NO_BUDGET, PARTNERS),
        ({**NO_BUDGET, "timescale": None}, PARTNERS - {"timescale-cloud"}),
        (
            {
                "timescale": None,
                "bigquery": {"federation": None},
                "postgres": UNPOOLED,
                "monitoring": {"budget": None, "exporters": None},
            },
            PARTNERS - {"timescale-cloud", "random"},
        ),
        ({**NO_BUDGET, "timescale": None, "bigquery": {"federation": None}}, PARTNERS - {"timescale-cloud"}),
        ({**NO_BUDGET, "mongodb": None, "elasticsearch": None}, {"timescale-cloud", "random", "grafana"}),
        ({"monitoring": {"budget": None, "grafana": None}}, PARTNERS - {"grafana"}),
    ],
)
def test_a_provider_comes_and_goes_with_its_resources(changes: dict[str, Any], left: set[str]) -> None:
    plan = plan_of("prod", changes)
    providers = {each.name for each in plan.resources if each.type.startswith("pulumi:providers:")}
    assert providers == {"google", *left}
    assert providers == {each.options["provider"] for each in plan.resources if "provider" in each.options}
