"""The packs and the plans of the repository's stacks."""

import pytest

from policies.all import RULES
from policies.kit import waivers
from policies.levels import levels
from sandbox.cloud import Cloud
from sandbox.cloud.state import Record
from sandbox.plan import plan_stack
from tests.plans import plan_of
from tests.policies.harness import given_plan, judge, refused


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_breaks_no_mandatory_rule(stack: str) -> None:
    said = judge(given_plan(plan_stack(stack)), levels=levels(stack), waivers=waivers.load(), stack=stack)
    broken = refused(said)
    assert not [f"{each.policyName} {each.urn}: {each.message}" for each in broken]


def test_nobody_is_a_superuser_once_the_group_roles_are_declared() -> None:
    cloud = Cloud.open(None)
    for role in ("triptrip_write", "triptrip_report", "triptrip_pooler"):
        made = {"instance": "triptrip-prod-postgres-1", "name": role}
        cloud.state.put(Record("postgres.Role", role, "", role, made, 0.0))
    plan = plan_of("prod", {"postgres": {"databaseRoles": True}}, cloud)
    cloud.close()
    rule = [each for each in RULES if each.id == "usr-no-superuser"]
    assert judge(given_plan(plan), rule) == []
    assert len(judge(given_plan(plan_stack("prod")), rule)) == 3
