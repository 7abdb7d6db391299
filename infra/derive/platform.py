"""The whole platform worked out from its settings before anything is declared: pure, and the same every time."""

from dataclasses import dataclass

from infra import catalog
from infra.derive.advice import advice
from infra.derive.bigquery import BigqueryPlan, bigquery_plan
from infra.derive.cache import CachePlan, cache_plan
from infra.derive.cdn import CdnPlan, cdn_plan
from infra.derive.checks import problems
from infra.derive.dashboards_plan import DashboardsPlan, dashboards_plan
from infra.derive.elasticsearch import ElasticsearchPlan, elasticsearch_plan
from infra.derive.encryption import EncryptionPlan, encryption_plan
from infra.derive.features import features
from infra.derive.findings import Advice
from infra.derive.identities import IdentityPlan, identity_plans
from infra.derive.invalidation import InvalidationPlan, invalidation_plan
from infra.derive.mongodb import MongodbPlan, mongodb_plan
from infra.derive.monitoring import MonitoringPlan, monitoring_plan
from infra.derive.names import Names, names_for
from infra.derive.network import NetworkPlan, network_plan
from infra.derive.postgres import PostgresPlan, postgres_plan
from infra.derive.recovery import RecoveryPlan, recovery_plan
from infra.derive.schemas import SchemasPlan, schemas_plan
from infra.derive.timescale import TimescalePlan, timescale_plan
from infra.settings import Settings, SettingsError


@dataclass(frozen=True)
class PlatformPlan:
    """Everything the components need to know; a store that is off has no plan."""

    environment: str
    gcp_project: str
    region: str
    labels: dict[str, str]
    owner: str
    protect: bool
    services: tuple[str, ...]
    audited_services: tuple[str, ...]
    names: Names
    network: NetworkPlan
    encryption: EncryptionPlan
    identities: tuple[IdentityPlan, ...]
    postgres: PostgresPlan | None
    cache: CachePlan | None
    mongodb: MongodbPlan | None
    elasticsearch: ElasticsearchPlan | None
    timescale: TimescalePlan | None
    bigquery: BigqueryPlan | None
    invalidation: InvalidationPlan | None
    cdn: CdnPlan | None
    schemas: SchemasPlan | None
    recovery: RecoveryPlan | None
    monitoring: MonitoringPlan | None
    dashboards: DashboardsPlan | None
    advice: tuple[Advice, ...]


def derive(settings: Settings) -> PlatformPlan:
    """Work the platform out.

    Raises SettingsError with every value that the cloud does not offer or that cannot stand beside another.
    """
    if found := problems(settings):
        raise SettingsError(found)
    project, names, present = settings.project, names_for(settings.project), features(settings)
    labels = project.labels
    postgres = postgres_plan(settings.postgres, settings, names) if settings.postgres else None
    switched_on = {api: row for api, row in catalog.services().items() if row.needs is None or row.needs in present}
    return PlatformPlan(
        environment=project.environment,
        gcp_project=project.gcp_project,
        region=project.region,
        labels={
            "env": project.environment,
            "owner": labels.owner,
            "cost-centre": labels.cost_centre,
            "data-class": labels.data_class,
        },
        owner=labels.owner,
        protect=project.deletion_guards,
        services=tuple(switched_on),
        audited_services=tuple(row.audited for row in switched_on.values() if row.audited),
        names=names,
        network=network_plan(settings, names),
        encryption=encryption_plan(settings, names),
        identities=identity_plans(settings, names),
        postgres=postgres,
        cache=cache_plan(settings.cache, settings, names) if settings.cache else None,
        mongodb=mongodb_plan(settings.mongodb, settings, names) if settings.mongodb else None,
        elasticsearch=elasticsearch_plan(settings.elasticsearch, settings, names) if settings.elasticsearch else None,
        timescale=timescale_plan(settings.timescale, settings, names) if settings.timescale else None,
        bigquery=bigquery_plan(settings.bigquery, settings, names) if settings.bigquery else None,
        invalidation=invalidation_plan(settings.invalidation, settings, names) if settings.invalidation else None,
        cdn=cdn_plan(settings.cdn, settings, names) if settings.cdn else None,
        schemas=schemas_plan(settings.schemas, settings, names) if settings.schemas else None,
        recovery=recovery_plan(settings.recovery, settings, names) if settings.recovery else None,
        monitoring=monitoring_plan(settings.monitoring, settings, names) if settings.monitoring else None,
        dashboards=dashboards_plan(settings.monitoring, settings, names, postgres) if settings.monitoring else None,
        advice=advice(settings),
    )
