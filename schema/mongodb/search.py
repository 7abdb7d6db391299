"""Whether the Atlas Search indexes, which Pulumi declares, name collections and fields that the files here have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.catalog.mongodb_rows import SearchIndexRow
from schema.mongodb.collection import Collection


def search_findings(wanted: Sequence[Collection], indexes: Mapping[str, SearchIndexRow]) -> Iterator[str]:
    """A line for every collection and field that is searched and that no file has."""
    fields = {one.name: one.fields for one in wanted}
    for name, index in sorted(indexes.items()):
        where = f"search index {name} (infra/catalog/atlas_search_indexes.yaml)"
        if index.collection not in fields:
            yield f"{where}: collection {index.collection} is in no file of schema/mongodb/collections"
            continue
        for path in _paths(index.fields):
            if path not in fields[index.collection]:
                yield f"{where}: field {path} is none of {index.collection}, so that nothing is ever found in it"


def _paths(fields: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Paths of Atlas' mappings; a mapping of a document holds those of its own fields."""
    for name, mapping in fields.items():
        path = f"{prefix}{name}"
        yield path
        for one in mapping if isinstance(mapping, list) else [mapping]:
            yield from _paths(one.get("fields", {}), f"{path}.")
