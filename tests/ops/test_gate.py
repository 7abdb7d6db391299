"""The gate on the three forms of a preview, and every row of its catalogue both ways."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from infra import catalog
from ops.gate import Change, Preview, UnreadableError, judge, read_changes
from ops.gate.changes import Side
from ops.gate.protections import Protection, protections
from policies.kit.values import UNKNOWN_STRINGS
from policies.kit.waivers import Waiver, Waivers

NO_WAIVERS = Waivers((), dt.date(2026, 11, 25))
SQL = "gcp:sql/databaseInstance:DatabaseInstance"
STACK = "urn:pulumi:prod::triptrip::pulumi:pulumi:Stack::triptrip-prod"


def urn(type_: str = SQL, name: str = "postgres-primary") -> str:
    return f"urn:pulumi:prod::triptrip::triptrip:platform:Platform${type_}::{name}"


def change(  # noqa: PLR0913 # a change has as many parts
    steps: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    *,
    type_: str = SQL,
    name: str = "postgres-primary",
    protect: tuple[bool, bool] = (True, True),
) -> Change:
    def side(inputs: dict[str, Any] | None, guarded: bool) -> Side | None:
        return None if inputs is None else Side(inputs, guarded, retain_on_delete=False)

    return Change(urn(type_, name), frozenset(steps.split()), side(before, protect[0]), side(after, protect[1]))


def rules(*changes: Change, complete: bool = False, waivers: Waivers = NO_WAIVERS) -> list[str]:
    return [each.rule for each in judge(Preview(changes, complete, finished=True), waivers) if not each.waiver]


def nested(path: str, value: Any) -> dict[str, Any]:
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)


def ways(guard: Protection) -> tuple[Any, Any]:
    """A safe and a less safe value of a row."""
    values: dict[str, tuple[Any, Any]] = {
        "set": ({"a": 1}, None),
        "true": (True, False),
        "higher": (35, 7),
        "longer": ("864000s", "86400s"),
        "lower": (6, 12),
        "unchanged": ([{"a": 1}], [{"a": 2}]),
    }
    return values[guard.safe] if isinstance(guard.safe, str) else (guard.safe[-1], guard.safe[0])


ROWS = [
    pytest.param(type_, guard, id=f"{type_}-{guard.path}")
    for type_, all_ in protections().types.items()
    for guard in all_
]


@pytest.mark.parametrize(("type_", "guard"), ROWS)
def test_a_guard_may_grow_and_not_shrink(type_: str, guard: Protection) -> None:
    safe, unsafe = (nested(guard.path, value) for value in ways(guard))
    rule = f"gate-{guard.kind}"
    assert rule in rules(change("update", safe, unsafe, type_=type_))
    assert rules(change("update", safe, safe, type_=type_)) == []
    unknown = nested(guard.path, next(iter(UNKNOWN_STRINGS)))
    assert rule in rules(change("update", safe, unknown, type_=type_)), "unknown is taken for less"
    if guard.safe != "unchanged":
        assert rules(change("update", unsafe, safe, type_=type_)) == []
    if guard.safe != "longer" and guard.unset is None:
        assert rule in rules(change("update", safe, {}, type_=type_)), "not set is less"


@pytest.mark.parametrize("type_", sorted({**catalog.stateful_types(), **catalog.guardian_types()}))
@pytest.mark.parametrize(
    ("steps", "rule"),
    [("delete", "gate-delete"), ("replace create-replacement delete-replaced", "gate-replace")],
)
def test_what_holds_or_guards_data_is_neither_deleted_nor_replaced(type_: str, steps: str, rule: str) -> None:
    after: dict[str, Any] | None = None if rule == "gate-delete" else {}
    assert rules(change(steps, {}, after, type_=type_)) == [rule]


def test_what_holds_no_data_may_go() -> None:
    assert rules(change("delete", {}, None, type_="gcp:dns/recordSet:RecordSet")) == []
    assert rules(change("create", None, {})) == []


def test_a_lost_protect_is_refused_though_the_engine_calls_it_same() -> None:
    assert rules(change("same", {}, {}, type_="gcp:dns/recordSet:RecordSet", protect=(True, False))) == [
        "gate-protection"
    ]


def test_a_stack_that_is_retired_is_one_finding() -> None:
    every = [change("same", {}, {}, name=name, protect=(True, False)) for name in ("a-one", "b-two")]
    found = judge(Preview(tuple(every), complete=True, finished=True), NO_WAIVERS)
    assert [(each.rule, each.urn) for each in found] == [("gate-retire", STACK)]
    assert rules(*every, complete=False) == ["gate-protection"] * 2, (
        "unchanged ones are not told, so it may be two of many"
    )
    kept = change("same", {}, {}, name="c-three")
    assert rules(*every, kept, complete=True) == ["gate-protection"] * 2


def test_a_waiver_names_its_resource_and_ends() -> None:
    row = Waiver(
        rule="gate-delete",
        urn=urn(),
        reason="the instance was moved to another stack",
        owner="data-platform",
        expires=dt.date(2026, 12, 1),
    )
    deletion = change("delete", {}, None)
    assert rules(deletion, waivers=Waivers((row,), dt.date(2026, 12, 1))) == []
    assert rules(deletion, waivers=Waivers((row,), dt.date(2026, 12, 2))) == ["gate-delete"]
    other = change("delete", {}, None, name="postgres-replica-b")
    assert rules(other, waivers=Waivers((row,), dt.date(2026, 12, 1))) == ["gate-delete"]


def _written(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_a_saved_plan_is_compared_with_the_state(tmp_path: Path) -> None:
    old = {
        "urn": urn(),
        "type": SQL,
        "custom": True,
        "protect": True,
        "inputs": {"deletionProtection": True, "name": "a"},
    }
    gone = {**old, "urn": urn(name="gone-replica")}
    goal = {"protect": True, "inputDiff": {"updates": {"deletionProtection": False}, "deletes": ["name"]}}
    plan = _written(tmp_path, "plan.json", {"resourcePlans": {urn(): {"goal": goal, "steps": ["update"]}}})
    state = _written(tmp_path, "state.json", {"deployment": {"resources": [old, gone]}})
    found = judge(read_changes(plan, state), NO_WAIVERS)
    assert [(each.rule, each.urn.rpartition("::")[2]) for each in found] == [
        ("gate-delete", "gone-replica"),
        ("gate-protection", "postgres-primary"),
    ]
    with pytest.raises(UnreadableError, match="give the state too"):
        read_changes(plan)


@pytest.mark.parametrize("content", ["", "not json", "[1]", "{}", '{"deployment": {}}', '{"steps"'])
def test_any_other_file_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        read_changes(_written(tmp_path, "preview.json", content))
    assert "\n" not in str(raised.value)
    assert "preview.json" in str(raised.value)


def _step(op: str) -> dict[str, Any]:
    return {"op": op, "urn": urn(), "oldState": {"inputs": {}}, "newState": {"inputs": {}}}


@pytest.mark.parametrize(
    ("content", "finished"),
    [
        ({"steps": [_step("same")], "diagnostics": [{"severity": "warning"}]}, True),
        ({"steps": [_step("same")], "diagnostics": [{"severity": "error"}]}, False),
        ({"steps": [_step("same")]}, True),
    ],
)
def test_a_preview_says_whether_it_finished(tmp_path: Path, content: dict[str, Any], finished: bool) -> None:
    assert read_changes(_written(tmp_path, "preview.json", content)).finished is finished


def test_backups_that_begin_somewhere_are_moved_from_nowhere() -> None:
    place = "settings.backupConfiguration.location"
    assert rules(change("update", {}, nested(place, "asia-northeast2"))) == []
    assert rules(change("update", nested(place, "asia"), nested(place, "asia-northeast2"))) == ["gate-retention"]
