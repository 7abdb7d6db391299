"""Checks against the plan: what holds stops holding when the plan says something else."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.catalog.conformance_rows import COMPARISONS, CheckRow, ConformanceRow, conformance
from ops.report.stack import ROOT
from ops.report.targets.checks import at, look
from ops.report.targets.facts import Facts
from sandbox.plan import Plan, PlannedResource

FLAGS = {"flags": [{"name": "work_mem", "value": "32"}, {"name": "jit", "value": "off"}], "sizes": [{"gb": 3}]}


def resource(name: str, inputs: dict[str, Any]) -> PlannedResource:
    return PlannedResource("urn", "id", "gcp:sql/databaseInstance:DatabaseInstance", name, "", True, inputs, {})


def with_resources(facts: Facts, resources: list[PlannedResource], root: Path = ROOT) -> Facts:
    return replace(facts, planned=Plan("prod", resources), root=root)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("flags[name=work_mem].value", "32"),
        ("flags[name=jit].value", "off"),
        ("sizes.0.gb", 3),
        ("sizes", [{"gb": 3}]),
    ],
)
def test_a_path_leads_into_lists(path: str, value: object) -> None:
    assert at(FLAGS, path) == value


@pytest.mark.parametrize("path", ["flags[name=none].value", "sizes.1.gb", "sizes.x", "other", "other.deeper", "x[a=b]"])
def test_a_path_to_nothing_is_not_set(path: str, production: Facts) -> None:
    check = CheckRow(resource="it", property=path)
    [seen] = look(check, "PG-INST", with_resources(production, [resource("it", FLAGS)]))
    assert (seen.holds, seen.value) == (False, "not set")


@pytest.mark.parametrize(
    ("comparison", "good", "bad"),
    [
        ({"equals": "a"}, "a", "b"),
        ({"equals": True}, True, "true"),
        ({"least": 5}, 5, 4),
        ({"least": 5}, "6", "4.9"),
        ({"least": 5}, 6, "many"),
        ({"most": 5}, 5, 6),
        ({"includes": "b"}, ["a", "b"], ["a"]),
        ({"includes": "b"}, "abc", "ac"),
        ({"one_of": ["a", "b"]}, "b", "c"),
        ({"least": 0}, 1, True),
    ],
)
def test_each_comparison_tells_good_from_bad(
    comparison: dict[str, Any], good: object, bad: object, production: Facts
) -> None:
    check = CheckRow(resource="it", property="size", **comparison)

    def holds(value: object) -> bool:
        [seen] = look(check, "PG-INST", with_resources(production, [resource("it", {"size": value})]))
        return seen.holds

    assert holds(good)
    assert not holds(bad)


def test_every_resource_of_a_pattern_is_held_to_it(production: Facts) -> None:
    facts = with_resources(production, [resource("replica-b", {"tier": "x"}), resource("replica-c", {"tier": "y"})])
    seen = list(look(CheckRow(resource="replica-*", property="tier", equals="x"), "PG-REPL", facts))
    assert [(each.origin, each.holds) for each in seen] == [("replica-b: tier", True), ("replica-c: tier", False)]


def test_too_few_of_a_pattern_are_told(production: Facts) -> None:
    facts = with_resources(production, [resource("replica-b", {})])
    [seen] = look(CheckRow(resource="replica-*", count=2), "PG-REPL", facts)
    assert (seen.holds, seen.value, seen.asked) == (False, "1 declared", "2 of them")


def test_a_file_is_there_and_says_it(tmp_path: Path, production: Facts) -> None:
    (tmp_path / "a.yaml").write_text("chunk: 1 day\n", encoding="utf-8")
    facts = with_resources(production, [], tmp_path)

    def holds(**row: Any) -> bool:
        [seen] = look(CheckRow(**row), "TS-HYPER", facts)
        return seen.holds

    assert holds(file="a.yaml")
    assert holds(file="a.yaml", property="chunk", equals="1 day")
    assert holds(file="a.yaml", includes="chunk:")
    assert not holds(file="b.yaml")
    assert not holds(file="a.yaml", property="chunk", equals="2 days")
    assert not holds(file="a.yaml", includes="chunks:")


def test_an_alert_that_is_missing_is_told(production: Facts) -> None:
    without = [each for each in production.plan.resources if not each.name.startswith("alert-postgres-table-bloat-")]
    assert len(without) < len(production.plan.resources)
    seen = list(look(CheckRow(alerts=True), "MON-PG", with_resources(production, without)))
    assert [each.origin for each in seen if not each.holds] == ["alert-postgres-table-bloat"]


def _held() -> Iterator[tuple[str, CheckRow]]:
    for requirement, row in conformance().items():
        yield from ((requirement, check) for check in row.checks if check.resource and check.property)


@pytest.mark.parametrize(
    ("requirement", "check"), [pytest.param(*each, id=f"{each[0]}-{each[1].property}") for each in _held()]
)
def test_no_check_of_the_plan_holds_whatever_is_declared(requirement: str, check: CheckRow, production: Facts) -> None:
    changed = [
        replace(each, inputs=_without(each.inputs, check.property)) if each.custom else each
        for each in production.plan.resources
    ]
    seen = list(look(check, requirement, with_resources(production, changed)))
    assert seen
    assert not any(each.holds for each in seen)


def _without(inputs: dict[str, Any], path: str) -> dict[str, Any]:
    """Inputs without what a path leads to, its first part."""
    left = deepcopy(inputs)
    left.pop(re.split(r"[.\[]", path, maxsplit=1)[0], None)
    return left


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"resource": "a", "file": "b"},
        {"resource": "a", "equals": 1, "least": 2},
        {"resource": "a", "unknown": 1},
    ],
)
def test_a_row_that_says_nothing_or_two_things_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CheckRow(**row)


def test_a_requirement_that_nothing_judges_is_refused() -> None:
    with pytest.raises(ValidationError, match="nothing judges it"):
        ConformanceRow()


def test_the_comparisons_are_fields() -> None:
    assert set(COMPARISONS) < set(CheckRow.model_fields)
    assert CheckRow(resource="a", least="1.5").least == Decimal("1.5")
