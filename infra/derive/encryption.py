"""Key rings and keys: one ring a region, one customer-managed key a store in it (BAK-PG AES-256, CMEK)."""

from dataclasses import dataclass

from infra import catalog
from infra.catalog import EncryptionKeyRow
from infra.derive.features import features
from infra.derive.names import Names
from infra.settings import Settings


@dataclass(frozen=True)
class KeyPlan:
    """One key and the API whose service agent may use it; None where the store's component grants who does."""

    store: str
    agent: str | None


@dataclass(frozen=True)
class KeyRingPlan:
    """One region's ring."""

    key: str
    name: str
    region: str
    keys: tuple[KeyPlan, ...]


@dataclass(frozen=True)
class EncryptionPlan:
    """Every ring; periods in seconds, as the API takes them ("7776000s")."""

    rings: tuple[KeyRingPlan, ...]
    agents: tuple[str, ...]
    rotation_period: str
    destroy_scheduled_duration: str
    protection_level: str
    key_deletion_policy: str


def encryption_plan(settings: Settings, names: Names) -> EncryptionPlan:
    """Lay out the rings: the primary region's, the second region's, ready before the day it is needed, and the copies'.

    The copies have a ring of their own, though it may lie in the second region: it stays when that one comes or moves.
    """
    project, encryption = settings.project, settings.encryption
    rows = _rows(settings)
    places = [("primary", project.region)]
    if project.disaster_recovery_region:
        places.append(("disaster-recovery", project.disaster_recovery_region))
    if settings.recovery:
        places.append(("copies", settings.recovery.region))
    return EncryptionPlan(
        rings=tuple(KeyRingPlan(key, names.lasting("data", key), region, _keys(rows, key)) for key, region in places),
        agents=tuple(sorted({row.agent for row in rows.values() if row.agent})),
        rotation_period=f"{encryption.rotation.seconds}s",
        destroy_scheduled_duration=f"{encryption.destroy_delay.seconds}s",
        protection_level=encryption.protection_level,
        key_deletion_policy="PREVENT" if project.deletion_guards else "ABANDON",
    )


def _rows(settings: Settings) -> dict[str, EncryptionKeyRow]:
    """The keys that this stack needs."""
    present = features(settings)
    return {store: row for store, row in catalog.encryption_keys().items() if row.needs is None or row.needs in present}


_HOLDS = {"primary": ("primary", "both"), "disaster-recovery": ("both",), "copies": ("recovery",)}
"""Which keys a ring holds, by what their rows say of regions."""


def _keys(rows: dict[str, EncryptionKeyRow], ring: str) -> tuple[KeyPlan, ...]:
    return tuple(KeyPlan(store, row.agent) for store, row in rows.items() if row.regions in _HOLDS[ring])
