"""The CLI's environment never points at a real account."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.engine.environment import Engine, chosen_engine, for_cli
from sandbox.engine.errors import LauncherError

USER = {
    "PATH": "/usr/bin",
    "PULUMI_ACCESS_TOKEN": "token",
    "PULUMI_BACKEND_URL": "gs://real-state",
    "PULUMI_CONFIG_PASSPHRASE_FILE": "/real",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PULUMI_STACK": "prod",
    "HOME": "/home/user",
}


def test_points_at_the_sandbox_only() -> None:
    result = for_cli(USER, Path("/s"), Engine("/cache/pulumi", official=False), 4711)
    assert result["PULUMI_BACKEND_URL"] == "file:///s/state?metadata=skip"
    assert result["PULUMI_HOME"] == "/s/home"
    assert (
        result["PULUMI_DEBUG_PROVIDERS"]
        == "ec:4711,gcp:4711,grafana:4711,mongodbatlas:4711,random:4711,terraform-provider:4711"
    )
    assert result["PULUMI_IGNORE_AMBIENT_PLUGINS"] == "true"
    assert result["PATH"] == "/cache:/usr/bin"
    assert (result["PULUMI_STACK"], result["HOME"]) == ("prod", "/home/user")
    assert not {"PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE", "PYTHONDONTWRITEBYTECODE"} & result.keys()


def test_an_official_distribution_keeps_its_own_language_host_and_a_quiet_command_has_no_cloud() -> None:
    result = for_cli(USER, Path("/s"), Engine("/usr/bin/pulumi", official=True), None)
    assert not {"PULUMI_IGNORE_AMBIENT_PLUGINS", "PULUMI_DEBUG_PROVIDERS"} & result.keys()


def test_the_engine_is_what_set_up_chose(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text("key\n/cache/pulumi\nsandbox\n")
    assert chosen_engine(stamp) == Engine("/cache/pulumi", official=False)
    stamp.write_text("key\n/usr/bin/pulumi\nofficial\n")
    assert chosen_engine(stamp) == Engine("/usr/bin/pulumi", official=True)


@pytest.mark.parametrize("text", [None, "", "key\n"])
def test_without_set_up_the_command_that_helps_is_named(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "stamp").write_text(text)
    with pytest.raises(LauncherError, match="run sandbox/setup"):
        chosen_engine(tmp_path / "stamp")
