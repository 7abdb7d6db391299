"""Whatever goes wrong in the middle of an `up`, the next one converges and leaves no operation pending.

Every operation fails in every run of the tests, refused and half-way. The engine is killed at a few operations drawn by
seed, and at every single one in `make faults`.
"""

import json
import random
from typing import Any

import pytest

from sandbox.cloud.expressions import short_type
from sandbox.plan import PlannedResource, plan_stack
from tests.e2e.runner import Sandbox

SEED = 20261124
KILLS_IN_EVERY_TEST_RUN = 3


def _operations() -> list[PlannedResource]:
    """Every resource an `up` of dev creates in the cloud, what depends on nothing first, then by URN."""
    planned = {each.urn: each for each in plan_stack("dev").resources}
    names = {each.name: each for each in planned.values()}
    depths: dict[str, int] = {}

    def depth(resource: PlannedResource) -> int:
        if resource.name not in depths:
            below = (depth(names[name]) for name in resource.options.get("dependsOn", ()))
            depths[resource.name] = 1 + max(below, default=0)
        return depths[resource.name]

    created = [each for each in planned.values() if each.custom and not each.type.startswith("pulumi:")]
    return sorted(created, key=lambda resource: (depth(resource), resource.urn))


OPERATIONS = _operations()


def _at(resource: PlannedResource, do: str, when: str = "before", **more: Any) -> dict[str, Any]:
    match = {"type": resource.type, "name": resource.name, "operation": "create"}
    return {"events": [{"match": match, "do": do, "when": when, **more}], "seed": SEED}


def _recover_from_kill(sandbox: Sandbox) -> None:
    """What docs/runbooks/interrupted-deployment.md says: unlock, drop what is pending, import what the cloud has."""
    sandbox.run("cancel", "--yes", stack="dev")
    sandbox.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates", stack="dev").succeeded()
    known = sandbox.resources("dev")
    exists = set(sandbox.cloud("list").splitlines())
    orphans = [
        each
        for each in OPERATIONS
        if each.name not in known and f"{short_type(each.type)}\t{each.identifier}" in exists and _can_be_found(each)
    ]
    if not orphans:
        return
    providers = {each.options["provider"] for each in orphans}
    names = {name: sandbox.urn("dev", name) for name in providers}
    names |= {f"parent{place}": each.parent for place, each in enumerate(orphans)}
    resources = [
        {
            "type": each.type,
            "name": each.name,
            "id": each.identifier,
            "parent": f"parent{place}",
            "provider": each.options["provider"],
        }
        for place, each in enumerate(orphans)
    ]
    file = sandbox.folder / "import.json"
    file.write_text(json.dumps({"nameTable": names, "resources": resources}))
    sandbox.run(
        "import", "--file", str(file), "--yes", "--skip-preview", "--generate-code=false", stack="dev"
    ).succeeded()


def _can_be_found(resource: PlannedResource) -> bool:
    """A random value is nowhere but in the state: the next `up` makes another."""
    return not resource.type.startswith("random:")


@pytest.mark.parametrize("do", ["refuse", "fail_halfway"])
def test_a_failure_at_every_operation_is_overcome_by_the_next_up(sandbox: Sandbox, do: str) -> None:
    """Every operation fails the first time it is tried; each `up` makes what failed in the one before and goes on."""
    waiting = {each.name: each for each in OPERATIONS}
    failed: set[str] = set()
    log = sandbox.folder / "operations.jsonl"
    while waiting:
        log.unlink(missing_ok=True)
        events = [event for each in waiting.values() for event in _at(each, do)["events"]]
        said = sandbox.up("dev", "--continue-on-error", trouble={"events": events, "log": str(log)}).failed().output
        tried = {json.loads(line)["name"] for line in log.read_text().splitlines()} & waiting.keys()
        assert tried, said
        deployment = sandbox.deployment("dev")
        assert deployment.get("pending_operations", []) == []
        assert sandbox.unfinished(deployment) == (tried if do == "fail_halfway" else set())
        assert failed <= sandbox.finished(deployment), failed - sandbox.finished(deployment)
        failed = tried
        waiting = {name: each for name, each in waiting.items() if name not in tried}
    sandbox.up("dev").succeeded()
    sandbox.assert_settled("dev")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "resource",
    random.Random(SEED).sample(OPERATIONS, KILLS_IN_EVERY_TEST_RUN),  # noqa: S311 # a sample for tests
    ids=lambda resource: resource.name,
)
def test_a_killed_engine_is_overcome(sandbox: Sandbox, resource: PlannedResource, when: str) -> None:
    sandbox.up("dev", trouble=_at(resource, "kill", when)).killed()
    _recover_from_kill(sandbox)
    sandbox.up("dev").succeeded()
    sandbox.assert_settled("dev")


@pytest.mark.faults
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_every_operation_is_overcome(sandbox: Sandbox, when: str) -> None:
    """One stack, killed at each operation the first time it is tried; the last `up` finds everything in order."""
    waiting = {each.name: each for each in OPERATIONS}
    log = sandbox.folder / "operations.jsonl"
    while True:
        log.unlink(missing_ok=True)
        events = [event for each in waiting.values() for event in _at(each, "kill", when)["events"]]
        done = sandbox.up("dev", trouble={"events": events, "log": str(log)})
        if done.code == 0:
            break
        done.killed()
        tried = [json.loads(line)["name"] for line in log.read_text().splitlines()]
        del waiting[next(name for name in tried if name in waiting)]
        _recover_from_kill(sandbox)
        assert sandbox.deployment("dev").get("pending_operations", []) == []
    # What was under way beside another's kill is imported, and never tried again by itself.
    assert len(waiting) < len(OPERATIONS) / 10
    sandbox.assert_settled("dev")
