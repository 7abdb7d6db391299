"""The timescale store as it will be declared."""

from dataclasses import dataclass

from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.timescale import TimescaleSettings


@dataclass(frozen=True)
class TimescalePlan:
    """The whole store."""


def timescale_plan(timescale: TimescaleSettings, settings: Settings, names: Names) -> TimescalePlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    raise NotImplementedError
