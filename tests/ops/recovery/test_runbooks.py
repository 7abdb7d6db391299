"""The runbooks tell the very steps that the commands take, and commands that there are."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from ops.__main__ import application
from ops.recovery.runbooks import FOLDER, RUNBOOKS, filled

COMMAND = re.compile(r"^python -m ops (restore .*?)(?:\s+#.*)?$", re.MULTILINE)


@pytest.mark.parametrize("name", RUNBOOKS)
def test_a_runbooks_steps_are_those_of_its_commands(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert filled(text, RUNBOOKS[name]) == text, "make docs"


@pytest.mark.parametrize("name", RUNBOOKS)
def test_every_command_of_a_runbook_shows_its_plan(name: str) -> None:
    commands = COMMAND.findall((FOLDER / name).read_text(encoding="utf-8"))
    assert commands
    for command in commands:
        words = [word for word in shlex.split(command) if word != "--plan"]
        told = CliRunner().invoke(application, [*words, "--plan"])
        assert told.exit_code == 0, f"{command}: {told.output}"
        assert told.output.rstrip().endswith("nothing was touched")


def test_a_runbook_without_a_place_for_the_steps_is_told() -> None:
    with pytest.raises(ValueError, match="no place for the steps of restore redis"):
        filled("# nothing", RUNBOOKS["recovery-redis.md"])
