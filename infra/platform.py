"""The whole platform on one page: which component gets what from which."""

from dataclasses import dataclass, replace
from typing import Any

import pulumi

import infra.sdk  # noqa: F401  # the SDKs are loaded class by class from here on
from infra.components.alerts import Alerts, AlertsArgs
from infra.components.backups import CREATE, Backups, BackupsArgs
from infra.components.bigquery import Bigquery, BigqueryArgs
from infra.components.budget import Budget, BudgetArgs
from infra.components.cache import Cache, CacheArgs
from infra.components.cdn import Cdn, CdnArgs
from infra.components.component import Component
from infra.components.dashboards import Dashboards, DashboardsArgs
from infra.components.drills import Drills, DrillsArgs
from infra.components.elasticsearch import Elasticsearch, ElasticsearchArgs
from infra.components.encryption import Encryption, EncryptionArgs
from infra.components.export_alerts import ExportAlerts, ExportAlertsArgs
from infra.components.exports import Exports, ExportsArgs, Writer
from infra.components.foundation import Foundation
from infra.components.identities import Identities, IdentitiesArgs
from infra.components.invalidation import Invalidation, InvalidationArgs
from infra.components.inventory import StoreRecord
from infra.components.mongodb import Mongodb, MongodbArgs
from infra.components.network import Network, NetworkArgs
from infra.components.notification_channels import NotificationChannels, NotificationChannelsArgs, Told
from infra.components.objectives import Objectives, ObjectivesArgs
from infra.components.pooler import Pooler, PoolerArgs
from infra.components.pooler_exporters import PoolerExporters, PoolerExportersArgs
from infra.components.postgres import Postgres, PostgresArgs
from infra.components.postgres_access import PostgresAccess, PostgresAccessArgs
from infra.components.postgres_names import PostgresNames, PostgresNamesArgs
from infra.components.project_services import ProjectServices, ProjectServicesArgs
from infra.components.providers import providers
from infra.components.schemas import Schemas, SchemasArgs
from infra.components.secrets import Secrets
from infra.components.timescale import Timescale, TimescaleArgs
from infra.derive.dashboards_plan import DashboardsPlan
from infra.derive.monitoring import MonitoringPlan
from infra.derive.platform import PlatformPlan
from infra.derive.postgres import PostgresPlan
from infra.derive.recovery import RecoveryPlan
from infra.derive.schemas import SchemasPlan

Store = Cache | Mongodb | Elasticsearch | Timescale | Bigquery | Invalidation | Cdn


@dataclass(frozen=True)
class PlatformOutputs:
    """What other stacks and people may rely on; the names are the stack's outputs in camelCase, None is left out."""

    network_id: pulumi.Output[str]
    dns_domain: str
    inventory: list[dict[str, Any]]
    postgres_hosts: dict[str, str] | None = None
    postgres_database: str | None = None
    postgres_connection_name: pulumi.Output[str] | None = None
    postgres_instances: dict[str, pulumi.Output[str]] | None = None
    postgres_connection_secrets: dict[str, pulumi.Output[str]] | None = None
    schemas: dict[str, Any] | None = None
    recovery: dict[str, Any] | None = None


class Platform(Component):
    """TripTrip's data platform in one environment; every resource hangs below it and uses its providers."""

    outputs: PlatformOutputs

    def __init__(self, plan: PlatformPlan) -> None:
        super().__init__("platform", pulumi.ResourceOptions(providers=providers(plan)))
        self._plan = plan
        self._guarded = self.inside(protect=plan.protect)
        # An alert goes with what it watches, and st-alert-coverage says which may not be missing.
        self._unguarded = self.inside(protect=False)
        self._base = self._foundation()
        self._records: list[StoreRecord] = []
        self._keepers: list[Secrets] = []
        self._told = self._monitoring(plan.monitoring) if plan.monitoring else Told()
        self._backups = (
            Backups("backups", BackupsArgs(plan.recovery, self._base), self._guarded) if plan.recovery else None
        )
        postgres, outputs = self._postgres(plan.postgres) if plan.postgres else (None, {})
        if plan.dashboards:
            self._dashboards(plan.dashboards, postgres)
        stores = self._stores(postgres)
        if plan.schemas:
            outputs["schemas"] = self._schemas(plan.schemas, stores)
        if plan.recovery and self._backups:
            outputs["recovery"] = self._recovery(plan.recovery, self._backups, postgres, stores)
        self.outputs = PlatformOutputs(
            network_id=self._base.network.network_id,
            dns_domain=plan.network.dns_domain,
            inventory=[self._with_copies(record).as_output() for record in self._records],
            **outputs,
        )
        self.register_outputs({})

    def _foundation(self) -> Foundation:
        plan, guarded = self._plan, self._guarded
        apis = ProjectServicesArgs(plan.gcp_project, plan.services, plan.audited_services)
        services = ProjectServices("services", apis, guarded)
        return Foundation(
            gcp_project=plan.gcp_project,
            region=plan.region,
            labels=plan.labels,
            owner=plan.owner,
            guarded=plan.protect,
            names=plan.names,
            network=Network("network", NetworkArgs(plan.network, services), guarded),
            encryption=Encryption("encryption", EncryptionArgs(plan.encryption, services), guarded),
            identities=Identities("identities", IdentitiesArgs(plan.identities, services), guarded),
            services=services,
        )

    def _monitoring(self, plan: MonitoringPlan) -> Told:
        """Declare who is told, and the alerts; they ask for names alone and wait for no store."""
        args = NotificationChannelsArgs(plan.channels, self._base)
        told = NotificationChannels("notification-channels", args, self._guarded).told(plan)
        Alerts("alerts", AlertsArgs(plan.alerts, told, self._base), self._unguarded)
        if plan.objectives:
            Objectives("objectives", ObjectivesArgs(plan.objectives, self._base), self._unguarded)
        if plan.budget:
            Budget("budget", BudgetArgs(plan.budget, told.named(["email"]), self._base), self._guarded)
        return told

    def _dashboards(self, plan: DashboardsPlan, postgres: Postgres | None) -> None:
        """Declare what is looked at, in Cloud Monitoring and in a Grafana where the stack has one."""
        Dashboards("dashboards", DashboardsArgs(plan, self._base), self._unguarded)
        if plan.grafana:
            # Its SDK is loaded by stacks that have a Grafana alone.
            from infra.components.grafana import Grafana, GrafanaArgs  # noqa: PLC0415

            authorities = postgres.server_certificates if postgres else None
            Grafana("grafana", GrafanaArgs(plan.grafana, self._base, authorities), self._guarded)

    def _postgres(self, plan: PostgresPlan) -> tuple[Postgres, dict[str, Any]]:
        """Declare the PostgreSQL tier; returns it and its outputs."""
        postgres = Postgres("postgres", PostgresArgs(plan, self._base), self._guarded)
        access = PostgresAccess("postgres-access", PostgresAccessArgs(plan, postgres, self._base), self._guarded)
        pooler = None
        if plan.pooler:
            args = PoolerArgs(plan.pooler, plan.password_version, postgres, access.server_certificates, self._base)
            pooler = Pooler("pooler", args, self._guarded)
            if exporters := plan.pooler.exporters:
                measuring = PoolerExportersArgs(plan.pooler, exporters, plan.password_version, postgres, self._base)
                PoolerExporters("pooler-exporters", measuring, self._guarded)
        PostgresNames("postgres-names", PostgresNamesArgs(plan, postgres, pooler, self._base), self._guarded)
        self._records.append(postgres.record)
        self._keepers.append(access.secrets)
        return postgres, {
            "postgres_hosts": dict(plan.hosts),
            "postgres_database": plan.database,
            "postgres_connection_name": postgres.primary.connection_name,
            "postgres_instances": {
                "primary": postgres.primary.name,
                **{key: instance.name for key, instance in postgres.replicas.items()},
            },
            "postgres_connection_secrets": dict(access.connection_secrets),
        }

    def _stores(self, postgres: Postgres | None) -> list[Store]:
        """Declare the other stores that are on, side by side; of them only what empties the cache waits for it."""
        plan, base, guarded = self._plan, self._base, self._guarded
        stores: list[Store] = []
        cache = Cache("cache", CacheArgs(plan.cache, base), guarded) if plan.cache else None
        if cache:
            stores.append(cache)
        if plan.mongodb:
            stores.append(Mongodb("mongodb", MongodbArgs(plan.mongodb, base, self._backups, self._told), guarded))
        if plan.elasticsearch:
            stores.append(Elasticsearch("elasticsearch", ElasticsearchArgs(plan.elasticsearch, base), guarded))
        if plan.timescale:
            stores.append(Timescale("timescale", TimescaleArgs(plan.timescale, base), guarded))
        if plan.bigquery:
            stores.append(Bigquery("bigquery", BigqueryArgs(plan.bigquery, base, postgres), guarded))
        if plan.invalidation:
            stores.append(Invalidation("invalidation", InvalidationArgs(plan.invalidation, base, cache), guarded))
        if plan.cdn:
            stores.append(Cdn("cdn", CdnArgs(plan.cdn, base), guarded))
        self._records.extend(store.record for store in stores)
        return stores

    def _schemas(self, plan: SchemasPlan, stores: list[Store]) -> dict[str, Any]:
        """Declare the jobs of the schema step, after what they read; returns which to run, and where."""
        keepers = [*self._keepers, *(each.secrets for each in stores if isinstance(each, Cache | Mongodb | Timescale))]
        timescale = next((store for store in stores if isinstance(store, Timescale)), None)
        cache = next((store for store in stores if isinstance(store, Cache)), None)
        ports = {
            **({"timescale": timescale.service.port.apply(str)} if timescale else {}),
            **({"redis": cache.write_port} if cache else {}),
        }
        warehouse = next((store for store in stores if isinstance(store, Bigquery)), None)
        grants = {"bigquery": list(warehouse.connection_grants.values())} if warehouse else {}
        args = SchemasArgs(plan, self._base, keepers, ports, grants, self._backups)
        schemas = Schemas("schemas", args, self._guarded)
        self._records.append(schemas.record)
        return {"region": plan.region, "jobs": [job.name for job in plan.jobs]}

    def _recovery(
        self, plan: RecoveryPlan, backups: Backups, postgres: Postgres | None, stores: list[Store]
    ) -> dict[str, Any]:
        """Declare the exports of the stores that are on, and the alerts of all copies; returns what `ops` must know."""
        writers = {"postgres": Writer(postgres.exporter, CREATE)} if postgres else {}
        exporter = next((store.exporter for store in stores if isinstance(store, Cache)), None)
        if exporter is not None:
            writers["redis"] = Writer(exporter, backups.roles["redis"].name)
        exports = None
        if plan.exports:
            exports = Exports("exports", ExportsArgs(plan, self._base, backups, writers), self._guarded)
        if plan.drills:
            Drills("drills", DrillsArgs(plan.drills, self._base, backups), self._guarded)
        ExportAlerts("export-alerts", ExportAlertsArgs(plan, self._told, self._base), self._unguarded)
        self._records.append(backups.record)
        return {
            "account": backups.account.email,
            "buckets": {each.key: each.name for each in plan.buckets},
            "workflows": {key: workflow.id for key, workflow in (exports.workflows if exports else {}).items()},
            "copies": {copy.key: copy.promise.seconds for copy in plan.copies},
            "targets": {
                kind: {
                    "rpoSeconds": target.rpo_seconds,
                    "rtoSeconds": target.rto_seconds,
                    "everySeconds": target.every_seconds,
                }
                for kind, target in plan.targets.items()
            },
            **({"drillJob": plan.drills.name} if plan.drills else {}),
        }

    def _with_copies(self, record: StoreRecord) -> StoreRecord:
        plan = self._plan.recovery
        return replace(record, copies=plan.copies_of(record.store)) if plan else record
