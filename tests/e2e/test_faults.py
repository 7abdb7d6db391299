"""Whatever goes wrong in the middle of an `up`, the next one converges and leaves no operation pending.

`make faults` breaks every single operation in four ways. `make test` breaks one operation of every resource type,
all in one stack, and kills the engine at a few operations drawn by seed.
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

    def depth(resource: PlannedResource) -> int:
        return 1 + max((depth(names[name]) for name in resource.options.get("dependsOn", ())), default=0)

    created = [each for each in planned.values() if each.custom and not each.type.startswith("pulumi:")]
    return sorted(created, key=lambda resource: (depth(resource), resource.urn))


OPERATIONS = _operations()


TROUBLES: dict[str, tuple[str, str]] = {
    "refuse": ("refuse", "before"),
    "fail halfway": ("fail_halfway", "before"),
    "kill before": ("kill", "before"),
    "kill after": ("kill", "after"),
}
"""What can go wrong at an operation, and whether before or after it took effect."""


def _at(resource: PlannedResource, do: str, when: str = "before", **more: Any) -> dict[str, Any]:
    match = {"type": resource.type, "name": resource.name, "operation": "create"}
    return {"events": [{"match": match, "do": do, "when": when, **more}], "seed": SEED}


def _assert_nothing_pending(sandbox: Sandbox) -> None:
    assert sandbox.deployment("dev").get("pending_operations", []) == []


def _recover_from_kill(sandbox: Sandbox) -> None:
    """What docs/runbooks/interrupted-deployment.md says: unlock, drop what is pending, import what the cloud has."""
    sandbox.run("cancel", "--yes", stack="dev")
    sandbox.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates", stack="dev").succeeded()
    known, provider = sandbox.resources("dev"), sandbox.urn("dev", "google")
    exists = set(sandbox.cloud("list").splitlines())
    orphans = [
        each
        for each in OPERATIONS
        if each.name not in known and f"{short_type(each.type)}\t{each.identifier}" in exists
    ]
    if not orphans:
        return
    names = {"provider": provider, **{f"parent{place}": each.parent for place, each in enumerate(orphans)}}
    resources = [
        {
            "type": each.type,
            "name": each.name,
            "id": each.identifier,
            "parent": f"parent{place}",
            "provider": "provider",
        }
        for place, each in enumerate(orphans)
    ]
    file = sandbox.folder / "import.json"
    file.write_text(json.dumps({"nameTable": names, "resources": resources}))
    sandbox.run(
        "import", "--file", str(file), "--yes", "--skip-preview", "--generate-code=false", stack="dev"
    ).succeeded()


def test_a_failure_at_one_operation_of_every_type_is_overcome_by_the_next_up(sandbox: Sandbox) -> None:
    """One resource of each type is refused until its refusal was seen: each `up` gets further than the one before."""
    refused = {each.type: each for each in reversed(OPERATIONS)}
    while refused:
        events = [event for each in refused.values() for event in _at(each, "refuse", message=_refusal(each))["events"]]
        said = sandbox.up("dev", trouble={"events": events}).failed().output
        _assert_nothing_pending(sandbox)
        seen = {kind for kind, each in refused.items() if _refusal(each) in said}
        assert seen, said
        refused = {kind: each for kind, each in refused.items() if kind not in seen}
    sandbox.up("dev").succeeded()
    sandbox.assert_settled("dev")


def _refusal(resource: PlannedResource) -> str:
    return f"the cloud is closed to {resource.name}."


def test_a_resource_made_but_not_ready_is_kept_and_finished(sandbox: Sandbox) -> None:
    primary = next(each for each in OPERATIONS if each.name == "postgres-primary")
    sandbox.up("dev", trouble=_at(primary, "fail_halfway")).failed("did not become ready")
    assert "postgres-primary" in sandbox.resources("dev")
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
@pytest.mark.parametrize("how", TROUBLES)
def test_trouble_at_every_operation_is_overcome_by_the_next_up(sandbox: Sandbox, how: str) -> None:
    """One stack, built one operation at a time: each meets the trouble once, and must be there after the next `up`.

    Whatever comes later is refused meanwhile, so that an `up` ends where its operation does.
    """
    for place, operation in enumerate(OPERATIONS):
        later = [event for each in OPERATIONS[place + 1 :] for event in _at(each, "refuse")["events"]]
        events = [*_at(operation, *TROUBLES[how])["events"], *later]
        done = sandbox.up("dev", "--continue-on-error", trouble={"events": events})
        if how.startswith("kill"):
            done.killed()
            _recover_from_kill(sandbox)
        else:
            done.failed()
        _assert_nothing_pending(sandbox)
        made = {each.name for each in OPERATIONS[:place]}
        assert made <= sandbox.resources("dev").keys(), operation.name
        assert not made & sandbox.unfinished("dev"), operation.name
    sandbox.up("dev").succeeded()
    sandbox.assert_settled("dev")
