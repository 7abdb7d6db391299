"""The stacks of the repository as a starting point: what a stack file declares, with changes laid over it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.derive.phases import lay_over
from infra.settings import Settings, load
from infra.settings.stack_file import StackFile

ROOT = Path(__file__).resolve().parents[1]

AFTER_FAILOVER: dict[str, Any] = {
    "postgres": {
        "primary": {
            "instance": "triptrip-prod-postgres-replica-osaka-1",
            "region": "asia-northeast2",
            "zone": "asia-northeast2-a",
        },
        "replicas": {"b": None, "c": None, "osaka": None},
    },
    # A connection reaches instances of its own region alone.
    "bigquery": {"federation": None},
}
"""What a failover changes of prod in phase 4: the replica in the second region is the primary, all others are lost."""


ANOTHERS_WORKER: dict[str, Any] = {"invalidation": {"delivery": "pull", "push": None, "service": None}}
"""Somebody else acts on invalidations, as in a stack without a cache, in which the platform's own worker works."""

VALKEY: dict[str, Any] = {
    "cache": {
        "engine": "valkey",
        "redis": None,
        "valkey": {"backup": {"time": "02:00 Asia/Tokyo", "retained": "7 days"}},
    }
}
"""The other engine of the cache."""

WITHOUT_CACHE: dict[str, Any] = {"cache": None, **ANOTHERS_WORKER}


def declared(stack: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The subjects of a stack; a change that is None takes its key away."""
    return lay_over(StackFile.read(ROOT / f"Pulumi.{stack}.yaml").subjects, changes or {})


def settings_of(stack: str, changes: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a stack that declares something else in places; raises SettingsError like `load`."""
    return load(declared(stack, changes))
