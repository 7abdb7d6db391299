"""The image of the recovery commands: all that a drill needs, nothing of Pulumi, and what the stack's job is told."""

from pathlib import Path

import pytest

from ops.recovery.cloud.google import ENDPOINT_VARIABLE
from sandbox.plan import Plan
from tests.images import ROOT, Image
from tests.plans import plan_of

IMAGE = Image(ROOT / "ops" / "recovery", "/opt/recovery/", "recovery")
NOBODY = {ENDPOINT_VARIABLE.format(api=api): "http://127.0.0.1:1" for api in ("SQLADMIN", "DNS", "STORAGE")}


def test_its_packages_are_the_groups_and_the_lock_files_hash_by_hash() -> None:
    assert IMAGE.wrong_packages() == []
    assert {"psycopg", "google-api-python-client", "google-cloud-storage"} <= {name for name, _, _ in IMAGE.listed}


def test_it_is_built_from_a_base_that_is_given_and_runs_without_rights() -> None:
    assert IMAGE.bases == ["${BASE}", "${BASE}"]
    assert "--require-hashes" in IMAGE.dockerfile
    assert "USER 65532:65532" in IMAGE.dockerfile


def test_whatever_it_copies_is_sent_to_the_builder() -> None:
    assert IMAGE.not_sent() == []


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return IMAGE.lay_out(tmp_path)


def told(plan: Plan) -> tuple[list[str], dict[str, str]]:
    """What the job's command is asked for, and the variables that it finds."""
    [container] = plan.named("drills-job").inputs["template"]["template"]["containers"]
    return container["args"], {each["name"]: each["value"] for each in container["envs"]}


def test_the_job_s_own_arguments_print_the_steps_from_the_image_alone(image: Path) -> None:
    arguments, variables = told(plan_of("prod", {}))
    done = IMAGE.command(image, "ops", *arguments, "--plan", **variables)
    assert done.returncode == 0, done.stderr
    assert "tear down" in done.stdout


def test_an_image_of_other_settings_does_nothing(image: Path) -> None:
    arguments, variables = told(plan_of("prod", {"recovery": {"drills": {"targets": {"pit": {"rto": "2 hours"}}}}}))
    done = IMAGE.command(image, "ops", *arguments, "--plan", **variables)
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
    done = IMAGE.run(image, program, **variables, **NOBODY)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "1/8 clear away" in done.stdout
