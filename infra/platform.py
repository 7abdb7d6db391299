"""The whole platform on one page: which component gets what from which."""

from dataclasses import dataclass, fields
from typing import Any

import pulumi

from infra import sdk
from infra.components.bigquery import Bigquery, BigqueryArgs
from infra.components.cache import Cache, CacheArgs
from infra.components.cdn import Cdn, CdnArgs
from infra.components.component import Component
from infra.components.elasticsearch import Elasticsearch, ElasticsearchArgs
from infra.components.encryption import Encryption, EncryptionArgs
from infra.components.foundation import Foundation, PrivateFoundation
from infra.components.identities import Identities, IdentitiesArgs
from infra.components.invalidation import Invalidation, InvalidationArgs
from infra.components.inventory import StoreRecord
from infra.components.mongodb import Mongodb, MongodbArgs
from infra.components.network import Network, NetworkArgs
from infra.components.postgres import Postgres, PostgresArgs
from infra.components.postgres_access import PostgresAccess, PostgresAccessArgs
from infra.components.project_services import ProjectServices
from infra.components.providers import providers
from infra.components.timescale import Timescale, TimescaleArgs
from infra.derive.platform import PlatformPlan
from infra.derive.postgres import PostgresPlan


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


class Platform(Component):
    """TripTrip's data platform in one environment; every resource hangs below it and uses its providers."""

    def __init__(self, plan: PlatformPlan) -> None:
        super().__init__("platform", pulumi.ResourceOptions(providers=providers(plan)))
        self._plan = plan
        self._guarded = self.inside(protect=plan.protect)
        self._records: list[StoreRecord] = []

    async def declare(self) -> PlatformOutputs:
        """Declare everything, first what needs no network: the engine makes it while the rest of the SDK is loaded."""
        plan, guarded = self._plan, self._guarded
        base = self._foundation()
        self._stores_without_network(base)
        await sdk.load()
        network = Network("network", NetworkArgs(plan.network, base.services), guarded)
        private = PrivateFoundation(
            **{field.name: getattr(base, field.name) for field in fields(base)}, network=network
        )
        postgres, outputs = self._postgres(plan.postgres, private) if plan.postgres else (None, {})
        self._stores(private, postgres)
        self.register_outputs({})
        return PlatformOutputs(
            network_id=network.network_id,
            dns_domain=plan.network.dns_domain,
            inventory=[record.as_output() for record in sorted(self._records, key=lambda record: record.store)],
            **outputs,
        )

    def _foundation(self) -> Foundation:
        plan, guarded = self._plan, self._guarded
        services = ProjectServices("services", plan.services, guarded)
        return Foundation(
            gcp_project=plan.gcp_project,
            region=plan.region,
            labels=plan.labels,
            owner=plan.owner,
            guarded=plan.protect,
            names=plan.names,
            encryption=Encryption("encryption", EncryptionArgs(plan.encryption, services), guarded),
            identities=Identities("identities", IdentitiesArgs(plan.identities, services), guarded),
            services=services,
        )

    def _stores_without_network(self, base: Foundation) -> None:
        plan, guarded = self._plan, self._guarded
        if plan.invalidation:
            invalidation = Invalidation("invalidation", InvalidationArgs(plan.invalidation, base), guarded)
            self._records.append(invalidation.record)
        if plan.timescale:
            timescale = Timescale("timescale", TimescaleArgs(plan.timescale, base), guarded)
            self._records.append(timescale.record)

    def _postgres(self, plan: PostgresPlan, base: PrivateFoundation) -> tuple[Postgres, dict[str, Any]]:
        """Declare the PostgreSQL tier; returns it and its outputs."""
        postgres = Postgres("postgres", PostgresArgs(plan, base), self._guarded)
        access = PostgresAccess("postgres-access", PostgresAccessArgs(plan, postgres, base), self._guarded)
        self._records.append(postgres.record)
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

    def _stores(self, base: PrivateFoundation, postgres: Postgres | None) -> None:
        """Declare the other stores that are switched on; none waits for another, so that they are made side by side."""
        plan, guarded = self._plan, self._guarded
        stores: list[Cache | Mongodb | Elasticsearch | Bigquery | Cdn] = []
        if plan.cache:
            stores.append(Cache("cache", CacheArgs(plan.cache, base), guarded))
        if plan.mongodb:
            stores.append(Mongodb("mongodb", MongodbArgs(plan.mongodb, base), guarded))
        if plan.elasticsearch:
            stores.append(Elasticsearch("elasticsearch", ElasticsearchArgs(plan.elasticsearch, base), guarded))
        if plan.bigquery:
            stores.append(Bigquery("bigquery", BigqueryArgs(plan.bigquery, base, postgres), guarded))
        if plan.cdn:
            stores.append(Cdn("cdn", CdnArgs(plan.cdn, base), guarded))
        self._records.extend(store.record for store in stores)
