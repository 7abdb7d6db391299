"""Whoever names a requirement or a correction names one that there is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
import yaml

from infra.catalog.dashboard_rows import dashboards
from infra.catalog.monitoring_rows import alerts, document_metrics
from infra.catalog.price_rows import targets
from infra.catalog.requirement_rows import corrections, requirements
from policies.all import RULES
from tests.stacks import ROOT

KNOWN = frozenset((*requirements(), *corrections()))
ID = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*")
PREFIXES = "|".join(sorted({id_.partition("-")[0] for id_ in KNOWN if "-" in id_}))
NAMED = re.compile(rf"\b(?:{PREFIXES})-[A-Z0-9]+(?:-[A-Z0-9]+)*\b")
"""An id, or what begins like one: nothing else of the repository does."""

FIELDS = ("requirement", "requirements", "asked_by")
FOLDERS = ("docs", "infra", "ops", "policies", "sandbox", "schema", "services", "tests")
SUFFIXES = (".md", ".py", ".sql", ".yaml")


def test_rules_name_what_there_is() -> None:
    named = {(rule.id, source) for rule in RULES for source in rule.sources if ID.fullmatch(source)}
    assert named
    assert unknown(named) == []


def test_alerts_and_panels_name_what_there_is() -> None:
    named = {(name, id_) for name, row in alerts().items() for id_ in row.requirements}
    named |= {(panel.title, id_) for row in dashboards().values() for panel in row.panels for id_ in panel.requirements}
    named |= {(row.metric, row.requirement) for row in document_metrics()} | {(id_, id_) for id_ in targets()}
    assert unknown(named) == []


def test_catalogues_and_schemas_name_what_there_is() -> None:
    named = {
        (str(file.relative_to(ROOT)), id_)
        for folder in ("infra/catalog", "schema")
        for file in (ROOT / folder).rglob("*.yaml")
        for text in fields(yaml.safe_load(file.read_text(encoding="utf-8")))
        for id_ in ID.findall(text)
    }
    assert len({place for place, _ in named}) > 10
    assert unknown(named) == []


@pytest.mark.parametrize("folder", [*FOLDERS, "."])
def test_texts_name_what_there_is(folder: str) -> None:
    files = ROOT.glob("*") if folder == "." else (ROOT / folder).rglob("*")
    named = {
        (str(file.relative_to(ROOT)), id_)
        for file in files
        if file.suffix in SUFFIXES and file.is_file()
        for id_ in NAMED.findall(file.read_text(encoding="utf-8"))
    }
    assert named
    assert unknown(named) == []


def test_a_name_that_is_none_is_found() -> None:
    wrong = "TGT-SEARCH-SLA".removesuffix("-SLA")
    assert NAMED.findall(f"({wrong}: 30 minutes)") == [wrong]
    assert unknown({("a page", wrong), ("a page", "PG-HA"), ("a page", "COR-05")}) == [("a page", wrong)]
    assert list(fields({"a": [{"requirements": [wrong]}], "requirement": f"{wrong}, PG-HA"})) == [
        wrong,
        f"{wrong}, PG-HA",
    ]


def unknown(named: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((place, id_) for place, id_ in named if id_ not in KNOWN)


def fields(content: Any) -> Iterator[str]:
    """The texts of the fields that name requirements, wherever they stand."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key in FIELDS:
                yield from [value] if isinstance(value, str) else value
            else:
                yield from fields(value)
    elif isinstance(content, list):
        for each in content:
            yield from fields(each)
