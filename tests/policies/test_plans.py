"""The packs and the plans of the repository's stacks."""

import pytest

from policies.kit import waivers
from policies.levels import levels
from sandbox.plan import plan_stack
from tests.policies.harness import given_plan, judge, refused


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_breaks_no_mandatory_rule(stack: str) -> None:
    said = judge(given_plan(plan_stack(stack)), levels=levels(stack), waivers=waivers.load(), stack=stack)
    broken = refused(said)
    assert not [f"{each.policyName} {each.urn}: {each.message}" for each in broken]
