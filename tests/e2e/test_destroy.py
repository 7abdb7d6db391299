"""What holds data is hard to destroy on purpose and impossible to destroy by accident."""

import json

from sandbox.plan import plan_stack
from tests.e2e.runner import Sandbox

UNGUARDED = {"project": {"deletionGuards": False}}


def test_destroying_prod_is_refused_and_leaves_everything_in_place(deployed_prod: Sandbox) -> None:
    before = deployed_prod.resources("prod").keys()
    deployed_prod.run("destroy", "--yes", stack="prod").failed("protected")
    assert deployed_prod.resources("prod").keys() == before
    deployed_prod.assert_settled("prod")


def test_even_without_a_preview_only_what_up_makes_again_is_lost(deployed_prod: Sandbox) -> None:
    before = deployed_prod.resources("prod").keys()
    deployed_prod.run("destroy", "--yes", "--skip-preview", stack="prod").failed("protected")
    lost = before - deployed_prod.resources("prod").keys()
    assert lost <= {each.name for each in plan_stack("prod").resources if not each.options.get("protect")}
    deployed_prod.up("prod").succeeded()
    deployed_prod.assert_settled("prod")


def test_the_guards_of_prod_cannot_be_switched_off_by_a_setting(deployed_prod: Sandbox) -> None:
    deployed_prod.configure("prod", UNGUARDED)
    before = deployed_prod.resources("prod")
    for command in (["preview"], ["up", "--yes"]):
        deployed_prod.run(*command, stack="prod").failed("project.deletionGuards", "retire-stack.md")
    assert deployed_prod.resources("prod") == before


def test_without_pulumis_own_guard_the_clouds_guards_still_hold(deployed_prod: Sandbox) -> None:
    deployed_prod.run("state", "unprotect", "--all", "--yes", stack="prod").succeeded()
    deployed_prod.run("destroy", "--yes", stack="prod").failed("deletion")
    assert "postgres-primary" in deployed_prod.resources("prod")
    assert "triptrip-prod-postgres-1" in deployed_prod.cloud("list")


def test_dev_is_destroyed_after_its_guards_are_switched_off(deployed_dev: Sandbox) -> None:
    deployed_dev.run("destroy", "--yes", stack="dev").failed("protected")
    deployed_dev.configure("dev", UNGUARDED)
    deployed_dev.up("dev").succeeded()
    log = deployed_dev.folder / "operations.jsonl"
    deployed_dev.run("destroy", "--yes", stack="dev", trouble={"log": str(log)}).succeeded()
    assert deployed_dev.resources("dev") == {}
    deleted = [
        entry["name"] for entry in map(json.loads, log.read_text().splitlines()) if entry["operation"] == "delete"
    ]
    order = {name: place for place, name in enumerate(deleted)}
    assert order["postgres-name-read"] < order["postgres-replica-c"] < order["postgres-replica-b"]
    assert order["postgres-replica-b"] < order["postgres-primary"] < order["private-services"] < order["network"]
    assert order["postgres-primary"] < order["key-grant-primary-postgres"]


def test_a_destroyed_dev_comes_back_under_a_new_generation(deployed_dev: Sandbox) -> None:
    deployed_dev.configure("dev", UNGUARDED)
    deployed_dev.up("dev").succeeded()
    deployed_dev.run("destroy", "--yes", stack="dev").succeeded()
    deployed_dev.up("dev").failed("already exists")
    deployed_dev.configure("dev", {"project": {"generation": 2}})
    deployed_dev.up("dev").succeeded()
    deployed_dev.assert_settled("dev")
