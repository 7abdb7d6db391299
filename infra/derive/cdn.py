"""The cdn store as it will be declared."""

from dataclasses import dataclass

from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.cdn import CdnSettings


@dataclass(frozen=True)
class CdnPlan:
    """The whole store."""


def cdn_plan(cdn: CdnSettings, settings: Settings, names: Names) -> CdnPlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    raise NotImplementedError
