"""Whether an index is as the files say, and if not, whether it can be changed where it is or must be made anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schema.elasticsearch.change import differences
from schema.elasticsearch.desired import WantedIndex
from schema.elasticsearch.objects import flat_settings

_DYNAMIC = ("index.refresh_interval", "index.number_of_replicas")
"""Settings of ours that an open index takes."""

_FIXED = ("index.number_of_shards", "index.analysis.")
"""Settings that an index keeps from its creation on."""

_UPDATEABLE = frozenset({"search_analyzer", "ignore_above"})
"""Parameters of a field that take effect without its documents being indexed again, and that the API lets change.

Elastic, "Update mapping API", read 2026-11-25. `ignore_above` applies to documents written from then on.
"""


@dataclass(frozen=True)
class Fit:
    """What differs, told: `anew` asks for a new index, the others are made in place; `asked` are settings to send."""

    anew: tuple[str, ...]
    settings: tuple[str, ...]
    mappings: tuple[str, ...]
    asked: Mapping[str, Any]


def fit(index: Mapping[str, Any], wanted: WantedIndex) -> Fit:
    """Compare an index, as the API tells it, with what is wanted."""
    actual = flat_settings(index["settings"])
    fixed, dynamic = (
        list(differences(_chosen(actual, names), _chosen(wanted.settings, names))) for names in (_FIXED, _DYNAMIC)
    )
    asked = {key: wanted.settings.get(key) for key in _DYNAMIC}
    mapped, new = index["mappings"], wanted.mappings
    fields = list(_fields(mapped.get("properties", {}), new["properties"]))
    in_place = [text for text, is_in_place in fields if is_in_place]
    for key in ("_meta", "dynamic"):
        in_place += differences({key: mapped.get(key)}, {key: new.get(key)})
    anew = (*fixed, *(text for text, is_in_place in fields if not is_in_place))
    return Fit(anew, tuple(dynamic), tuple(in_place), asked)


def _chosen(settings: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key.startswith(names)}


def _fields(actual: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Differences of fields, and whether each can be made in place.

    A new field can: no document has it yet. A new sub-field cannot, since the documents that are there would not be
    found by it; nor can a field go.
    """
    for name in sorted({*actual, *wanted}):
        if name not in actual:
            yield f"field {name} is new", True
        elif name not in wanted:
            yield f"field {name} is not in the files", False
        else:
            yield from _field(name, actual[name], wanted[name])


def _field(name: str, actual: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    if "properties" in actual and "properties" in wanted:
        for text, is_in_place in _fields(actual["properties"], wanted["properties"]):
            yield text.replace("field ", f"field {name}.", 1), is_in_place
        return
    for key in sorted({*actual, *wanted}):
        one, other = actual.get(key), wanted.get(key)
        if one != other:
            for text in differences({key: one}, {key: other}):
                yield f"field {name}: {text}", key in _UPDATEABLE
