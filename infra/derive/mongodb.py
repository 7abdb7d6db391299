"""The mongodb store as it will be declared."""

from dataclasses import dataclass

from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.mongodb import MongodbSettings


@dataclass(frozen=True)
class MongodbPlan:
    """The whole store."""


def mongodb_plan(mongodb: MongodbSettings, settings: Settings, names: Names) -> MongodbPlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    raise NotImplementedError
