"""Everything a stack is told, one attribute a subject."""

from pydantic import Field

from infra.settings.bigquery import BigquerySettings
from infra.settings.cache import CacheSettings
from infra.settings.cdn import CdnSettings
from infra.settings.elasticsearch import ElasticsearchSettings
from infra.settings.encryption import EncryptionSettings
from infra.settings.invalidation import InvalidationSettings
from infra.settings.model import SettingsModel
from infra.settings.mongodb import MongodbSettings
from infra.settings.monitoring import MonitoringSettings
from infra.settings.network import NetworkSettings
from infra.settings.postgres import PostgresSettings
from infra.settings.project import ProjectSettings
from infra.settings.recovery import RecoverySettings
from infra.settings.schemas import SchemasSettings
from infra.settings.timescale import TimescaleSettings


class Settings(SettingsModel):
    """The root: the config keys `triptrip:<subject>` of one stack. A store that is left out is not built."""

    project: ProjectSettings = Field(description="Whose platform this is and where it runs.")
    network: NetworkSettings = Field(description="Address ranges and names of the private network.")
    encryption: EncryptionSettings = Field(description="Customer-managed keys.")
    postgres: PostgresSettings | None = Field(
        default=None, description="The PostgreSQL tier: Cloud SQL primary, replicas, pooler, users."
    )
    cache: CacheSettings | None = Field(
        default=None, description="The cache: Memorystore for Redis, or Memorystore for Valkey (RDS-INST, COR-07)."
    )
    mongodb: MongodbSettings | None = Field(
        default=None, description="MongoDB Atlas: the document store (MDB-CLUSTER)."
    )
    elasticsearch: ElasticsearchSettings | None = Field(
        default=None, description="Elastic Cloud: full-text, facet and geo search (ES-SVC)."
    )
    timescale: TimescaleSettings | None = Field(
        default=None, description="Timescale Cloud in AWS Tokyo: the time series (TS-SVC, COR-11)."
    )
    bigquery: BigquerySettings | None = Field(
        default=None, description="BigQuery: analytics, reports, machine learning (BQ-SVC)."
    )
    invalidation: InvalidationSettings | None = Field(
        default=None, description="The invalidation bus of the caches on Pub/Sub (CACHE-INV)."
    )
    cdn: CdnSettings | None = Field(
        default=None, description="The load balancer and CDN in front of the API (CACHE-EP, CACHE-LAYERS)."
    )
    schemas: SchemasSettings | None = Field(
        default=None, description="The schema step: jobs that apply schema/ to the stores that are on."
    )
    recovery: RecoverySettings | None = Field(
        default=None, description="Copies that outlive the stores, alerts of their age, drills (BAK-*, REC-*)."
    )

    monitoring: MonitoringSettings | None = Field(
        default=None, description="Alerts of every store, who is told, dashboards, the budget (MON-*, DASH, TRIG)."
    )

    @property
    def stores(self) -> frozenset[str]:
        """The subjects that are switched on."""
        return frozenset(name for name in STORES if getattr(self, name) is not None)


STORES = tuple(name for name, field in Settings.model_fields.items() if not field.is_required())
"""Subjects that can be left out."""
