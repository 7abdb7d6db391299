"""The packs and the plans of the repository's stacks."""

from dataclasses import replace
from typing import Any

import pytest

from infra import catalog
from infra.derive.phases import lay_over
from infra.settings import load
from policies.all import RULES
from policies.kit import waivers
from policies.levels import levels
from sandbox.cloud import Cloud
from sandbox.cloud.state import Record
from sandbox.plan import plan_stack
from sandbox.plan.run import plan_settings
from tests.plans import plan_of
from tests.policies.harness import given_plan, judge, refused
from tests.stacks import AFTER_FAILOVER, ROOT, declared

REGION_RUNBOOK = ROOT / "docs" / "runbooks" / "recovery-region.md"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_breaks_no_mandatory_rule(stack: str) -> None:
    said = judge(given_plan(plan_stack(stack)), levels=levels(stack), waivers=waivers.load(), stack=stack)
    broken = refused(said)
    assert not [f"{each.policyName} {each.urn}: {each.message}" for each in broken]


def broken_in_phase_4(changes: dict[str, Any]) -> set[str]:
    plan = plan_settings(load(lay_over(declared("prod", catalog.phases()["4"]), changes)), "prod")
    # Until phase 4 a waiver stands for its replica in the second region.
    whole = waivers.load()
    kept = replace(whole, rows=tuple(row for row in whole.rows if row.rule != "rep-dr-region"))
    said = judge(given_plan(plan), levels=levels("prod"), waivers=kept, stack="prod")
    return {each.policyName for each in refused(said)}


def test_what_the_packs_refuse_after_a_failover_is_told_by_its_runbook() -> None:
    added = broken_in_phase_4(AFTER_FAILOVER) - broken_in_phase_4({})
    assert added == {"cpy-second-region", "rep-count", "rep-dr-region"}
    text = REGION_RUNBOOK.read_text(encoding="utf-8")
    assert all(f"`{rule}`" in text for rule in added)


def test_nobody_is_a_superuser_once_the_group_roles_are_declared() -> None:
    cloud = Cloud.open(None)
    for role in ("triptrip_write", "triptrip_report", "triptrip_pooler", "triptrip_monitor"):
        made = {"instance": "triptrip-prod-postgres-1", "name": role}
        cloud.state.put(Record("postgres.Role", role, "", role, made, 0.0))
    plan = plan_of("prod", {"postgres": {"databaseRoles": True}}, cloud)
    cloud.close()
    rule = [each for each in RULES if each.id == "usr-no-superuser"]
    assert judge(given_plan(plan), rule) == []
    assert len(judge(given_plan(plan_stack("prod")), rule)) == 4
