"""Documents of documents/<collection>.yaml, and the rules that validators consist of.

  good   documents that are accepted, by name; the first is what the bad ones are made from
  bad    {breaks: <rule>, and what is done to the first good document}:
           set / unset        a value, or its removal, by path (`entries.0.day`)
           repeat, items      <path>: [text, so many times], or a list of so many of the same
           count, properties  <path>: a list, or an object, of so many things that differ
A rule is `<path> <keyword>`, with `[]` for the items of an array, `.` for the document, and for `required` its field.
Documents are extended JSON, such as {$oid: …}.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from bson import json_util
from jsonschema import Draft4Validator, TypeChecker, validators

from schema.mongodb.collection import Collection
from schema.mongodb.read import collections

FOLDER = Path(__file__).parent / "documents"
_BSON = json_util.JSONOptions(tz_aware=False)
_TYPES: Mapping[str, Callable[[object], bool]] = {
    "array": lambda value: isinstance(value, list),
    "bool": lambda value: isinstance(value, bool),
    "date": lambda value: type(value).__name__ == "datetime",
    "double": lambda value: isinstance(value, float),
    "int": lambda value: type(value) is int,
    # jsonschema compares a minimum with what is a number.
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "objectId": lambda value: type(value).__name__ == "ObjectId",
    "string": lambda value: isinstance(value, str),
}


def _checker(is_it: Callable[[object], bool]) -> Any:
    return lambda _, value: is_it(value)


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call] # has no types
    Draft4Validator, type_checker=TypeChecker({name: _checker(is_it) for name, is_it in _TYPES.items()})
)


@dataclass(frozen=True)
class Case:
    collection: str
    name: str
    document: Mapping[str, Any]
    breaks: str | None = None

    def __str__(self) -> str:
        return f"{self.collection}: {self.breaks or self.name}"


def by_name() -> Mapping[str, Collection]:
    return {one.name: one for one in collections()}


def cases() -> tuple[Case, ...]:
    return tuple(case for file in sorted(FOLDER.glob("*.yaml")) for case in _cases(file))


def rules(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every rule of a `$jsonSchema`."""
    shown = path or "."
    for keyword, value in schema.items():
        if keyword == "required":
            yield from (f"{shown} required {name}" for name in value)
        elif keyword == "properties":
            for name, below in value.items():
                yield from rules(below, f"{path}.{name}" if path else name)
        elif keyword == "items":
            yield from rules(value, f"{path}[]")
        elif (path, keyword) != ("", "bsonType"):  # a document is never anything but an object
            yield f"{shown} {keyword}"


def broken(collection: Collection, document: Mapping[str, Any]) -> set[str]:
    """The rules that a document breaks, as JSON Schema sees it."""
    validator = _Validator(translated(collection.validator["$jsonSchema"]))
    return {_rule(error) for error in validator.iter_errors(document)}


def translated(schema: Any) -> Any:
    """A `$jsonSchema` as JSON Schema (draft 4) whose types are those of BSON."""
    if isinstance(schema, dict):
        return {
            "type" if name == "bsonType" else name: {key: translated(one) for key, one in value.items()}
            if name == "properties"
            else translated(value)
            for name, value in schema.items()
        }
    return schema


def _rule(error: Any) -> str:
    path = "".join("[]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".") or "."
    keyword = "bsonType" if error.validator == "type" else error.validator
    if keyword != "required":
        return f"{path} {keyword}"
    missing = next(name for name in error.validator_value if f"'{name}'" in error.message)
    return f"{path} required {missing}"


def _cases(file: Path) -> Iterator[Case]:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    good = {name: _bson(document) for name, document in content["good"].items()}
    for name, document in good.items():
        yield Case(file.stem, name, document)
    first = next(iter(good.values()))
    for number, row in enumerate(content["bad"]):
        document = copy.deepcopy(first)
        for path, value in row.get("set", {}).items():
            _put(document, path, _bson(value))
        for path, (thing, times) in row.get("repeat", {}).items():
            _put(document, path, thing * times)
        for path, (thing, times) in row.get("items", {}).items():
            _put(document, path, [_bson(thing)] * times)
        for path, count in row.get("count", {}).items():
            _put(document, path, [str(each) for each in range(count)])
        for path, count in row.get("properties", {}).items():
            _put(document, path, {str(each): each for each in range(count)})
        if "unset" in row:
            *above, last = _steps(row["unset"])
            del _at(document, above)[last]
        yield Case(file.stem, f"bad {number}", document, row["breaks"])


def _bson(value: Any) -> Any:
    if isinstance(value, dict):
        return json_util.object_hook({name: _bson(one) for name, one in value.items()}, _BSON)
    return [_bson(one) for one in value] if isinstance(value, list) else value


def _steps(path: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in path.split(".")]


def _at(document: Any, steps: list[str | int]) -> Any:
    for step in steps:
        document = document[step]
    return document


def _put(document: Any, path: str, value: Any) -> None:
    *above, last = _steps(path)
    _at(document, above)[last] = value
