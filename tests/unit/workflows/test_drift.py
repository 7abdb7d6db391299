"""The nightly look for drift: who it runs as, when, and what it makes of the command's answer."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.workflows.steps import WORKFLOWS, stand_in, step, workflow

ASKED = '[[ "$*" == "-m ops drift --stack prod --format markdown" ]] || exit 9'


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    found: dict[str, Any] = workflow("drift")["jobs"]
    return found


def compared(jobs: dict[str, Any], folder: Path, *lines: str) -> tuple[int, str, list[str]]:
    """The step with a command that does this: its exit code, the run's summary, the errors that it is told by."""
    python = "\n".join(["#!/bin/bash", ASKED, "echo 'what went wrong' >&2", *lines, ""])
    stand_in(folder / ".venv" / "bin" / "python", python)
    summary = folder / "summary.md"
    values = {"STACK": "prod", "RUNNER_TEMP": str(folder), "GITHUB_STEP_SUMMARY": str(summary)}
    done = step(jobs, "drift", "State against cloud", folder, **values)
    assert "what went wrong" in done.stdout
    errors = [line.removeprefix("::error::") for line in done.stdout.splitlines() if line.startswith("::error::")]
    return done.returncode, summary.read_text(encoding="utf-8"), [line.partition(":")[0] for line in errors]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (0, []),
        (1, ["security-relevant drift of prod"]),
        (2, ["nobody can tell whether prod has drifted"]),
    ],
)
def test_the_commands_answer_is_the_runs(jobs: dict[str, Any], tmp_path: Path, status: int, told: list[str]) -> None:
    code, summary, errors = compared(jobs, tmp_path, "echo '### Drift of prod'", f"exit {status}")
    assert (code, summary, errors) == (status, "### Drift of prod\n", told)


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_command_without_an_answer_is_no_pass(jobs: dict[str, Any], tmp_path: Path, status: int) -> None:
    code, summary, errors = compared(jobs, tmp_path, f"exit {status}")
    assert (code, summary, errors) == (2, "", ["nobody can tell whether prod has drifted"])


@pytest.mark.parametrize(("pending", "code"), [("[]", 0), ("null", 0), ('[{"type": "creating"}]', 1)])
def test_a_deployment_under_way_is_no_drift(jobs: dict[str, Any], tmp_path: Path, pending: str, code: int) -> None:
    state = f'{{"deployment": {{"pending_operations": {pending}}}}}'
    stand_in(tmp_path / "pulumi", f"#!/bin/bash\necho '{state}'\n")
    values = {"STACK": "prod", "RUNNER_TEMP": str(tmp_path)}
    assert step(jobs, "drift", "No deployment is under way", tmp_path, **values).returncode == code


def test_it_runs_at_night_of_main_alone_and_not_as_who_runs_pull_requests(jobs: dict[str, Any]) -> None:
    found = workflow("drift")
    assert set(found[True]) == {"schedule", "workflow_dispatch"}
    assert found["permissions"] == {}
    [job] = jobs.values()
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["environment"] == "${{ matrix.stack }}-drift"
    assert "vars.DEPLOYMENTS == 'on'" in job["if"]
    assert "github.ref == 'refs/heads/main'" in job["if"]
    assert job["strategy"]["matrix"] == {"stack": ["dev", "prod"]}


def test_it_runs_the_same_programs_as_a_deployment() -> None:
    texts = {name: (WORKFLOWS / f"{name}.yml").read_text(encoding="utf-8") for name in ("drift", "stack")}
    used = {name: set(re.findall(r"uses: (\S+@\S+ # v\S+)", text)) for name, text in texts.items()}
    assert used["drift"]
    assert used["drift"] <= used["stack"]
    env = workflow("stack")["env"]
    assert workflow("drift")["env"] == {name: value for name, value in env.items() if name != "STACK"}
    [ours] = [each for each in workflow("drift")["jobs"]["drift"]["steps"] if each.get("name", "").startswith("Cred")]
    plan = workflow("stack")["jobs"]["plan"]["steps"]
    [theirs] = [each for each in plan if each.get("name", "").startswith("Cred")]
    assert ours["run"] == theirs["run"]
