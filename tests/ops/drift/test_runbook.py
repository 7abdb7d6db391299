"""The runbook of drift: what it names is there, its commands can be given, and the sections that are told exist."""

import re

from tests.runbooks.alerts import ROOT
from tests.runbooks.names import file_problems, setting_problems
from tests.runbooks.page import Page
from tests.runbooks.programs import problems as command_problems
from tests.runbooks.queries import read_problems
from tests.runbooks.shell import commands, script_problems
from tests.runbooks.structure import kind_problems, link_problems

PATH = ROOT / "docs" / "runbooks" / "drift.md"
PAGE = Page.read(PATH)


def test_what_it_names_is_there() -> None:
    assert [*link_problems(PAGE, PATH.parent), *kind_problems(PAGE)] == []
    assert [*setting_problems(PAGE), *file_problems(PAGE, ROOT)] == []


def test_its_commands_can_be_given() -> None:
    script = "".join(block.text for block in PAGE.blocks if block.kind == "bash")
    in_text = [one for code in PAGE.codes if code.startswith(("pulumi ", "make ")) for one in commands(code)]
    assert list(script_problems(script)) == []
    assert [problem for one in commands(script) for problem in (*command_problems(one), *read_problems(one))] == []
    assert [problem for one in in_text for problem in command_problems(one, whole=False)] == []


def test_the_sections_that_are_told_are_there() -> None:
    files = [*(ROOT / "ops" / "drift").glob("*.py"), ROOT / ".github" / "workflows" / "drift.yml"]
    told = "".join(path.read_text(encoding="utf-8") for path in files)
    sections = set(re.findall(r"docs/runbooks/drift\.md, section (\d)", told))
    assert sections
    assert sections <= {title[0] for title in PAGE.sections}
