"""The image of the recovery commands: all that a drill needs, nothing of Pulumi, and what the stack's job is told."""

from pathlib import Path

import pytest

from ops.recovery.cloud.google import ENDPOINT_VARIABLE
from sandbox.plan import Plan
from tests.images import RECOVERY_IMAGE
from tests.plans import plan_of

NOBODY = {ENDPOINT_VARIABLE.format(api=api): "http://127.0.0.1:1" for api in ("SQLADMIN", "DNS", "STORAGE")}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return RECOVERY_IMAGE.lay_out(tmp_path)


def told(plan: Plan) -> tuple[list[str], dict[str, str]]:
    """What the job's command is asked for, and the variables that it finds."""
    [container] = plan.named("drills-job").inputs["template"]["template"]["containers"]
    return container["args"], {each["name"]: each["value"] for each in container["envs"]}


def test_the_job_s_own_arguments_print_the_steps_from_the_image_alone(image: Path) -> None:
    arguments, variables = told(plan_of("prod", {}))
    done = RECOVERY_IMAGE.command(image, "ops", *arguments, "--plan", **variables)
    assert done.returncode == 0, done.stderr
    assert "tear down" in done.stdout


def test_an_image_of_other_settings_does_nothing(image: Path) -> None:
    arguments, variables = told(plan_of("prod", {"recovery": {"drills": {"targets": {"pit": {"rto": "2 hours"}}}}}))
    done = RECOVERY_IMAGE.command(image, "ops", *arguments, "--plan", **variables)
    assert done.returncode == 2
    assert "Pulumi.prod.yaml" in done.stderr
    assert "build the image anew" in " ".join(done.stderr.split())
    assert not done.stdout


def test_the_job_goes_all_the_way_to_google_before_it_fails(image: Path, tmp_path: Path) -> None:
    """Every module of a drill is in the image: what it cannot do is reach the cloud, which it says in one message."""
    arguments, variables = told(plan_of("prod", {}))
    variables["TRIPTRIP_RECOVERY_FOLDER"] = str(tmp_path / "journals")
    kind = ["pit" if word == "due" else word for word in arguments]
    program = f"""
import dataclasses, runpy
from ops.recovery import cloud, session
quick = dataclasses.replace(cloud.Pace(), attempts=1)
start = session.start
session.start = lambda *words, **named: start(*words, **{{**named, "pace": quick}})
sys.argv = {["ops", *kind]!r}
runpy.run_module("ops", run_name="__main__")
"""
    done = RECOVERY_IMAGE.run(image, program, **variables, **NOBODY)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "1/8 clear away" in done.stdout
