"""Applying twice changes nothing the second time, and the state holds no secret in plain text."""

import json
import re
import subprocess

import pytest

from sandbox.plan import plan_stack
from sandbox.plan.render import as_data
from tests.e2e.runner import ROOT, Sandbox

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"


@pytest.fixture(params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def deployed(stack: str, request: pytest.FixtureRequest) -> Sandbox:
    found: Sandbox = request.getfixturevalue(f"deployed_{stack}")
    return found


def test_a_second_up_changes_nothing(stack: str, deployed: Sandbox) -> None:
    deployed.up(stack, "--expect-no-changes").succeeded()
    deployed.assert_settled(stack)


def test_a_refresh_finds_nothing(stack: str, deployed: Sandbox) -> None:
    before = deployed.deployment(stack)
    found = deployed.run("refresh", "--preview-only", "--expect-no-changes", stack=stack).succeeded()
    read = len(deployed.resources(stack))
    assert read
    unchanged = re.search(r"(\d+) unchanged", found.output)
    assert unchanged, found.output
    assert int(unchanged[1]) >= read, "each resource was read"
    assert deployed.deployment(stack) == before


def test_the_plan_in_this_process_is_what_the_engine_applied(stack: str, deployed: Sandbox) -> None:
    planned = {
        resource.name: _without_internals(resource.inputs)
        for resource in plan_stack(stack).resources
        if resource.custom and not resource.type.startswith("pulumi:")
    }
    applied = {name: _plain(resource["inputs"]) for name, resource in deployed.resources(stack).items()}
    assert applied.keys() == planned.keys()
    for name, inputs in applied.items():
        assert inputs == planned[name], name


def test_the_plan_in_this_process_has_the_options_the_engine_applied(stack: str, deployed: Sandbox) -> None:
    planned = {key.rpartition("/")[2]: entry for key, entry in as_data(plan_stack(stack))["resources"].items()}
    for name, resource in deployed.resources(stack).items():
        options = planned[name].get("options", {})
        assert resource["type"] == planned[name]["type"]
        assert resource.get("protect", False) == options.get("protect", False), name
        applied = {urn.rpartition("::")[2] for urn in resource.get("dependencies", [])}
        assert set(options.get("dependsOn", [])) <= applied, name


def test_the_preview_shows_what_the_plan_shows(stack: str, sandbox: Sandbox) -> None:
    planned = {resource.name: resource for resource in plan_stack(stack).resources if resource.custom}
    steps = {step.name: step for step in sandbox.steps(stack) if not step.type.startswith(("triptrip:", "pulumi:"))}
    assert set(steps) == {name for name, resource in planned.items() if not resource.type.startswith("pulumi:")}
    for name, step in steps.items():
        assert step.op == "create"
        assert _agrees(_plain(step.inputs), planned[name].inputs), name


def test_no_connection_string_stands_in_the_state_as_plain_text(stack: str, deployed: Sandbox) -> None:
    text = json.dumps(deployed.deployment(stack))
    assert "postgresql://" not in text
    assert "BEGIN PRIVATE KEY" not in text


def test_running_the_sandbox_changes_no_tracked_file(sandbox: Sandbox) -> None:
    def tracked() -> str:
        command = ["git", "status", "--porcelain", "--untracked-files=no"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 # git

    before = tracked()
    sandbox.up("dev").succeeded()
    sandbox.run("config", "set", "--path", "triptrip:postgres.storage.limit", "300 GB", stack="dev").succeeded()
    assert tracked() == before


def _plain(value: object) -> object:
    """Engine state as the plan writes it: secrets masked, the SDK's internal keys dropped."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return "[secret]"
        return {key: _plain(item) for key, item in value.items() if not key.startswith("__")}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _without_internals(inputs: dict[str, object]) -> object:
    return _plain(inputs)


def _agrees(previewed: object, planned: object) -> bool:
    """Whether a preview's value is the planned one wherever it is known already."""
    if previewed in (UNKNOWN, "[secret]") or planned == "[secret]":
        return True
    if isinstance(previewed, dict) and isinstance(planned, dict):
        return previewed.keys() == planned.keys() and all(_agrees(previewed[key], planned[key]) for key in planned)
    if isinstance(previewed, list) and isinstance(planned, list):
        return len(previewed) == len(planned) and all(map(_agrees, previewed, planned))
    return previewed == planned
