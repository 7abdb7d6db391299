"""The command looks into the cloud and changes it behind the program's back; a wrong word is one sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from sandbox.cloud import Cloud, Provider
from sandbox.cloud.__main__ import app

if TYPE_CHECKING:
    from pathlib import Path

HERE = Provider(project="triptrip-dev", region="asia-northeast1")
SECRET = "gcp.secretmanager.SecretVersion"  # noqa: S105 - a type


@pytest.fixture
def state(tmp_path: Path) -> Path:
    file = tmp_path / "cloud.sqlite"
    cloud = Cloud.open(file)
    for service in ("compute", "secretmanager"):
        cloud.create("gcp:projects/service:Service", {"service": f"{service}.googleapis.com"}, provider=HERE)
    cloud.create("gcp:compute/network:Network", {"name": "main"}, provider=HERE)
    secret = cloud.create(
        "gcp:secretmanager/secret:Secret", {"secretId": "s", "replication": {"auto": {}}}, provider=HERE
    )
    inputs = {"secret": secret.id, "secretData": "hunter22"}
    cloud.create("gcp:secretmanager/secretVersion:SecretVersion", inputs, provider=HERE)
    cloud.close()
    return file


def _run(state: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--state", str(state)])


def test_list_shows_types_and_ids(state: Path) -> None:
    assert "gcp.compute.Network\tprojects/triptrip-dev/global/networks/main" in _run(state, "list").output


def test_show_redacts_secrets(state: Path) -> None:
    shown = _run(state, "show", SECRET, "projects/142235398583/secrets/s/versions/1")
    assert "hunter22" not in shown.output
    assert json.loads(shown.output)["secretData"] == "[secret]"


@pytest.mark.parametrize("kind", ["gcp.compute.Network", "gcp:compute/network:Network"])
@pytest.mark.parametrize("name", ["main", "projects/triptrip-dev/global/networks/main"])
def test_edit_changes_one_property(state: Path, kind: str, name: str) -> None:
    assert _run(state, "edit", kind, name, "routingMode=GLOBAL").exit_code == 0
    assert _run(state, "edit", kind, name, "mtu=1500").exit_code == 0
    shown = json.loads(_run(state, "show", kind, name).output)
    assert (shown["routingMode"], shown["mtu"]) == ("GLOBAL", 1500)


def test_remove_deletes_one_resource(state: Path) -> None:
    assert _run(state, "remove", "gcp.compute.Network", "main").exit_code == 0
    assert "gcp.compute.Network" not in _run(state, "list").output


def test_advance_and_reset(state: Path) -> None:
    assert _run(state, "advance", "8").exit_code == 0
    assert "forgot 5 resources" in _run(state, "reset").output
    assert _run(state, "list").output == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "gcp.compute.Network", "other"), "no gcp.compute.Network named 'other'"),
        (("edit", "gcp.compute.Network", "other", "a=1"), "no gcp.compute.Network named 'other'"),
        (("remove", "gcp.compute.Network", "other"), "no gcp.compute.Network named 'other'"),
        (("edit", "gcp.compute.Network", "main", "routingMode"), "write PATH=VALUE"),
    ],
)
def test_a_wrong_word_is_told(state: Path, words: tuple[str, ...], said: str) -> None:
    done = _run(state, *words)
    assert done.exit_code == 1
    assert done.output.startswith("error: ")
    assert said in done.output


def test_no_cloud_yet_is_told(tmp_path: Path) -> None:
    done = _run(tmp_path / "none.sqlite", "list")
    assert done.exit_code == 1
    assert "there is no cloud" in done.output
