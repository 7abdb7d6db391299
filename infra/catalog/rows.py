"""Typed rows of the catalogue files beside this module; a malformed row stops the program at the first read."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

_FOLDER = Path(__file__).parent
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Row(BaseModel):
    """A frozen row; an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Region(Row):
    """A Google Cloud region: where it is and which zones it has."""

    place: str
    jurisdiction: str
    zones: tuple[str, ...]


class Flag(Row):
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


class TierRow(Row):
    """A machine tier with a fixed size; memory in MiB."""

    edition: Literal["ENTERPRISE", "ENTERPRISE_PLUS"]
    vcpus: int
    memory_mib: int
    shared_core: bool = False


class MachineTypeRow(Row):
    """A Compute Engine machine type; memory in MiB."""

    vcpus: int
    memory_mib: int


class CustomTierRule(Row):
    """The bounds of db-custom-<vCPU>-<MiB> tiers; memory in MiB."""

    edition: Literal["ENTERPRISE"]
    maximum_vcpus: int
    memory_multiple_mib: int
    minimum_memory_mib: int
    maximum_memory_mib: int
    minimum_memory_per_vcpu_mib: int
    maximum_memory_per_vcpu_mib: int


class ServiceRow(Row):
    """A Google API: what it is for, and what must be in the stack for it to be switched on (None: always).

    `audited` is the service whose data access logs are switched on with it.
    """

    reason: str
    audited: str | None = None
    needs: str | None = None


class EncryptionKeyRow(Row):
    """A customer-managed key: the API whose service agent uses it, where and by what it is needed (None: always)."""

    regions: Literal["primary", "both", "recovery"]
    agent: str | None = None
    needs: str | None = None


class FirewallProtocol(Row):
    """A protocol with its ports; no ports means all of them."""

    protocol: str
    ports: tuple[str, ...] = ()


class FirewallRow(Row):
    """A firewall rule of the platform's network."""

    name: str
    description: str
    direction: Literal["INGRESS", "EGRESS"]
    priority: int
    source_ranges: tuple[str, ...]
    target_tags: tuple[str, ...]
    allow: tuple[FirewallProtocol, ...] = ()
    deny: tuple[FirewallProtocol, ...] = ()


def read(file: str) -> Any:
    """The content of a catalogue file."""
    return yaml.load((_FOLDER / file).read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 # a safe loader, in C where it is built


def files(folder: str) -> tuple[str, ...]:
    """The YAML files of a folder of the catalogue, as `read` takes them, in order."""
    return tuple(f"{folder}/{path.name}" for path in sorted((_FOLDER / folder).glob("*.yaml")))


@cache
def regions() -> Mapping[str, Region]:
    """Regions by name."""
    return {name: Region(**row) for name, row in read("regions.yaml").items()}


@cache
def flags() -> Mapping[str, Flag]:
    """Cloud SQL flags by name."""
    return {name: Flag(name=name, **row) for name, row in read("cloudsql_flags.yaml").items()}


@cache
def absent_flags() -> Mapping[str, str]:
    """PostgreSQL settings that Cloud SQL does not offer, each with what to do instead."""
    return dict(read("cloudsql_absent_flags.yaml"))


@cache
def fixed_tiers() -> Mapping[str, TierRow]:
    """Tiers with a fixed size, by name."""
    return {name: TierRow(**row) for name, row in read("cloudsql_tiers.yaml")["fixed"].items()}


@cache
def machine_types() -> Mapping[str, MachineTypeRow]:
    """Machine types of the pooler by name."""
    return {name: MachineTypeRow(**row) for name, row in read("machine_types.yaml").items()}


@cache
def custom_tier_rule() -> CustomTierRule:
    """The bounds of custom tiers."""
    return CustomTierRule(**read("cloudsql_tiers.yaml")["custom"])


@cache
def services() -> Mapping[str, ServiceRow]:
    """Google APIs by name."""
    return {api: ServiceRow(**row) for api, row in read("services.yaml").items()}


@cache
def encryption_keys() -> Mapping[str, EncryptionKeyRow]:
    """Customer-managed keys by store."""
    return {store: EncryptionKeyRow(**row) for store, row in read("encryption_keys.yaml").items()}


@cache
def firewall_rules() -> tuple[FirewallRow, ...]:
    """Firewall rules of the platform's network."""
    return tuple(FirewallRow(**row) for row in read("firewall.yaml"))


@cache
def phases() -> Mapping[str, Mapping[str, Any]]:
    """Settings to lay over a stack's own, by phase of the document ("1" to "4"), as raw values by subject."""
    return dict(read("phases.yaml"))


@cache
def guardian_types() -> Mapping[str, str]:
    """Type tokens of resources that hold no data and guard it, each with what is lost with it."""
    return dict(read("guardian_types.yaml"))


@cache
def stateful_types() -> Mapping[str, str]:
    """Type tokens of resources whose loss is a loss of data, each with what it holds."""
    return dict(read("stateful_types.yaml"))
