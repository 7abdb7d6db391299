from pathlib import Path

import pytest

from schema.kit import File, SchemaError, read_yaml


def file(content: str) -> File:
    return File("some", Path("schema/some.yaml"), content)


def test_content_is_read_as_it_is_written() -> None:
    content = "b: {c: [1, '2', true]}\na: 旅館\n? 1\n: ${shards}\n"
    read = read_yaml(file(content))
    assert read == {"b": {"c": [1, "2", True]}, "a": "旅館", 1: "${shards}"}
    assert list(read) == ["b", "a", 1]
    assert read_yaml(file("")) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: 1\nb: 2\na: 1\n", r"a is written twice .*line 3, column 1"),
        ("a:\n  - {b: 1, b: 2}\n", r"b is written twice .*line 2, column 12"),
        ("1: a\n0x1: b\n", "1 is written twice"),
        ("? [a]\n: b\n", r"\['a'\] is no key"),
        ("? {a: b}\n: b\n", "is no key"),
        ("a: [\n", "line 2"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", "merge"),
        ("a: !!python/object/apply:os.getpid []\n", "could not determine a constructor"),
        ("a: 1\n---\nb: 2\n", "expected a single document"),
    ],
)
def test_what_would_be_lost_or_run_is_refused(content: str, said: str) -> None:
    with pytest.raises(SchemaError, match=rf"schema/some\.yaml: is no YAML: .*{said}"):
        read_yaml(file(content))
