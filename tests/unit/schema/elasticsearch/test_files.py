"""Mistakes in the files, each told with its file and what is allowed."""

from pathlib import Path

import pytest

from schema.elasticsearch.files import client_roles, definitions, filled
from schema.kit import SchemaError

GOOD = "asked_by: [ES-SVC]\nwhy: a reason that is long enough\nbody: {a: 1}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD.replace("[ES-SVC]", "[]"), "asked_by: List should have at least 1 item"),
        (GOOD.replace("ES-SVC", "because"), "asked_by.0: String should match pattern"),
        (GOOD.replace("a reason that is long enough", "short"), "why: String should have at least 10"),
        (GOOD.replace("body: {a: 1}", "body: 1"), "body: Input should be a valid dictionary"),
        (GOOD + "versioned: {kept: 9, share: 0.5}\n", "versioned.kept: Input should be less than or equal to 3"),
        (GOOD + "more: 1\n", "more: Extra inputs are not permitted"),
        ("a: [", "is no YAML"),
        (GOOD + "why: another reason, as long\n", "why is written twice"),
        ("text", "Input should be a valid dictionary"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "one.yaml").write_text(text)
    with pytest.raises(SchemaError, match=r"one\.yaml") as refused:
        definitions(tmp_path)
    assert told in str(refused.value)


def test_places_are_filled_with_values_of_their_own_type() -> None:
    body = {"shards": "${shards}", "list": ["${name}-x"], "n": 1}
    assert filled(body, {"shards": 3, "name": "a"}, "x.yaml") == {"shards": 3, "list": ["a-x"], "n": 1}


def test_a_place_that_nothing_fills_is_told() -> None:
    with pytest.raises(SchemaError, match=r"x.yaml: \$\{colour\} is nothing that an environment has") as refused:
        filled({"a": ["${colour}"]}, {"shards": 3}, "x.yaml")
    assert refused.value.allowed == "shards"


def test_a_client_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "clients.yaml").write_text("application: search_read\nindexer: a\napplication: search_write\n")
    with pytest.raises(SchemaError, match=r"clients\.yaml: is no YAML: application is written twice .*line 3"):
        client_roles(tmp_path)


def test_clients_are_a_table_of_roles(tmp_path: Path) -> None:
    (tmp_path / "clients.yaml").write_text("application: [search_read]\n")
    with pytest.raises(SchemaError, match="is no table of client: role"):
        client_roles(tmp_path)
