"""The planner on every kind of difference, and on any of them: what it plans is enough, and accepted."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.kit import SchemaError
from schema.mongodb import plan
from schema.mongodb.read import collections
from tests.unit.schema.mongodb.model import Model, planned, wanted

TABLE = yaml.safe_load((Path(__file__).parent / "differences.yaml").read_text(encoding="utf-8"))


def laid_over(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return deepcopy(new)
    made = {name: laid_over(old[name], new[name]) if name in new and name in old else old[name] for name in old}
    made |= {name: deepcopy(value) for name, value in new.items() if name not in old}
    return {name: value for name, value in made.items() if value is not None}


def apply(files: Any, model: Model) -> list[str]:
    changes = planned(files, model)
    for change in changes:
        model.do(change.command)
    return [" ".join(f"{change.action} {change.what} {change.detail}".split()) for change in changes]


@pytest.mark.parametrize("name", TABLE["rows"])
def test_difference(tmp_path: Path, name: str) -> None:
    row = TABLE["rows"][name]
    model = Model()
    apply(wanted(tmp_path / "old", TABLE["file"]), model)
    for command in row.get("database", ()):
        model.do(command)
    model.building = list(row.get("building", ()))
    files = wanted(tmp_path / "new", laid_over(TABLE["file"], row.get("file", {})))
    if "refused" in row:
        with pytest.raises(SchemaError) as caught:
            planned(files, model)
        assert row["refused"] in str(caught.value)
        return
    assert apply(files, model) == row["plan"]
    assert planned(files, model) == []
    assert list(plan.findings(files, model.observed())) == row.get("found", [])


def test_everything_that_cannot_be_done_is_told_at_once(tmp_path: Path) -> None:
    model = Model()
    apply(wanted(tmp_path / "old", TABLE["file"]), model)
    changed = laid_over(
        TABLE["file"],
        {"indexes": {"by_a": {"keys": {"a": -1}}, "words": {"weights": {"b": 2}}, "old": None}, "retired": ["old"]},
    )
    with pytest.raises(SchemaError) as caught:
        planned(wanted(tmp_path / "new", changed), model)
    for index in ("by_a", "words", "old"):
        assert f"index things.{index} " in str(caught.value)


def test_the_project_s_own_files_need_nothing_twice() -> None:
    model = Model()
    files = collections()
    assert len(apply(files, model)) == len(files) + sum(len(one.indexes) for one in files)
    assert planned(files, model) == []
    assert list(plan.findings(files, model.observed())) == []


def test_the_command_of_the_text_index_is_word_for_word() -> None:
    """MDB-INDEX; the server of the integration tests knows no text index, so that the command stands here."""
    commands = [change.command for change in planned(collections(), Model()) if change.what == "index reviews.all_text"]
    assert commands == [
        {
            "createIndexes": "reviews",
            "indexes": [
                {
                    "key": {"$**": "text"},
                    "name": "all_text",
                    "default_language": "none",
                    "language_override": "text_index_language",
                }
            ],
        }
    ]


FIELDS = {"a": "int", "b": "string", "at": "date", "tags": "array", "place": "object"}
DIRECTIONS = st.sampled_from([1, -1])
KEYS = st.dictionaries(st.sampled_from(["a", "b", "at"]), DIRECTIONS, min_size=1)


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    indexes: dict[str, Any] = {}
    seen = []
    for name in draw(st.sets(st.sampled_from(["one", "two", "three"]))):
        keys = draw(KEYS)
        if list(keys.items()) in seen:
            continue
        seen.append(list(keys.items()))
        indexes[name] = {"requirements": ["MDB-COLL"], "keys": keys}
        indexes[name] |= draw(st.fixed_dictionaries({}, optional={"unique": st.booleans(), "hidden": st.booleans()}))
        if list(keys) == ["at"] and draw(st.booleans()):
            indexes[name]["expireAfterSeconds"] = draw(st.integers(0, 5))
    if draw(st.booleans()):
        indexes["words"] = {"requirements": ["MDB-COLL"], "keys": {"a": 1, "b": "text"}}
        indexes["words"] |= draw(
            st.fixed_dictionaries({}, optional={"weights": st.just({"b": 3}), "hidden": st.booleans()})
        )
    properties: dict[str, Any] = {name: {"bsonType": kind} for name, kind in FIELDS.items()}
    properties["a"] |= draw(st.fixed_dictionaries({}, optional={"minimum": st.integers(0, 3)}))
    required = draw(st.lists(st.sampled_from(sorted(FIELDS)), unique=True))
    schema = {"bsonType": "object", "properties": properties} | ({"required": required} if required else {})
    return {
        "requirements": ["MDB-COLL"],
        "validationLevel": draw(st.sampled_from(["off", "moderate", "strict"])),
        "validationAction": draw(st.sampled_from(["warn", "error"])),
        "validator": {"$jsonSchema": schema},
        "indexes": indexes,
        "retired": sorted(draw(st.sets(st.sampled_from(["one", "two", "three", "words"]))) - indexes.keys()),
    }


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.lists(files(), min_size=1, max_size=4), killed_after=st.integers(0, 12))
def test_whatever_is_planned_is_enough(tmp_path: Path, versions: list[dict[str, Any]], killed_after: int) -> None:
    """A plan is refused whole, or every command of it is accepted, also after a kill, and the next plan is empty."""
    model = Model()
    for version in versions:
        current = wanted(tmp_path / "files", version)
        try:
            first = planned(current, model)
        except SchemaError:
            continue
        for change in first[:killed_after]:
            model.do(change.command)
        for change in planned(current, model):
            model.do(change.command)
        assert planned(current, model) == []
