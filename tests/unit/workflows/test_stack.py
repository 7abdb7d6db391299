"""Steps of the deployment, run as the runner runs them, with stand-ins for what they call."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.workflows.steps import stand_in, step, workflow

SIX_HOURS = 360
GCLOUD = """#!/bin/bash
echo "$*" >> "$CALLS"
[[ $4 != *postgres && $4 != *mongodb ]]
"""


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    found: dict[str, Any] = workflow("stack")["jobs"]
    return found


def schema_step(jobs: dict[str, Any], folder: Path, *stores: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The schema step over these stores; returns how it ended, and the jobs that it started."""
    calls = folder / "calls"
    stand_in(folder / "gcloud", GCLOUD)
    calls.touch()
    values = {"CALLS": str(calls), "REGION": "asia-northeast1", "JOBS": " ".join(stores)}
    done = step(jobs, "schema", "The schema step in every store", folder, **values)
    return done, [line.split()[3] for line in calls.read_text(encoding="utf-8").splitlines()]


def test_a_store_that_fails_keeps_no_other_from_its_turn_and_is_named(jobs: dict[str, Any], tmp_path: Path) -> None:
    stores = ("schema-postgres", "schema-timescale", "schema-mongodb", "schema-bigquery")
    done, started = schema_step(jobs, tmp_path, *stores)
    assert started == list(stores)
    assert done.returncode == 1
    [told] = [line for line in done.stdout.splitlines() if line.startswith("::error::")]
    assert "failed: schema-postgres schema-mongodb;" in told


@pytest.mark.parametrize("stores", [("schema-timescale", "schema-bigquery"), ()])
def test_it_ends_well_when_every_store_does(jobs: dict[str, Any], tmp_path: Path, stores: tuple[str, ...]) -> None:
    done, started = schema_step(jobs, tmp_path, *stores)
    assert (done.returncode, started) == (0, list(stores)), done.stderr


@pytest.mark.parametrize(
    ("status", "told"),
    [(0, []), (1, ["a drill of prod is overdue"]), (2, ["nobody can tell what drills of prod have achieved"])],
)
def test_a_drill_that_is_overdue_is_told_and_holds_nothing_up(
    jobs: dict[str, Any], tmp_path: Path, status: int, told: list[str]
) -> None:
    stand_in(tmp_path / "uv", "#!/bin/bash\n")
    asked = '[[ "$*" == "-m ops drill --env prod --check" ]] || exit 3'
    stand_in(tmp_path / ".venv" / "bin" / "python", f"#!/bin/bash\n{asked}\nexit {status}\n")
    done = step(jobs, "apply", "Drills that are overdue", tmp_path, STACK="prod")
    assert done.returncode == 0, done.stderr
    warnings = [line.removeprefix("::warning::") for line in done.stdout.splitlines() if line.startswith("::warning::")]
    assert [line.partition(":")[0] for line in warnings] == told


def test_an_update_and_the_schema_step_each_have_githubs_six_hours(jobs: dict[str, Any]) -> None:
    """GitHub ends a job after that, and what it waited for goes on by itself."""
    assert all(jobs[name]["timeout-minutes"] <= SIX_HOURS for name in jobs)
    assert jobs["schema"]["timeout-minutes"] == SIX_HOURS
    assert jobs["schema"]["needs"] == "apply"
    assert not [each for each in jobs["apply"]["steps"] if "run jobs execute" in each.get("run", "")]
