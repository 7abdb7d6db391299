"""Typed rows of recovery.yaml."""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from infra.catalog import Row, read

Bucket = Literal["backups", "cache-exports", "search-snapshots"]


class ExportRow(Row):
    """An export: what its accounts are called by, and what it may do in the project."""

    short: str
    permissions: tuple[str, ...]


class DrillRoleRow(Row):
    """What drills may do in the project, everywhere or to throw-away instances alone."""

    copies_only: bool
    permissions: tuple[str, ...]


class CopyRow(Row):
    """A copy: whose it is, where it lies, and the name (RE2) of the object that says it is whole."""

    bucket: Bucket
    marker: str
    store: str | None = None
    needs: str | None = None


@cache
def exports() -> Mapping[str, ExportRow]:
    """Exports by name."""
    return {name: ExportRow(**row) for name, row in read("recovery.yaml")["exports"].items()}


@cache
def bucket_roles() -> Mapping[str, tuple[str, ...]]:
    """Permissions on a bucket by the role's name."""
    return {name: tuple(permissions) for name, permissions in read("recovery.yaml")["bucket_roles"].items()}


@cache
def drill_roles() -> Mapping[str, DrillRoleRow]:
    """Roles of the account of drills by name."""
    return {name: DrillRoleRow(**row) for name, row in read("recovery.yaml")["drill_roles"].items()}


@cache
def copies() -> Mapping[str, CopyRow]:
    """Copies by name."""
    return {name: CopyRow(**row) for name, row in read("recovery.yaml")["copies"].items()}


@cache
def billed_days() -> Mapping[str, int]:
    """The least days that each storage class bills."""
    return dict(read("recovery.yaml")["storage_classes"])
