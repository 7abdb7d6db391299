"""What is read out of the events of a refresh."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.drift import Difference, read_refresh
from ops.drift.values import SECRET, at, leaves, parse, replaced, shown, text_of
from ops.gate import UnreadableError
from tests.ops.drift.events import SIGNATURE, SQL, read, summary, urn, written


def differences(folder: Path, *events: dict[str, Any], watched: tuple[str, ...] = ()) -> list[Difference]:
    names = [tuple(path.split(".")) for path in watched]
    return list(read_refresh(written(folder, *events, summary()), lambda _: names).differences)


def told(found: list[Difference]) -> list[tuple[str, Any, Any]]:
    return [(text_of(each.path), each.declared, each.found) for each in found]


def test_each_part_that_differs_is_told(tmp_path: Path) -> None:
    old = {"settings": {"tier": "a", "ip": {"ssl": True}, "flags": [{"name": "x", "value": "1"}]}}
    new = {"settings": {"tier": "b", "ip": {"ssl": False}, "flags": [{"name": "x", "value": "2"}]}}
    assert told(differences(tmp_path, read(old, new, {"settings": "update"}))) == [
        ("settings.tier", "a", "b"),
        ("settings.ip.ssl", True, False),
        ("settings.flags[0].value", "1", "2"),
    ]


def test_what_the_program_never_set_is_found_in_the_outputs(tmp_path: Path) -> None:
    networks = {"settings": {"networks": ["0.0.0.0/0"]}}
    event = read({"settings": {}}, {"settings": {}}, {"settings.networks": "add"}, outputs=({}, networks))
    assert told(differences(tmp_path, event)) == [("settings.networks", None, ["0.0.0.0/0"])]


def test_what_the_cloud_chose_is_told_with_what_it_was(tmp_path: Path) -> None:
    outputs = ({"policy": "ALWAYS"}, {"policy": "NEVER"})
    event = read({"name": "x"}, {"name": "x"}, {"policy": "update"}, outputs=outputs)
    assert told(differences(tmp_path, event)) == [("policy", "ALWAYS", "NEVER")]


def test_an_input_that_the_provider_keeps_is_told_as_it_was_read(tmp_path: Path) -> None:
    outputs = ({"tier": "a"}, {"tier": "b"})
    assert told(differences(tmp_path, read({"tier": "a"}, {"tier": "a"}, {"tier": "update"}, outputs=outputs))) == [
        ("tier", "a", "b")
    ]


def test_a_resource_that_is_gone_has_no_path(tmp_path: Path) -> None:
    [found] = differences(tmp_path, read({"name": "x"}, None, op="delete"))
    assert (found.gone, found.type, found.name) == (True, SQL, "postgres-primary")


def test_what_the_engine_passes_over_is_seen_when_it_is_watched(tmp_path: Path) -> None:
    event = read({"size": 1}, {"size": 2}, op="same", outputs=({"version": "1.1"}, {"version": "1.2"}))
    assert differences(tmp_path, event) == []
    found = differences(tmp_path, event, watched=("size", "version", "absent"))
    assert told(found) == [("size", 1, 2), ("version", "1.1", "1.2")]
    assert not any(each.told for each in found)


def test_what_is_watched_and_told_is_one_difference(tmp_path: Path) -> None:
    [found] = differences(tmp_path, read({"size": 1}, {"size": 2}, {"size": "update"}), watched=("size",))
    assert found.told


def test_a_watched_property_of_each_element_keeps_its_place(tmp_path: Path) -> None:
    old, new = ({"specs": [{"size": 1}, {"size": size}]} for size in (1, 3))
    assert told(differences(tmp_path, read(old, new, op="same"), watched=("specs.size",))) == [("specs[1].size", 1, 3)]


@pytest.mark.parametrize("diff", [None, {}])
def test_a_difference_without_a_property_is_a_difference_all_the_same(
    tmp_path: Path, diff: dict[str, str] | None
) -> None:
    [found] = differences(tmp_path, read({"name": "x"}, {"name": "x"}, diff))
    assert not found.gone
    assert text_of(found.path) == "(the provider does not say what)"


def test_two_secrets_that_differ_are_one_difference(tmp_path: Path) -> None:
    event = read({"data": SIGNATURE}, {"data": SIGNATURE}, {"data": "update-replace"})
    [found] = differences(tmp_path, event)
    assert found.replaces
    assert (shown(found.path, found.declared), shown(found.path, found.found)) == (SECRET, SECRET)


def test_components_providers_and_what_waits_for_deletion_are_not_read(tmp_path: Path) -> None:
    component = read({"a": 1}, {"a": 2}, {"a": "update"}, custom=False)
    provider = read({"a": 1}, {"a": 2}, {"a": "update"}, type_="pulumi:providers:gcp")
    waiting = read({"a": 1}, None, op="delete", delete=True)
    refresh = read_refresh(written(tmp_path, component, provider, waiting, summary()), lambda _: ())
    assert (refresh.differences, refresh.resources) == ((), 0)


def test_a_refresh_that_failed_is_not_finished(tmp_path: Path) -> None:
    for last in ((), (summary("failed"),)):
        assert not read_refresh(written(tmp_path, read({}, {}, op="same"), *last), lambda _: ()).finished
    assert read_refresh(written(tmp_path, read({}, {}, op="same"), summary()), lambda _: ()).finished


def test_another_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="is no event log of a refresh"):
        read_refresh(written(tmp_path, {"steps": []}), lambda _: ())


STEPS = st.one_of(st.integers(0, 20), st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8))
PATHS = st.lists(STEPS, min_size=1, max_size=5).filter(lambda steps: isinstance(steps[0], str)).map(tuple)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just(dict(SIGNATURE))),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)


@given(PATHS)
def test_a_path_is_read_as_it_was_written(path: tuple[str | int, ...]) -> None:
    assert parse(text_of(path)) == path


@given(PATHS, VALUES, VALUES)
def test_no_difference_is_lost_in_its_parts(path: tuple[str | int, ...], one: Any, other: Any) -> None:
    parts = list(leaves(path, one, other))
    assert parts
    assert all(where[: len(path)] == path for where, _, _ in parts)


@given(VALUES, PATHS, st.integers())
def test_a_value_stands_where_it_was_put(value: Any, path: tuple[str | int, ...], new: int) -> None:
    if not isinstance(value, dict) or SIGNATURE.keys() <= value.keys():
        value = {}
    before = json.dumps(value, sort_keys=True)
    assert at(replaced(value, path, new), path) == new
    assert json.dumps(value, sort_keys=True) == before


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("secretData", "hunter2"),
        ("users[0].password", "hunter2"),
        ("sensitiveLabels", {"authToken": "hunter2"}),
        ("credential", {"username": "a", "passwordWo": "hunter2"}),
        ("list", [{"apiKey": "hunter2"}]),
        ("list", [[SIGNATURE]]),
        ("anything", SIGNATURE),
    ],
)
def test_a_secret_is_never_shown(path: str, value: Any) -> None:
    text = shown(parse(path), value)
    assert SECRET in text
    assert "hunter2" not in text
    assert "1b47061264138c4ac30d75fd1eb44270" not in text


def test_what_lies_inside_a_secret_is_the_secret() -> None:
    assert at({"a": dict(SIGNATURE)}, ("a", "ciphertext")) == SECRET


@pytest.mark.parametrize(
    ("value", "text"), [(None, "not set"), ("", '""'), (False, "false"), ("a\n b", "a b"), ({"b": 1}, '{"b": 1}')]
)
def test_a_value_is_shown_in_one_line(value: Any, text: str) -> None:
    assert shown(("a",), value) == text
    assert len(shown(("a",), "x" * 5000)) == 160
    assert urn(SQL, "x")
