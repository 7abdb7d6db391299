"""Who uses the stores: one service account a program, the same for every store it uses."""

from dataclasses import dataclass

from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.model import StoreSettings


@dataclass(frozen=True)
class IdentityPlan:
    """A program's service account."""

    key: str
    account_id: str


def identity_plans(settings: Settings, names: Names) -> tuple[IdentityPlan, ...]:
    """The account of every program that any store names, sorted by name."""
    return tuple(IdentityPlan(key, names.of(key)) for key in sorted(clients_by_place(settings)))


def clients_by_place(settings: Settings) -> dict[str, str]:
    """Every program that a store names, with the first place that does: `cache.clients[0]`."""
    found: dict[str, str] = {}
    for name in sorted(settings.stores):
        store: StoreSettings = getattr(settings, name)
        for client, path in store.client_paths.items():
            found.setdefault(client, f"{name}.{path}")
    return found
