"""The kit: readers, levels, waivers, remedies, and rules that fail."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st
from pulumi.runtime.proto import analyzer_pb2

from policies.all import RULES
from policies.kit import (
    Case,
    Level,
    Parameter,
    Resource,
    Severity,
    Stack,
    Undecided,
    must_be,
    must_reach,
    rule,
    waivers,
)
from policies.kit.analyzer import Analyzer
from policies.kit.resource import Node
from policies.kit.rule import Rule
from policies.kit.values import UNKNOWN, Secret, decode
from policies.kit.waivers import Waiver, Waivers
from policies.levels import level_of, levels, stacks
from policies.levels.schema import problems, schema
from tests.policies.harness import ADVISORY, DAY, MANDATORY, configuration, given, judge, request, struct

TYPE = "test:index/store:Store"
URN = f"urn:pulumi:case::triptrip::{TYPE}::case"


def _open_remedy(inputs: dict[str, object]) -> dict[str, object]:
    return {**inputs, "open": False}


@rule(
    "test-closed",
    title="The store is closed",
    severity=Severity.HIGH,
    types=[TYPE],
    reason="anybody could read it",
    fix="set open to false",
    good=[Case({"open": False})],
    bad=[Case({"open": True})],
    remedy=_open_remedy,
)
def closed(store: Resource) -> Iterator[str]:
    yield from must_be(store, "open", False)


@rule(
    "test-days",
    title="Days are enough",
    severity=Severity.LOW,
    types=[TYPE],
    reason="few days are few",
    fix="raise days",
    parameters={"days": Parameter(7, "Days")},
    good=[Case({"days": 7})],
    bad=[Case({"days": 6})],
)
def days_kept(store: Resource, days: int) -> Iterator[str]:
    yield from must_reach(store, "days", days, "days")


@rule(
    "test-crash",
    title="Fails by itself",
    severity=Severity.LOW,
    types=[TYPE],
    reason="for the test",
    fix="none",
    good=[],
    bad=[],
)
def crashing(store: Resource) -> Iterator[str]:
    raise ValueError(f"hunter2 {store.get('password')}")
    yield ""


@rule(
    "test-guarded",
    title="Every store has a guard",
    severity=Severity.LOW,
    reason="for the test",
    fix="none",
    good=[],
    bad=[],
)
def guarded(stack: Stack) -> Iterator[tuple[Resource | None, str]]:
    for store in stack.of(TYPE):
        if not store.outputs.get("guard"):
            yield store, "no guard"


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**50), 2**50)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=8,
)


@for_any(st.dictionaries(st.text(min_size=1), PLAIN, max_size=4))
def test_what_goes_over_the_wire_comes_back(values: dict[str, object]) -> None:
    assert decode(struct(values)) == values
    marked: dict[str, object] = {"secret": Secret(values), "unknown": UNKNOWN, "list": [UNKNOWN, Secret("a")]}
    assert decode(struct(marked)) == marked


def test_whole_numbers_come_back_as_such() -> None:
    decoded = decode(struct({"a": 35.0, "b": 1.5}))
    assert {name: type(value) for name, value in decoded.items()} == {"a": int, "b": float}


def test_reading_by_path() -> None:
    node = Node({"a": {"b": Secret("c"), "n": "168", "u": UNKNOWN, "l": [{"x": 1}, Secret({"x": 2})]}, "e": []})
    assert node.get("a.b") == "c"
    assert node.is_secret("a.b")
    assert node.shown("a.b") == "[secret]"
    assert node.number("a.n") == 168
    assert node.has("a.u")
    assert not node.known("a.u")
    assert not node.has("e")
    assert not node.has("a.b.c.d")
    assert node.shown("a.x") == "not set"
    assert [each.get("x") for each in node.nodes("a.l")] == [1, 2]
    for read in (node.get, node.number, node.node, node.nodes, node.texts, node.text):
        with pytest.raises(Undecided, match=r"a\.u is not known"):
            read("a.u")
    with pytest.raises(Undecided, match=r"a\.u is not known"):
        node.has("a.u.deeper")


def test_a_violation_says_what_why_and_how_to_mend_it() -> None:
    (said,) = judge([given(TYPE, {"open": True})], [closed])
    assert said.enforcementLevel == MANDATORY
    assert said.message == "open is True; it must be False\nWhy: anybody could read it\nFix: set open to false"


def test_an_unknown_is_told_with_the_level_it_will_have() -> None:
    (said,) = judge([given(TYPE, {"open": UNKNOWN})], [closed])
    assert said.enforcementLevel == ADVISORY
    assert "not decided: open is not known before the update" in said.message
    assert "level afterwards: mandatory" in said.message


def test_a_rule_that_fails_refuses_and_names_itself_without_values() -> None:
    (said,) = judge([given(TYPE, {"password": Secret("hunter2")})], [crashing])
    assert said.enforcementLevel == MANDATORY
    assert "rule test-crash itself failed: ValueError at test_kit.py:" in said.message
    assert "hunter2" not in said.message


def test_levels_and_parameters_are_the_stacks() -> None:
    store = given(TYPE, {"days": 6, "open": True})
    rows = {
        "test-days": {"enforcementLevel": "advisory", "days": 5},
        "test-closed": {"enforcementLevel": "disabled"},
        "another-pack's": {"enforcementLevel": "mandatory"},
    }
    assert judge([store], [closed, days_kept], levels=rows) == []
    assert {each.policyName for each in judge([store], [closed, days_kept])} == {"test-closed", "test-days"}


def test_stack_rules_read_the_inputs_that_were_analysed_and_the_outputs() -> None:
    analyzer = Analyzer("test", [guarded], Waivers((), DAY))
    analyzer.Analyze(request(given(TYPE, {"name": "a"})), None)
    after = given(TYPE, {"guard": True})
    assert not analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[after]), None).diagnostics
    before = given(TYPE, {})
    (said,) = analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[before]), None).diagnostics
    assert said.urn == URN


def _remediated(level: Level, inputs: dict[str, object]) -> list[dict[str, object]]:
    analyzer = Analyzer("test", [closed, days_kept], Waivers((), DAY))
    analyzer.Configure(configuration({"test-closed": {"enforcementLevel": str(level)}}), None)
    answer = analyzer.Remediate(request(given(TYPE, inputs)), None)
    return [decode(each.properties) for each in answer.remediations]


def test_a_remedy_runs_at_its_level_alone_and_keeps_every_mark() -> None:
    marked: dict[str, object] = {"open": True, "days": 3, "password": Secret("a"), "network": UNKNOWN}
    assert _remediated(Level.REMEDIATE, marked) == [{**marked, "open": False}]
    assert _remediated(Level.REMEDIATE, {**marked, "open": False}) == []
    assert _remediated(Level.MANDATORY, marked) == []


def test_only_harmless_rules_have_a_remedy() -> None:
    flags, labels, access = ("pg-", "sql-iam-auth", "sql-require-tls"), ("st-labels",), ("gcs-no-public", "gcs-ubla")
    harmless = (*flags, *labels, *access)
    assert not [each.id for each in RULES if each.remedy and not each.id.startswith(harmless)]


def _waiver(**changes: object) -> Waiver:
    row = {
        "rule": "test-closed",
        "urn": URN,
        "reason": "it is emptied before the end of the year",
        "owner": "data-platform",
        "expires": DAY,
        **changes,
    }
    return Waiver.model_validate(row)


def test_a_waiver_makes_its_finding_a_note_until_its_last_day() -> None:
    store = given(TYPE, {"open": True})
    (said,) = judge([store], [closed], waivers=Waivers((_waiver(),), DAY))
    assert said.enforcementLevel == ADVISORY
    assert "waived until 2026-11-25 by data-platform: it is emptied" in said.message
    broken, expired = judge([store], [closed], waivers=Waivers((_waiver(),), DAY + dt.timedelta(days=1)))
    assert (broken.policyName, broken.enforcementLevel) == ("test-closed", MANDATORY)
    assert (expired.policyName, expired.enforcementLevel) == ("waivers", MANDATORY)
    assert "expired" in expired.message


def test_a_waiver_that_nothing_needs_is_told_in_its_own_stack_and_pack() -> None:
    known = Waivers((_waiver(),), DAY)
    (said,) = judge([given(TYPE, {"open": False})], [closed], waivers=known)
    assert (said.policyName, said.enforcementLevel) == ("waivers", ADVISORY)
    assert judge([given(TYPE, {"open": False})], [closed], waivers=known, stack="other") == []
    assert judge([given(TYPE, {"days": 7})], [days_kept], waivers=known) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"urn": "urn:pulumi:case::triptrip::*::case"}, "must be a URN"),
        ({"urn": "urn:pulumi:*::triptrip::a:b:C::case"}, "must be a URN"),
        ({"urn": "*"}, "must be a URN"),
        ({"urn": f"urn:pulumi:case::triptrip::{TYPE}::*"}, "written out"),
        ({"urn": f"urn:pulumi:case::triptrip::{TYPE}::a*"}, "written out"),
        ({"reason": "because"}, "at least 20"),
        ({"owner": " "}, "at least 1"),
        ({"expires": "never"}, "date"),
        ({"until": "2027-01-01"}, "Extra inputs"),
    ],
)
def test_a_waiver_that_is_no_waiver_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    row = {**json.loads(_waiver().model_dump_json()), **changes}
    file = tmp_path / "waivers.yaml"
    file.write_text(json.dumps({"waivers": [row]}), encoding="utf-8")
    with pytest.raises(waivers.WaiversError, match=said) as raised:
        waivers.load(file)
    assert "waivers.yaml: row 1: " in str(raised.value)


def test_a_pattern_stays_within_a_name() -> None:
    row = _waiver(urn=f"urn:pulumi:case::triptrip::{TYPE}::case-*")
    assert row.covers("test-closed", f"urn:pulumi:case::triptrip::{TYPE}::case-b[0]")
    assert not row.covers("test-closed", f"urn:pulumi:case::triptrip::{TYPE}::other")
    assert not row.covers("test-closed", "urn:pulumi:case::triptrip::test:index/other:Other::case-b")
    assert not row.covers("another", f"urn:pulumi:case::triptrip::{TYPE}::case-b")


def test_the_levels_are_those_of_their_schema() -> None:
    assert stacks() == ["dev", "prod"]
    assert problems(RULES) == []


@pytest.mark.parametrize(
    "rows",
    [
        {"no-such-rule": {"enforcementLevel": "mandatory"}},
        {RULES[0].id: {}},
        {RULES[0].id: {"enforcementLevel": "soft"}},
    ],
)
def test_a_wrong_level_is_refused(rows: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policies.levels.schema.levels", lambda _: rows)
    assert all("policies/levels/" in each for each in problems(RULES))
    assert problems(RULES)


def test_a_level_file_that_is_no_json_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dev.json").write_text("{", encoding="utf-8")
    monkeypatch.setattr("policies.levels.FOLDER", tmp_path)
    levels.cache_clear()
    try:
        (told,) = problems(RULES)
        assert told.startswith("policies/levels/dev.json: is not JSON: ")
        assert told.endswith("line 1 column 2 (char 1)")
    finally:
        levels.cache_clear()


def test_prod_is_never_below_dev() -> None:
    order = [Level.DISABLED, Level.ADVISORY, Level.MANDATORY, Level.REMEDIATE]
    rows = {stack: {each.id: level_of(each, stack) for each in RULES} for stack in stacks()}
    weaker = [id_ for id_ in rows["prod"] if order.index(rows["prod"][id_]) < order.index(rows["dev"][id_])]
    assert weaker == []


def test_the_schema_names_every_rule() -> None:
    assert set(schema(RULES)["properties"]) == {each.id for each in RULES}
    assert all(isinstance(each, Rule) for each in RULES)
