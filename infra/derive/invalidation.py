"""The invalidation store as it will be declared."""

from dataclasses import dataclass

from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.invalidation import InvalidationSettings


@dataclass(frozen=True)
class InvalidationPlan:
    """The whole store."""


def invalidation_plan(invalidation: InvalidationSettings, settings: Settings, names: Names) -> InvalidationPlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    raise NotImplementedError
