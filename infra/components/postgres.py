"""PostgreSQL on Cloud SQL: the primary, its replicas, the database and the names clients use (PG-INST … PG-REPL)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components import postgres_settings
from infra.components.component import Component
from infra.components.dns import address_record
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord, counted
from infra.derive.postgres import InstancePlan, PostgresPlan

_INSTANCE_MINUTES = 90
"""The provider's own bound; a replica of a full disk can take most of it."""


@dataclass(frozen=True)
class PostgresArgs:
    """What the tier is built from."""

    plan: PostgresPlan
    foundation: Foundation


class Postgres(Component):
    """One regional or zonal primary, replicas for reads, and a name for each where a pooler of our own needs it.

    What clients hold are pg-write and pg-read (postgres_names.py): same-region replicas are no failover targets
    (COR-23), so a failover to the second region or a restore moves pg-write to another address.
    """

    primary: gcp.sql.DatabaseInstance
    replicas: Mapping[str, gcp.sql.DatabaseInstance]
    database: gcp.sql.Database

    def __init__(self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self.primary = self._primary()
        self.replicas = self._replicas()
        self.database = gcp.sql.Database(
            "postgres-database",
            name=args.plan.database,
            instance=self.primary.name,
            charset="UTF8",
            deletion_policy="ABANDON",
            opts=self.inside(),
        )
        for host, keys in args.plan.names.items():
            self._dns_name(host, keys)
        self.register_outputs({"hosts": dict(args.plan.hosts), "connectionName": self.primary.connection_name})

    @property
    def own_instances(self) -> dict[str, str]:
        """The condition of a grant that reaches this platform's instances and no other of the project."""
        prefix = f"projects/{self._base.gcp_project}/instances/{self._base.names.of('postgres')}"
        return {
            "title": "own-postgres-instances",
            "description": "Only this platform's PostgreSQL instances",
            "expression": f'resource.service == "sqladmin.googleapis.com" && resource.name.startsWith("{prefix}")',
        }

    @property
    def exporter(self) -> pulumi.Output[str]:
        """The IAM member that writes an export: the primary's own service account."""
        return pulumi.Output.concat("serviceAccount:", self.primary.service_account_email_address)

    @property
    def server_certificates(self) -> pulumi.Output[str]:
        """The certificate authorities of all instances in one PEM bundle, for `sslmode=verify-ca` (COR-18)."""
        instances = [self.primary, *self.replicas.values()]
        return pulumi.Output.all(*(instance.server_ca_certs for instance in instances)).apply(
            lambda lists: "\n".join(ca["cert"] for authorities in lists for ca in authorities)
        )

    @property
    def record(self) -> StoreRecord:
        """The tier in the inventory."""
        plan = self._args.plan
        return StoreRecord(
            store="postgres",
            engine=f"Cloud SQL for PostgreSQL, {plan.edition}",
            version=plan.version.removeprefix("POSTGRES_"),
            size=f"{plan.primary.tier.name}, {plan.disk_size_gb} GB up to {plan.disk_limit_gb} GB, "
            f"{counted(len(plan.replicas), 'replica')}",
            location=plan.primary.region,
            high_availability=plan.availability,
            backup=f"{plan.backup.retained} daily"
            + (
                f", any minute of {plan.backup.transaction_log_days} days" if plan.backup.point_in_time_recovery else ""
            ),
            encryption_key=self._base.encryption.key("postgres", plan.primary.region).key_id,
            endpoints=dict(plan.endpoints),
            owner=self._base.owner,
        )

    def _primary(self) -> gcp.sql.DatabaseInstance:
        plan = self._args.plan
        key = self._base.encryption.key("postgres", plan.primary.region)
        return gcp.sql.DatabaseInstance(
            "postgres-primary",
            name=plan.primary.name,
            region=plan.primary.region,
            database_version=plan.version,
            instance_type="CLOUD_SQL_INSTANCE",
            encryption_key_name=key.key_id,
            deletion_protection=self._base.guarded,
            settings=postgres_settings.primary(plan, self._surroundings()),
            replication_cluster=self._replication_cluster(),
            opts=self._instance_options(
                key.grant, self._base.network.private_services, self._base.services["sqladmin"]
            ),
        )

    def _replicas(self) -> dict[str, gcp.sql.DatabaseInstance]:
        """One after the other, since Cloud SQL takes one operation at a time on a primary."""
        replicas: dict[str, gcp.sql.DatabaseInstance] = {}
        for plan in self._args.plan.replicas:
            replicas[plan.key] = self._replica(plan, list(replicas.values())[-1:])
        return replicas

    def _replica(self, plan: InstancePlan, earlier: list[gcp.sql.DatabaseInstance]) -> gcp.sql.DatabaseInstance:
        args = self._args
        # In the primary's region a replica inherits the key, and naming it recreates the replica at every run
        # (terraform-provider-google#11269); in another region it needs that region's own key.
        key = self._base.encryption.key("postgres", plan.region) if plan.is_cross_region else None
        return gcp.sql.DatabaseInstance(
            f"postgres-replica-{plan.key}",
            name=plan.name,
            region=plan.region,
            database_version=args.plan.version,
            instance_type="READ_REPLICA_INSTANCE",
            master_instance_name=self.primary.name,
            encryption_key_name=key.key_id if key else None,
            deletion_protection=self._base.guarded,
            settings=postgres_settings.replica(args.plan, plan, self._surroundings()),
            opts=self._instance_options(*earlier, *([key.grant] if key else [])),
        )

    def _replication_cluster(self) -> dict[str, str] | None:
        """The replica that takes over when the region is lost: a field of ENTERPRISE_PLUS (REC-REGION)."""
        plan = self._args.plan
        if plan.disaster_recovery_replica is None:
            return None
        replica = next(each for each in plan.replicas if each.key == plan.disaster_recovery_replica)
        return {"failover_dr_replica_name": f"{self._base.gcp_project}:{replica.name}"}

    def _surroundings(self) -> postgres_settings.Surroundings:
        return postgres_settings.Surroundings(
            network_id=self._base.network.network_id,
            private_services_range=self._base.network.private_services_range,
            labels=self._base.labels,
            guarded=self._base.guarded,
        )

    def _instance_options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        # Autoresize grows the disk behind the program's back; a smaller declared size must never look like a change
        # (terraform-provider-google#18296). The write endpoint is Google's to compute (sql-db#807).
        return self.inside(
            *after,
            ignore_changes=["settings.diskSize", "replicationCluster.psaWriteEndpoint"],
            minutes=_INSTANCE_MINUTES,
        )

    def _dns_name(self, host: str, keys: Sequence[str]) -> None:
        instances = {"primary": self.primary, **self.replicas}
        addresses = [instances[key].private_ip_address for key in keys]
        name = host.partition(".")[0].removeprefix("pg-")
        address_record(self, self._base, f"postgres-name-{name}", host, addresses)
