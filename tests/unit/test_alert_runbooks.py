"""Alert → runbook → commands: each alert has its page, each page its form, and nothing on it is made up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runbooks.alerts import FOLDER, INDEX, ROOT, every_alert
from tests.runbooks.names import file_problems, resource_problems, setting_problems
from tests.runbooks.page import Page
from tests.runbooks.programs import problems as command_problems
from tests.runbooks.promql import promql_problems
from tests.runbooks.queries import query_problems, read_problems
from tests.runbooks.shell import commands, functions, idle_variables, script_problems
from tests.runbooks.structure import form_problems, kind_problems, link_problems

ALERTS = every_alert()
PAGES = sorted(FOLDER.glob("*.md"))
PLAN = (ROOT / "tests" / "snapshots" / "prod.yaml").read_text(encoding="utf-8")
EACH_PAGE = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
_GIVEN = ("gcloud ", "make ", "pulumi ", "python -m ", "bq ")
"""How code in a sentence begins that is a command."""


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_runbook_of_the_common_form(name: str) -> None:
    alert = ALERTS[name]
    assert alert.path.is_file()
    assert list(form_problems(Page.read(alert.path), alert)) == []


def test_a_runbook_has_an_alert() -> None:
    assert {path.stem for path in PAGES if path != INDEX} <= set(ALERTS)


def test_the_index_has_a_row_for_each_alert_and_no_other() -> None:
    rows = [row for row in Page.read(INDEX).rows if row[0].endswith(".md)")]
    assert sorted(row[0] for row in rows) == sorted(f"[{name}]({name}.md)" for name in ALERTS)
    assert all(row[1] for row in rows)


@EACH_PAGE
def test_what_a_page_names_is_there(path: Path) -> None:
    page = Page.read(path)
    found = [
        *link_problems(page, path.parent),
        *setting_problems(page),
        *file_problems(page, ROOT),
        *resource_problems(page, PLAN),
    ]
    assert found == []


@EACH_PAGE
def test_a_page_can_be_read_by_what_it_is_for(path: Path) -> None:
    page = Page.read(path)
    found = [
        *kind_problems(page),
        *(problem for block in page.blocks for problem in query_problems(block)),
        *(problem for block in page.blocks if block.kind == "promql" for problem in promql_problems(block)),
    ]
    assert found == []


@EACH_PAGE
def test_the_commands_of_a_page_can_be_given(path: Path) -> None:
    assert list(_commands_of(Page.read(path))) == []


def _commands_of(page: Page) -> Iterator[str]:
    script = "".join(block.text for block in page.blocks if block.kind == "bash")
    yield from script_problems(script)
    yield from idle_variables(script)
    own = functions(script)
    for command in commands(script):
        if command.words[0] not in own:
            yield from command_problems(command)
            yield from read_problems(command)
    for code in page.codes:
        if code.startswith(_GIVEN):
            yield from (problem for command in commands(code) for problem in command_problems(command, whole=False))
