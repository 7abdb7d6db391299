"""`python -m ops phases`: the table, what it says below, JSON, and stack files that cannot be used."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from ops.__main__ import application
from ops.report.phases.journey import Stage, step
from ops.report.phases.model import Journey
from ops.report.phases.tables import as_json, by_step, remarks
from ops.report.stack import Stack
from tests.ops.report.phases.world import PRIMARY, last_phase, told, with_inputs
from tests.stacks import ROOT

RUNNER = CliRunner()


def run(*arguments: str) -> Result:
    return RUNNER.invoke(application, ["phases", *arguments], env={"COLUMNS": "160"})


def printed(journey: Journey) -> str:
    with (console := Console(width=160)).capture() as captured:
        console.print(by_step(journey))
    return "\n".join([captured.get(), *remarks(journey)])


def test_each_step_of_production_is_a_row() -> None:
    text = printed(told("prod"))
    for name in ("1 → 2", "2 → 3", "3 → 4"):
        assert name in text
    assert "now →" not in text
    assert "prod has at least the settings of phase 3: High availability." in text
    assert "pooler-template is replaced: metadata.user-data, name" in text
    assert "settings.backupConfiguration.pointInTimeRecoveryEnabled: restart, 10–120 s (D)" in text
    assert "postgres-primary keeps settings.diskSize 500 where 1024 is declared" in text
    assert "LOSES DATA" not in text


def test_dev_is_told_its_own_next_step_and_what_does_not_fit() -> None:
    text = printed(told("dev"))
    assert "now → 3" in text
    assert "Phase 1, Optimise, does not fit dev as declared: 1 setting cannot be used" in text


def test_lost_data_stands_first() -> None:
    stack = Stack.read("prod")
    worst = step(3, 4, Stage(stack, last_phase()), Stage(stack, with_inputs(PRIMARY, region="asia-northeast2")))
    text = printed(Journey("prod", 3, told("prod").phases, (worst,), worst))
    assert "LOSES DATA: postgres-primary is deleted or replaced" in text
    assert [each["name"] for each in as_json(Journey("prod", 3, (), (worst,), worst))["steps"][0]["lost"]] == [PRIMARY]


def test_the_command_tells_a_stack_as_json() -> None:
    done = run("--stack", "dev", "--format", "json")
    assert done.exit_code == 0
    asked = json.loads(done.stdout)
    assert asked == json.loads(json.dumps(as_json(told("dev")), default=str))
    (restarts,) = [each["restarts"] for each in asked["steps"]]
    assert all(each["source"] and each["date"] and each["why"]["ja"] for each in restarts)
    assert asked["phases"][1]["title"] == {"en": "Scale reads", "ja": "読み取りの拡張"}


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ("nowhere", "no such file"),
        ("wrong", "an unknown subject"),
        ("bare", "bare has no postgres, and the four phases are PostgreSQL's"),
    ],
)
def test_a_file_without_phases_is_told_and_nothing_else(tmp_path: Path, stack: str, said: str) -> None:
    text = (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    (tmp_path / "Pulumi.wrong.yaml").write_text(text.replace("postgres:", "postgers:"), encoding="utf-8")
    (tmp_path / "Pulumi.bare.yaml").write_text(text[: text.index("  triptrip:postgres:")], encoding="utf-8")
    done = run("--stack", stack, "--folder", str(tmp_path))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr
