"""Typed rows of what MongoDB Atlas offers and of what the platform asks of it; the files explain their keys."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Literal

from infra.catalog import Row, read


class AtlasSize(Row):
    """A size of a node: memory and largest disk in GB, and the Google Cloud regions that do not offer it."""

    memory_gb: float
    disk_gb: int
    shared_core: bool = False
    absent: tuple[str, ...] = ()


class AtlasAlert(Row):
    """Something Atlas tells of: an event, or a host metric beyond a threshold."""

    why: str
    event: str = "OUTSIDE_METRIC_THRESHOLD"
    metric: str | None = None
    above: float | None = None
    below: float | None = None
    units: str | None = None
    minutes: int = 0
    severity: Literal["warning", "critical"] = "warning"
    needs: str | None = None


class AuditEvents(Row):
    """Events of the audit log: those always recorded, and those recorded when they fail."""

    always: tuple[str, ...]
    failed: tuple[str, ...]


class SearchIndexRow(Row):
    """An Atlas Search index on a collection; `fields` are Atlas' own field mappings."""

    collection: str
    analyzer: str
    fields: Mapping[str, Any]


@cache
def atlas_regions() -> Mapping[str, str]:
    """Atlas' names of Google Cloud regions."""
    return dict(read("atlas_regions.yaml"))


@cache
def atlas_sizes() -> Mapping[str, AtlasSize]:
    """Sizes by name, from the smallest on."""
    return {name: AtlasSize(**row) for name, row in read("atlas_sizes.yaml").items()}


@cache
def atlas_versions() -> Mapping[int, date]:
    """The day on which a major version's support ends."""
    return {version: date.fromisoformat(end) for version, end in read("atlas_versions.yaml").items()}


@cache
def atlas_alerts() -> Mapping[str, AtlasAlert]:
    """Alerts by name."""
    return {name: AtlasAlert(**row) for name, row in read("atlas_alerts.yaml").items()}


@cache
def audit_events() -> AuditEvents:
    """What the audit log records."""
    return AuditEvents(**read("atlas_audit.yaml"))


@cache
def search_indexes() -> Mapping[str, SearchIndexRow]:
    """Search indexes by name."""
    return {name: SearchIndexRow(**row) for name, row in read("atlas_search_indexes.yaml").items()}
