"""What a database has, in the form in which it can be compared with the files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schema.mongodb.collection import DEFAULT_LANGUAGE_OVERRIDE, TEXT

ID_INDEX = "_id_"
_DEFAULT_LANGUAGE = "english"
_OF_THE_SERVER = frozenset({"v", "ns", "name", "background", "textIndexVersion", "2dsphereIndexVersion"})
_TEXT_KEY, _TEXT_RANK = "_fts", "_ftsx"
_VALIDATION = {"validator": {}, "validationLevel": "strict", "validationAction": "error"}

Options = Mapping[str, Any]
"""An index's keys, as (field, kind) in order under `key`, and those of its options that are no defaults."""


def index_options(specification: Mapping[str, Any]) -> Options:
    """The same for what createIndexes is given and for what listIndexes answers to it."""
    options = {
        name: value for name, value in specification.items() if name not in _OF_THE_SERVER and value is not False
    }
    keys = list(specification["key"].items())
    texts = {name for name, kind in keys if kind == TEXT and name != _TEXT_KEY}
    if texts or _TEXT_KEY in specification["key"]:
        weights = {**dict.fromkeys(texts, 1), **specification.get("weights", {})}
        options["weights"] = weights
        options.setdefault("default_language", _DEFAULT_LANGUAGE)
        options.setdefault("language_override", DEFAULT_LANGUAGE_OVERRIDE)
        keys = _text_keys(keys, sorted(weights))
    return {**options, "key": tuple(keys)}


def _text_keys(keys: Sequence[tuple[str, Any]], texts: Sequence[str]) -> list[tuple[str, Any]]:
    """Keys with the text fields, whose order means nothing, by name where the first of them stands."""
    place = next(position for position, (_, kind) in enumerate(keys) if kind == TEXT)
    others = [(name, kind) for name, kind in keys if kind != TEXT and name != _TEXT_RANK]
    return [*others[:place], *((name, TEXT) for name in texts), *others[place:]]


@dataclass(frozen=True)
class ObservedCollection:
    """A collection or view of the database; `others` names options that no file can ask for."""

    name: str
    kind: str = "collection"
    validator: Mapping[str, Any] = field(default_factory=dict)
    level: str = "strict"
    action: str = "error"
    others: tuple[str, ...] = ()
    indexes: Mapping[str, Options] = field(default_factory=dict)


def observed_collection(
    entry: Mapping[str, Any], indexes: Sequence[Mapping[str, Any]], building: Sequence[str] = ()
) -> ObservedCollection:
    """From an entry of listCollections, the answer of listIndexes, and the names of indexes that are being built.

    listIndexes tells those too (mongodb.com/docs/v8.0/reference/command/listIndexes, read 2026-11-26), though their
    build may still fail. They are left out, so that they are asked for again: createIndexes then waits for the build.
    """
    options = {**_VALIDATION, **entry.get("options", {})}
    return ObservedCollection(
        name=entry["name"],
        kind=entry.get("type", "collection"),
        validator=options["validator"],
        level=options["validationLevel"],
        action=options["validationAction"],
        others=tuple(sorted(options.keys() - _VALIDATION.keys())),
        indexes={
            index["name"]: index_options(index) for index in indexes if index["name"] not in (ID_INDEX, *building)
        },
    )
