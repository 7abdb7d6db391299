"""MongoDB as far as the planner can tell: it does the planner's commands and answers as the server does."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from schema.mongodb import plan
from schema.mongodb.change import Change
from schema.mongodb.collection import Collection
from schema.mongodb.observed import ObservedCollection, observed_collection
from schema.mongodb.read import collections


class Refused(Exception):  # noqa: N818 # what a server does, not what a program gets wrong
    """What the server refuses, of what a planner could ask for."""


class Model:
    def __init__(self) -> None:
        self.options: dict[str, dict[str, Any]] = {}
        self.indexes: dict[str, dict[str, dict[str, Any]]] = {}
        self.kinds: dict[str, str] = {}
        self.building: list[str] = []

    def do(self, command: Mapping[str, Any]) -> None:
        rest = deepcopy(dict(command))
        name = next(iter(rest))
        getattr(self, f"_{name}")(rest.pop(name), rest)

    def observed(self) -> Mapping[str, ObservedCollection]:
        return {
            name: observed_collection(
                {"name": name, "type": self.kinds.get(name, "collection"), "options": options},
                [{"v": 2, "key": {"_id": 1}, "name": "_id_"}, *map(_listed, self.indexes[name].values())],
                self.building,
            )
            for name, options in self.options.items()
        }

    def _create(self, name: str, options: dict[str, Any]) -> None:
        if name in self.options:
            raise Refused(f"{name} exists")
        self.options[name], self.indexes[name] = options, {}

    def _drop(self, name: str, _: dict[str, Any]) -> None:
        del self.options[name], self.indexes[name]

    def _view(self, name: str, _: dict[str, Any]) -> None:
        self._drop(name, {})
        self._create(name, {"viewOn": "other"})
        self.kinds[name] = "view"

    def _createIndexes(self, name: str, rest: dict[str, Any]) -> None:  # noqa: N802 # the command's name
        for index in rest["indexes"]:
            if index["name"] in self.building:
                self.building.remove(index["name"])  # the server waits for the build
                continue
            if index["name"] in self.indexes[name]:
                raise Refused(f"{index['name']} exists")
            for other in self.indexes[name].values():
                if list(other["key"].items()) == list(index["key"].items()) and all(
                    other.get(option) == index.get(option) for option in ("unique", "partialFilterExpression")
                ):
                    raise Refused(f"{other['name']} has the same keys")
            self.indexes[name][index["name"]] = index

    def _dropIndexes(self, name: str, rest: dict[str, Any]) -> None:  # noqa: N802 # the command's name
        del self.indexes[name][rest["index"]]

    def _collMod(self, name: str, rest: dict[str, Any]) -> None:  # noqa: N802 # the command's name
        if "index" not in rest:
            self.options[name].update(rest)
            return
        change = rest["index"]
        index = self.indexes[name][change.pop("name")]
        if change.get("unique") and not index.get("prepareUnique"):
            raise Refused("unique without prepareUnique")
        if change.get("unique"):
            index.pop("prepareUnique")
        index.update(change)


def _listed(index: dict[str, Any]) -> dict[str, Any]:
    """As listIndexes tells it, by MongoDB 8.0."""
    key = index["key"]
    listed = {"v": 2, **index}
    if "text" in key.values():
        texts = [name for name, kind in key.items() if kind == "text"]
        before = [name for name in key if name not in texts and list(key).index(name) < list(key).index(texts[0])]
        after = [name for name in key if name not in texts and name not in before]
        listed["key"] = {
            **{name: key[name] for name in before},
            "_fts": "text",
            "_ftsx": 1,
            **{name: key[name] for name in after},
        }
        listed["weights"] = dict(sorted({**dict.fromkeys(texts, 1), **index.get("weights", {})}.items()))
        listed.setdefault("default_language", "english")
        listed.setdefault("language_override", "language")
        listed["textIndexVersion"] = 3
    if "2dsphere" in key.values():
        listed["2dsphereIndexVersion"] = 3
    return {name: value for name, value in listed.items() if value is not False}


def wanted(folder: Path, content: Mapping[str, Any], name: str = "things") -> tuple[Collection, ...]:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return collections(folder)


def planned(files: tuple[Collection, ...], model: Model) -> list[Change]:
    observed = model.observed()
    return [*plan.creations(files, observed), *plan.changes(files, observed)]
