"""The longest chain of a plan: sums along dependencies, the larger of what runs side by side."""

import pytest

from sandbox.plan import Plan, PlannedResource
from sandbox.plan.chain import Chain, longest_chain

TIMES = {"network": 2.0, "database": 8.0, "name": 1.0, "bucket": 9.0}


def resource(name: str, *after: str) -> PlannedResource:
    return PlannedResource(f"urn::{name}", name, "t", name, "", True, {}, {"dependsOn": list(after)} if after else {})


def chain(*resources: PlannedResource) -> Chain:
    return longest_chain(Plan("dev", list(resources)), lambda each: TIMES.get(each.name, 0.0))


def test_what_waits_adds_up_and_the_longer_of_two_counts() -> None:
    found = chain(
        resource("name", "database"), resource("database", "network"), resource("network"), resource("bucket")
    )
    assert found == (("network", "database", "name"), 11.0)
    assert chain(resource("network"), resource("bucket")) == (("bucket",), 9.0)


def test_what_takes_no_time_passes_waiting_on_and_is_not_named() -> None:
    assert chain(resource("network"), resource("group", "network"), resource("name", "group")) == (
        ("network", "name"),
        3.0,
    )


@pytest.mark.parametrize("component_first", [True, False])
def test_a_component_of_the_same_name_does_not_hide_what_it_is_about(component_first: bool) -> None:
    component = PlannedResource("urn::component", "", "c", "network", "", False, {}, {})
    pair = [component, resource("network")] if component_first else [resource("network"), component]
    plan = Plan("dev", [*pair, resource("name", "network")])
    own = {"urn::network": 2.0, "urn::name": 1.0}
    assert longest_chain(plan, lambda each: own.get(each.urn, 0.0)) == (("network", "name"), 3.0)


def test_an_empty_plan_takes_no_time() -> None:
    assert chain() == ((), 0.0)
