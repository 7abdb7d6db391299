"""Every database user that a stack declares has its group role, whoever makes it."""

from collections.abc import Mapping
from typing import Any

import pytest

from infra.derive.platform import derive
from infra.derive.postgres import PostgresPlan
from sandbox.cloud import Cloud
from sandbox.cloud.state import Record
from sandbox.plan import Plan, PlanError
from tests.plans import plan_of
from tests.stacks import settings_of


def tier(stack: str, changes: Mapping[str, Any] | None = None) -> PostgresPlan:
    plan = derive(settings_of(stack, changes)).postgres
    assert plan is not None
    return plan


def declared_users(plan: Plan) -> dict[str, list[str] | None]:
    return {each.inputs["name"]: each.inputs.get("databaseRoles") for each in plan.of_type("sql/user:User")}


def test_prods_users_and_their_roles() -> None:
    assert tier("prod").memberships == {
        "application": "triptrip_write",
        "bigquery": "triptrip_report",
        "monitor": "triptrip_monitor",
        "pooler": "triptrip_pooler",
        "triptrip-prod-application@triptrip-prod.iam": "triptrip_write",
        "triptrip-prod-migration@triptrip-prod.iam": "triptrip_owner",
        "triptrip-prod-readonly@triptrip-prod.iam": "triptrip_read",
        "triptrip-prod-reporting@triptrip-prod.iam": "triptrip_report",
    }


def test_no_user_is_declared_without_a_membership_and_no_membership_without_a_user() -> None:
    for stack in ("dev", "prod"):
        assert set(declared_users(plan_of(stack, {}))) == set(tier(stack).memberships)


def test_a_user_without_a_role_may_read_and_no_more() -> None:
    changes = {"postgres": {"users": {"other": {"endpoints": ["read"], "connections": 1}}}}
    assert tier("dev", changes).memberships["triptrip-dev-other@triptrip-dev.iam"] == "triptrip_read"


def test_without_machines_and_federation_there_is_neither_user() -> None:
    changes = {"bigquery": {"federation": None}}
    assert {"bigquery", "pooler"}.isdisjoint(tier("dev", changes).memberships)


def test_users_with_a_password_are_declared_with_their_roles_once_the_roles_are_made() -> None:
    before = declared_users(plan_of("prod", {}))
    assert set(map(str, before.values())) == {"None"}
    cloud = Cloud.open(None)
    for name in ("triptrip_write", "triptrip_report", "triptrip_pooler", "triptrip_monitor"):
        role = {"instance": "triptrip-prod-postgres-1", "name": name}
        cloud.state.put(Record("postgres.Role", name, "", name, role, 0.0))
    after = declared_users(plan_of("prod", {"postgres": {"databaseRoles": True}}, cloud))
    cloud.close()
    given = {name: roles for name, roles in after.items() if roles is not None}
    assert given == {
        "application": ["triptrip_write"],
        "bigquery": ["triptrip_report"],
        "monitor": ["triptrip_monitor"],
        "pooler": ["triptrip_pooler"],
    }


def test_before_they_are_made_the_cloud_refuses_them() -> None:
    with pytest.raises(PlanError, match="Role triptrip_pooler does not exist in instance triptrip-prod-postgres-1"):
        plan_of("prod", {"postgres": {"databaseRoles": True}})
