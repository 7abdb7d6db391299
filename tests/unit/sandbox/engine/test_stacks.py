"""Which stacks the launcher makes or selects before a command, with an engine that only writes down its words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.engine import environment, launcher
from sandbox.engine.errors import LauncherError


class Recorded:
    """A sandbox whose engine appends its arguments to a file, and fails when told to."""

    def __init__(self, folder: Path) -> None:
        self.sandbox, self.project, self.calls_file = folder / "sandbox", folder / "sandbox/project", folder / "calls"
        self.project.mkdir(parents=True)
        for stack in ("dev", "prod"):
            (self.project / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
        script = folder / "pulumi"
        script.write_text(
            f'#!/bin/sh\necho "$@" >> {self.calls_file}\n[ ! -e {folder}/fail ] || {{ echo no; exit 3; }}\n'
        )
        script.chmod(0o755)
        self.engine = environment.Engine(str(script), official=False)

    def ensure(self, named: str | None) -> list[str]:
        launcher.ensure_stack(named, self.project, self.sandbox, self.engine)
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []

    def exists(self, stack: str) -> None:
        state = self.sandbox / "state/.pulumi/stacks/triptrip" / f"{stack}.json"
        state.parent.mkdir(parents=True, exist_ok=True)
        state.write_text("{}")

    def selects(self, settings: dict[str, object]) -> None:
        record = self.sandbox / "home/workspaces/triptrip-abc-workspace.json"
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(settings))


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path)


def test_the_first_command_makes_and_selects_dev(recorded: Recorded) -> None:
    assert recorded.ensure(None) == ["stack init dev --non-interactive"]


def test_a_named_stack_is_made_without_selecting_it(recorded: Recorded) -> None:
    assert recorded.ensure("organization/triptrip/prod") == ["stack init prod --no-select --non-interactive"]


def test_a_stack_that_exists_is_left_alone(recorded: Recorded) -> None:
    recorded.exists("prod")
    assert recorded.ensure("prod") == []


def test_a_backup_of_a_removed_stack_is_no_stack(recorded: Recorded) -> None:
    recorded.exists("prod")
    (recorded.sandbox / "state/.pulumi/stacks/triptrip/prod.json").rename(
        recorded.sandbox / "state/.pulumi/stacks/triptrip/prod.json.bak"
    )
    assert recorded.ensure("prod") == ["stack init prod --no-select --non-interactive"]


def test_dev_is_selected_when_it_exists_and_nothing_is(recorded: Recorded) -> None:
    recorded.exists("dev")
    assert recorded.ensure(None) == ["stack select dev --non-interactive"]


@pytest.mark.parametrize(
    "settings",
    [{"stack": "organization/triptrip/prod"}, {"stacks": {"file:///state": "organization/triptrip/prod"}}],
)
def test_the_selected_stack_counts(recorded: Recorded, settings: dict[str, object]) -> None:
    recorded.selects(settings)
    recorded.exists("prod")
    assert recorded.ensure(None) == []


def test_a_stack_without_a_file_is_left_for_the_cli_to_refuse(recorded: Recorded) -> None:
    assert recorded.ensure("staging") == []


def test_a_failing_engine_is_quoted(recorded: Recorded, tmp_path: Path) -> None:
    (tmp_path / "fail").touch()
    with pytest.raises(LauncherError, match=r"pulumi stack init dev failed:\nno"):
        recorded.ensure(None)
