"""Every id of the document has a row with the document's figures, and whatever a row names is there."""

import ast
import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from typer.testing import CliRunner

from infra.catalog.requirement_rows import RequirementRow, corrections, requirements
from ops.__main__ import application
from ops.report import requirements as page
from sandbox.plan import plan_stack
from tests.runbooks.page import Page
from tests.runbooks.structure import link_problems
from tests.stacks import ROOT, declared

DOCUMENT: Mapping[str, Sequence[str]] = yaml.safe_load((Path(__file__).parent / "document.yaml").read_text())
FIGURE = re.compile(r"\d[\d,.]*\d|\d")
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
SAME_IN_BOTH = ("MongoDB 7.x",)
"""What is a name and nothing else."""
ANSWERED: dict[str, Any] = {
    "chapter": 1,
    "title": {"en": "a", "ja": "あ"},
    "asks": {"en": "a", "ja": "あ"},
    "files": ["README.md"],
    "tests": ["tests/a.py"],
}


def test_the_ids_are_the_documents_in_its_order() -> None:
    assert list(requirements()) == list(DOCUMENT)


def test_corrections_are_numbered_and_each_is_some_requirements() -> None:
    assert list(corrections()) == [f"COR-{number:02}" for number in range(1, 24)]
    assert {each for row in requirements().values() for each in row.corrections} == set(corrections())


@pytest.mark.parametrize(("id_", "row"), requirements().items())
def test_what_is_asked_has_the_documents_figures_in_both_languages(id_: str, row: RequirementRow) -> None:
    english, japanese = (set(FIGURE.findall(text)) for text in (row.asks.en, row.asks.ja))
    assert set(DOCUMENT[id_]) <= english == japanese


def test_rows_are_written_in_both_languages() -> None:
    texts = [words for row in requirements().values() for words in (row.title, row.undeclared, row.unproved) if words]
    texts += [words for row in corrections().values() for words in (row.document, row.built)]
    assert [words for words in texts if JAPANESE.search(words.en)] == []
    assert [words.ja for words in texts if not JAPANESE.search(words.ja)] == list(SAME_IN_BOTH)


def test_each_pattern_finds_a_resource_of_prod() -> None:
    names = [each.name for each in plan_stack("prod").resources if each.custom]
    assert missing("resources", lambda pattern: bool(fnmatch.filter(names, pattern))) == {}


def test_each_setting_is_set_in_prod() -> None:
    subjects = declared("prod")
    assert missing("settings", lambda path: is_set(subjects, path)) == {}


def test_each_file_and_test_is_there() -> None:
    assert missing("files", lambda file: (ROOT / file).exists()) == {}
    assert missing("tests", is_test) == {}


def test_what_no_rule_and_no_alert_guards_is_tested_or_says_why_not() -> None:
    bare = {id_: row for id_, row in requirements().items() if not (page.rules_of(id_) or page.alerts_of(id_))}
    assert bare
    assert [id_ for id_, row in bare.items() if not (row.tests or (row.undeclared and row.unproved))] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files": []}, "undeclared says why"),
        ({"tests": []}, "unproved says why"),
        ({"unproved": {"en": "a", "ja": "あ"}}, "unproved says why"),
        ({"corrections": ["COR-one"]}, "corrections"),
        ({"proof": ["tests/a.py"]}, "proof"),
        ({"title": {"en": "a"}}, "title.ja"),
    ],
)
def test_a_row_that_answers_nothing_cannot_be_read(changes: dict[str, Any], said: str) -> None:
    assert RequirementRow(**ANSWERED).files == ("README.md",)
    with pytest.raises(ValidationError, match=said):
        RequirementRow(**ANSWERED | changes)


def test_what_is_not_there_is_missed() -> None:
    assert not is_test("tests/ops/report/test_nothing.py")
    assert not is_test(f"{Path(__file__).relative_to(ROOT)}::test_nothing")
    assert not is_test("Makefile")
    assert not is_set(declared("prod"), "postgres.primary.nothing")
    assert not is_set(declared("prod"), "postgres.version.nothing")


def test_guards_are_those_that_name_the_requirement() -> None:
    assert [rule.id for rule in page.rules_of("PG-HA")] == ["sql-ha"]
    assert page.alerts_of("TGT-PG-CONN") == ("pooler-machines",)
    assert "mongodb-snapshot-failed" in page.alerts_of("MDB-BACKUP")
    assert (page.rules_of("PG"), page.alerts_of("PG")) == ((), ())


def test_the_page_is_current() -> None:
    assert (ROOT / page.PATH).read_text(encoding="utf-8") == page.render(), "make docs"


def test_the_page_has_a_row_for_each_id() -> None:
    shown = Page.read(ROOT / page.PATH)
    firsts = [row[0] for row in shown.rows if "**" in row[0]]
    assert [re.findall(r"\*\*(.+?)\*\*", each)[0] for each in firsts] == [*requirements(), *corrections()]


@pytest.mark.parametrize("path", [page.PATH, Path("docs/reference/alerts.md")], ids=str)
def test_links_from_and_to_the_page_lead_somewhere(path: Path) -> None:
    shown = Page.read(ROOT / path)
    assert any("#" in link for link in shown.links)
    assert list(link_problems(shown, (ROOT / path).parent)) == []


def test_many_guards_are_shown_by_the_word_that_they_share() -> None:
    (row,) = (line for line in page.render().splitlines() if "**MON-PG**" in line)
    number = sum(name.startswith("postgres-") for name in page.alerts_of("MON-PG"))
    assert f"[postgres-… ({number})](reference/alerts.md#postgres-query-latency)" in row
    assert "[alr-runbook](policies.md#alr-runbook)" in row


def test_the_readme_leads_to_the_page() -> None:
    assert str(page.PATH) in Page.read(ROOT / "README.md").links


def test_a_page_that_is_out_of_date_is_refused_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_ROOT", tmp_path)
    target = tmp_path / page.PATH
    target.parent.mkdir()
    target.write_text("of yesterday", encoding="utf-8")
    told = CliRunner().invoke(application, ["requirements", "--check"])
    assert (told.exit_code, told.stderr.strip()) == (
        1,
        "docs/requirements.md is out of date: run python -m ops requirements",
    )
    assert CliRunner().invoke(application, ["requirements"]).exit_code == 0
    assert target.read_text(encoding="utf-8") == page.render()
    assert CliRunner().invoke(application, ["requirements", "--check"]).exit_code == 0


def missing(part: str, is_there: Callable[[str], bool]) -> Mapping[str, Sequence[str]]:
    """What the rows name in a part of theirs and is not there, by requirement."""
    found = {id_: [each for each in getattr(row, part) if not is_there(each)] for id_, row in requirements().items()}
    return {id_: names for id_, names in found.items() if names}


def is_set(settings: Any, path: str) -> bool:
    """Whether a setting has a value; `path` is its names with dots between them."""
    for key in path.split("."):
        if not isinstance(settings, Mapping) or key not in settings:
            return False
        settings = settings[key]
    return settings is not None


def is_test(test: str) -> bool:
    """Whether there is such a test file, and the test in it that stands behind `::`."""
    path, _, name = test.partition("::")
    file = ROOT / path
    if not (file.is_file() and file.is_relative_to(ROOT / "tests") and file.name.startswith("test_")):
        return False
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    return (not name or name in found) and any(each.startswith("test_") for each in found)
