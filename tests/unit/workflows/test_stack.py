"""The deployment's schema step, run as the runner runs it, with a stand-in for gcloud."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOW = Path(__file__).resolve().parents[3] / ".github" / "workflows" / "stack.yml"
SIX_HOURS = 360
GCLOUD = """#!/bin/bash
echo "$*" >> "$CALLS"
[[ $4 != *postgres && $4 != *mongodb ]]
"""


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    return found


def schema_step(jobs: dict[str, Any], folder: Path, *stores: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The step's own script over these stores; returns how it ended, and the jobs that it started."""
    [step] = [each for each in jobs["schema"]["steps"] if each.get("name") == "The schema step in every store"]
    gcloud, calls = folder / "gcloud", folder / "calls"
    gcloud.write_text(GCLOUD, encoding="utf-8")
    gcloud.chmod(0o700)
    calls.touch()
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 # the workflow's own script
        [shutil.which("bash") or "bash", "-eo", "pipefail", "-c", step["run"]],
        env={"PATH": path, "CALLS": str(calls), "REGION": "asia-northeast1", "JOBS": " ".join(stores)},
        capture_output=True,
        text=True,
        check=False,
    )
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


def test_an_update_and_the_schema_step_each_have_githubs_six_hours(jobs: dict[str, Any]) -> None:
    """GitHub ends a job after that, and what it waited for goes on by itself."""
    assert all(jobs[name]["timeout-minutes"] <= SIX_HOURS for name in jobs)
    assert jobs["schema"]["timeout-minutes"] == SIX_HOURS
    assert jobs["schema"]["needs"] == "apply"
    assert not [each for each in jobs["apply"]["steps"] if "run jobs execute" in each.get("run", "")]
