"""The cache store as it will be declared."""

from dataclasses import dataclass

from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.cache import CacheSettings


@dataclass(frozen=True)
class CachePlan:
    """The whole store."""


def cache_plan(cache: CacheSettings, settings: Settings, names: Names) -> CachePlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    raise NotImplementedError
