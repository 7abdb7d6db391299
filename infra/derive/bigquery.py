"""The bigquery store as it will be declared."""

from dataclasses import dataclass

from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.bigquery import BigquerySettings


@dataclass(frozen=True)
class BigqueryPlan:
    """The whole store."""


def bigquery_plan(bigquery: BigquerySettings, settings: Settings, names: Names) -> BigqueryPlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    raise NotImplementedError
