"""Google's own discovery documents: which values and formats the API takes.

The PyPI package google-api-python-client carries every API's discovery document. A row of `types/*.yaml` names the
document and the schema of a resource; properties of the same name (or renamed in that row) take over the enum and the
pattern declared there, nested objects included.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any


def annotate(shape: dict[str, Any], row: dict[str, Any]) -> None:
    """Write the enums and patterns of `row["schema"]` in document `row["document"]` onto a reflected shape."""
    schemas = _schemas(row["document"])
    names = row.get("names", {})
    for root in (shape["root"], shape["state"]):
        _class(shape["classes"], root, schemas, row["schema"], names)


@functools.cache
def _schemas(document: str) -> dict[str, Any]:
    folder = resources.files("googleapiclient.discovery_cache.documents")
    schemas: dict[str, Any] = json.loads(folder.joinpath(f"{document}.json").read_bytes())["schemas"]
    return schemas


def _class(classes: dict[str, Any], name: str, schemas: dict[str, Any], schema: str, names: dict[str, str]) -> None:
    declared = schemas[schema].get("properties", {})
    for key, target in classes[name].items():
        source = declared.get(names.get(key, key))
        if source is None or "enum" in target or "pattern" in target:
            continue
        source = source.get("items", source)
        kind = target["type"]
        while isinstance(kind, dict) and "list" in kind:
            kind = kind["list"]
        if isinstance(kind, dict) and "object" in kind and "$ref" in source:
            _class(classes, kind["object"], schemas, source["$ref"], names)
        elif kind == "string":
            if "enum" in source:
                # "unspecified" is what the API calls unset; nobody means it, and sent it comes back as a difference.
                target["enum"] = [value for value in source["enum"] if not value.endswith("_UNSPECIFIED")]
            if "pattern" in source:
                target["pattern"] = source["pattern"]
