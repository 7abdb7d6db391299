"""The order of a state: whatever a resource needs stands before it, or the engine calls the state broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def needs(entry: Mapping[str, Any]) -> Iterator[str]:
    """The URNs that a resource of a state refers to (pulumi v3.250.0, pkg/resource/deploy/snapshot.go)."""
    if parent := entry.get("parent"):
        yield parent
    if provider := entry.get("provider"):
        yield provider.rpartition("::")[0]
    if owner := entry.get("deletedWith"):
        yield owner
    yield from entry.get("dependencies") or []
    for urns in (entry.get("propertyDependencies") or {}).values():
        yield from urns


def ordered(resources: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The resources in their order, save that each comes after what it needs."""
    by_urn: dict[str, list[dict[str, Any]]] = {}
    for entry in resources:
        by_urn.setdefault(entry["urn"], []).append(entry)
    placed: dict[str, None] = {}

    def place(urn: str) -> None:
        if urn in placed or urn not in by_urn:
            return
        placed[urn] = None
        before = [urn for entry in by_urn[urn] for urn in needs(entry)]
        for needed in before:
            place(needed)
        done.extend(by_urn[urn])

    done: list[dict[str, Any]] = []
    for entry in resources:
        place(entry["urn"])
    return done
