"""The document's four phases as settings: a phase's values laid over a stack's own (PG-PHASE-1 … 4)."""

from collections.abc import Mapping
from typing import Any

from infra import catalog


def in_phase(raw: Mapping[str, Any], phase: str) -> dict[str, Any]:
    """The raw settings of a stack in a phase, to be read by `infra.settings.load`; KeyError for an unknown phase."""
    return lay_over(raw, catalog.phases()[phase])


def lay_over(raw: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings key by key; any other value replaces, and None removes the key."""
    merged = dict(raw)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = lay_over(merged[key], value)
        else:
            merged[key] = value
    return merged
