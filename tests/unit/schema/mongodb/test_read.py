"""Every mistake in the files is told at once, with its file and its place."""

from pathlib import Path

import pytest
import yaml

from schema.kit import SchemaError
from schema.mongodb.read import collections
from tests.unit.schema.mongodb.model import wanted
from tests.unit.schema.mongodb.test_plan import laid_over

TABLE = yaml.safe_load((Path(__file__).parent / "mistakes.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", TABLE["rows"])
def test_mistake(tmp_path: Path, name: str) -> None:
    row = TABLE["rows"][name]
    content = laid_over(TABLE["file"], row["change"])
    if not row["said"]:
        assert [one.name for one in wanted(tmp_path, content)] == ["things"]
        return
    with pytest.raises(SchemaError) as caught:
        wanted(tmp_path, content)
    lines = caught.value.given.splitlines()
    assert len(lines) == len(row["said"]) + 1, lines
    for said in row["said"]:
        assert any(f"things.yaml: {said}" in line for line in lines), lines


def test_all_files_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("indexes: {by_a: {keys: {a: 1}}, by_a: {keys: {a: -1}}}\n", encoding="utf-8")
    (tmp_path / "two.yaml").write_text("- a list\n", encoding="utf-8")
    (tmp_path / "three.yaml").write_text("a: [\n", encoding="utf-8")
    (tmp_path / "four.yaml").write_text("", encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        collections(tmp_path)
    said = str(caught.value)
    assert "one.yaml: is no YAML: by_a is written twice" in said
    assert "two.yaml: the file: Input should be a valid dictionary" in said
    assert "three.yaml: is no YAML" in said
    assert "four.yaml: the file: " in said
