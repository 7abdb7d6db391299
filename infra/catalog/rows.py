"""Typed rows of the catalogue files beside this module; a malformed row stops the program at the first read."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

_FOLDER = Path(__file__).parent
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Region(_Row):
    """A Google Cloud region: where it is and which zones it has."""

    place: str
    jurisdiction: str
    zones: tuple[str, ...]


class Flag(_Row):
    """A database flag of Cloud SQL for PostgreSQL; the keys are explained in cloudsql_flags.yaml."""

    name: str
    type: Literal["integer", "float", "switch", "choice", "text"]
    restart: bool
    replica: Literal["own", "at_least_primary", "same_as_primary"]
    source: str
    unit: Literal["8 kB", "kB", "MB", "ms", "s"] | None = None
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    special: tuple[int, ...] = ()
    choices: tuple[str, ...] = ()
    since: int = 0


class TierRow(_Row):
    """A machine tier with a fixed size; memory in MiB."""

    edition: Literal["ENTERPRISE", "ENTERPRISE_PLUS"]
    vcpus: int
    memory_mib: int
    shared_core: bool = False


class CustomTierRule(_Row):
    """The bounds of db-custom-<vCPU>-<MiB> tiers; memory in MiB."""

    edition: Literal["ENTERPRISE"]
    maximum_vcpus: int
    memory_multiple_mib: int
    minimum_memory_mib: int
    maximum_memory_mib: int
    minimum_memory_per_vcpu_mib: int
    maximum_memory_per_vcpu_mib: int


class EncryptionKeyRow(_Row):
    """A customer-managed key: the API whose service agent uses it, and the regions it is needed in."""

    agent: str
    regions: Literal["primary", "both"]


class FirewallProtocol(_Row):
    """A protocol with its ports; no ports means all of them."""

    protocol: str
    ports: tuple[str, ...] = ()


class FirewallRow(_Row):
    """A firewall rule of the platform's network."""

    name: str
    description: str
    direction: Literal["INGRESS", "EGRESS"]
    priority: int
    source_ranges: tuple[str, ...]
    target_tags: tuple[str, ...]
    allow: tuple[FirewallProtocol, ...] = ()
    deny: tuple[FirewallProtocol, ...] = ()


def _read(file: str) -> Any:
    return yaml.load((_FOLDER / file).read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 # a safe loader, in C where it is built


@cache
def regions() -> Mapping[str, Region]:
    """Regions by name."""
    return {name: Region(**row) for name, row in _read("regions.yaml").items()}


@cache
def flags() -> Mapping[str, Flag]:
    """Cloud SQL flags by name."""
    return {name: Flag(name=name, **row) for name, row in _read("cloudsql_flags.yaml").items()}


@cache
def absent_flags() -> Mapping[str, str]:
    """PostgreSQL settings that Cloud SQL does not offer, each with what to do instead."""
    return dict(_read("cloudsql_absent_flags.yaml"))


@cache
def fixed_tiers() -> Mapping[str, TierRow]:
    """Tiers with a fixed size, by name."""
    return {name: TierRow(**row) for name, row in _read("cloudsql_tiers.yaml")["fixed"].items()}


@cache
def custom_tier_rule() -> CustomTierRule:
    """The bounds of custom tiers."""
    return CustomTierRule(**_read("cloudsql_tiers.yaml")["custom"])


@cache
def services() -> Mapping[str, str]:
    """APIs to switch on, each with the reason."""
    return dict(_read("services.yaml"))


@cache
def encryption_keys() -> Mapping[str, EncryptionKeyRow]:
    """Customer-managed keys by store."""
    return {store: EncryptionKeyRow(**row) for store, row in _read("encryption_keys.yaml").items()}


@cache
def firewall_rules() -> tuple[FirewallRow, ...]:
    """Firewall rules of the platform's network."""
    return tuple(FirewallRow(**row) for row in _read("firewall.yaml"))


@cache
def phases() -> Mapping[str, Mapping[str, Any]]:
    """Settings to lay over a stack's own, by phase of the document ("1" to "4"), as raw values by subject."""
    return dict(_read("phases.yaml"))
