"""Values on the wire and plain values are the same values."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloud.values import UNKNOWN, decode, encode, has_unknown, lookup, path_text, place, project

LEAVES = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.floats(-1e6, 1e6) | st.text(max_size=8)
KEYS = st.text(min_size=1, max_size=6)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_is_encoded_is_decoded(plain: dict[str, Any]) -> None:
    decoded, secrets = decode(encode(plain))
    assert decoded == plain
    assert not secrets


def test_secrets_keep_their_paths() -> None:
    plain = {"password": "x", "list": [{"value": "y"}, {"value": "z"}], "unset": None}
    paths = frozenset({("password",), ("list", 1, "value")})
    assert decode(encode(plain, paths | {("unset",)})) == (plain, paths)


def test_whole_numbers_are_integers_again() -> None:
    decoded, _ = decode(encode({"size": 10.0, "share": 0.5}))
    assert (decoded["size"], type(decoded["size"])) == (10, int)
    assert decoded["share"] == 0.5


def test_paths() -> None:
    value = {"flags": [{"name": "a"}, {"name": "b"}], "settings": {"tier": "x"}, "nothing": None}
    assert [(path_text(path), found) for path, found in lookup(value, "flags[*].name")] == [
        ("flags[0].name", "a"),
        ("flags[1].name", "b"),
    ]
    assert list(lookup(value, "nothing")) == []
    assert list(lookup({"settings": UNKNOWN}, "settings.tier")) == [(("settings",), UNKNOWN)]
    assert path_text(("labels", "a-b", 0)) == 'labels["a-b"][0]'


def test_placing_needs_its_parent_unless_told() -> None:
    target: dict[str, Any] = {"settings": {}}
    assert place(target, "settings.tier", "x")
    assert not place(target, "other.tier", "x")
    assert place(target, "other.tier", "x", create=True)
    assert target == {"settings": {"tier": "x"}, "other": {"tier": "x"}}


def test_unknowns_are_found_anywhere() -> None:
    assert has_unknown({"a": [{"b": UNKNOWN}]})
    assert not has_unknown({"a": [{"b": None}]})


def test_projection_takes_only_what_was_set() -> None:
    assert project({"a": {"b": 1}, "l": [{"x": 1}]}, {"a": {"b": 2, "c": 3}, "l": [{"x": 1, "y": 2}], "d": 4}) == {
        "a": {"b": 2},
        "l": [{"x": 1}],
    }
    assert project({"l": [1]}, {"l": [1, 2]}) == {"l": [1, 2]}
