"""The elasticsearch store as it will be declared."""

from dataclasses import dataclass

from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.elasticsearch import ElasticsearchSettings


@dataclass(frozen=True)
class ElasticsearchPlan:
    """The whole store."""


def elasticsearch_plan(elasticsearch: ElasticsearchSettings, settings: Settings, names: Names) -> ElasticsearchPlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    raise NotImplementedError
