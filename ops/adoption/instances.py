"""The Cloud SQL instances of a state: what each is called, where it runs and whom it follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.adoption.errors import AdoptionError
from ops.urn import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance"
PRIMARY = "postgres-primary"
"""The primary's name in the program (infra/components/postgres.py)."""

REPLICA = "postgres-replica-"
"""How replicas' names in the program begin; their key in the settings follows."""


@dataclass(frozen=True)
class Instance:
    """One instance as the state has it; `follows` names the instance that it is a replica of, None for a primary."""

    urn: str
    name: str
    region: str
    zone: str
    tier: str
    availability: str
    follows: str | None

    @property
    def key(self) -> str | None:
        """Its key among the replicas of the settings; None for the primary."""
        own = name_of(self.urn)
        return own.removeprefix(REPLICA) if own.startswith(REPLICA) else None


def instances(deployment: Mapping[str, Any]) -> list[Instance]:
    """Every instance of a state, in its order."""
    return [_read(entry) for entry in entries(deployment)]


def primary_of(known: Sequence[Instance]) -> Instance:
    """The instance that the state holds for the primary; raises AdoptionError where it holds none."""
    for each in known:
        if name_of(each.urn) == PRIMARY:
            return each
    raise AdoptionError(f"the state has no {PRIMARY}: there is no PostgreSQL tier to give another primary to")


def entries(deployment: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The state's own records of instances that are not on their way out."""
    for entry in deployment.get("resources") or []:
        if entry["type"] == INSTANCE and not entry.get("delete"):
            yield entry


def follows(outputs: Mapping[str, Any]) -> str | None:
    """Whom an instance is a replica of; the provider writes `project:name` or the name alone."""
    source = str(outputs.get("masterInstanceName") or "").rpartition(":")[2]
    return source or None


def _read(entry: Mapping[str, Any]) -> Instance:
    outputs = entry.get("outputs") or {}
    settings = outputs.get("settings") or {}
    return Instance(
        urn=entry["urn"],
        name=str(outputs.get("name") or entry["id"].rpartition("/")[2]),
        region=str(outputs.get("region") or ""),
        zone=str((settings.get("locationPreference") or {}).get("zone") or ""),
        tier=str(settings.get("tier") or ""),
        availability=str(settings.get("availabilityType") or "ZONAL"),
        follows=follows(outputs),
    )
