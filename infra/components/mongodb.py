"""Documents on MongoDB Atlas: the project, the encrypted replica set and the private way to it (MDB-CLUSTER)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_mongodbatlas as mongodbatlas

from infra.components.backups import Backups
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.components.mongodb_access import MongodbAccess, MongodbAccessArgs
from infra.components.mongodb_encryption import MongodbEncryption, MongodbEncryptionArgs
from infra.components.mongodb_exports import MongodbExports, MongodbExportsArgs
from infra.components.mongodb_operations import MongodbOperations, MongodbOperationsArgs
from infra.components.notification_channels import Told
from infra.components.private_endpoint import private_endpoint
from infra.components.secrets import Secrets
from infra.derive.mongodb import NODES, MongodbPlan

# The Atlas console's ways to the data that pass by the private endpoint and the database's own users.
_CONSOLE_OFF = (
    "is_cluster_ai_assistant_enabled",
    "is_data_explorer_enabled",
    "is_data_explorer_gen_ai_features_enabled",
    "is_data_explorer_gen_ai_sample_document_passing_enabled",
)
_CONSOLE_ON = (
    "is_collect_database_specifics_statistics_enabled",
    "is_performance_advisor_enabled",
    "is_realtime_performance_panel_enabled",
    "is_schema_advisor_enabled",
)


@dataclass(frozen=True)
class MongodbArgs:
    """What the store is built from, where its copies go (no backups: nowhere), and who is told of its alerts."""

    plan: MongodbPlan
    foundation: Foundation
    backups: Backups | None = None
    told: Told = field(default_factory=Told)


class Mongodb(Component):
    """One Atlas project with one replica set, reached through Private Service Connect alone.

    Nothing is on the project's IP access list, so the public host names answer to nobody.
    """

    cluster: mongodbatlas.AdvancedCluster
    secrets: Secrets

    def __init__(self, name: str, args: MongodbArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._plan = args.plan
        self._base = args.foundation
        project = self._project()
        encryption = MongodbEncryption(
            "mongodb-encryption", MongodbEncryptionArgs(project.id, self._base), self.inside()
        )
        self.cluster = self._cluster(encryption.project_id)
        self._private_srv = self._private_connection(project.id)
        exports = None
        if args.backups:
            exports = MongodbExports(
                "mongodb-exports", MongodbExportsArgs(encryption.access, args.backups), self.inside()
            ).bucket
        operations = MongodbOperationsArgs(self._plan, project.id, self.cluster, exports, args.told)
        MongodbOperations("mongodb-operations", operations, self.inside())
        access = MongodbAccessArgs(self._plan, self.cluster, self._private_srv, self._base)
        self.secrets = MongodbAccess("mongodb-access", access, self.inside()).secrets
        self.register_outputs({"projectId": project.id, "privateSrv": self._private_srv})

    @property
    def record(self) -> StoreRecord:
        """The store in the inventory."""
        cluster, backup = self._plan.cluster, self._plan.backup
        bounds = f" from {cluster.autoscaling.minimum} to {cluster.autoscaling.maximum}" if cluster.autoscaling else ""
        return StoreRecord(
            store="mongodb",
            engine="MongoDB Atlas on Google Cloud",
            version=cluster.version,
            size=f"{NODES} × {cluster.size}{bounds}, {cluster.disk_gb} GB each",
            location=f"{self._base.region} ({cluster.region})",
            high_availability="three nodes in three zones, by Atlas' own choice",
            backup=f"every {backup.every_hours} hours for {backup.snapshot_days} days, any moment of "
            f"{backup.restore_days} days, daily for {backup.daily_days} days"
            + (f", copied to {backup.copy_region}" if backup.copy_region else ""),
            encryption_key=self._base.encryption.key("mongodb", self._base.region).key_id,
            endpoints={"private": self._private_srv},
            owner=self._base.owner,
        )

    def _project(self) -> mongodbatlas.Project:
        return mongodbatlas.Project(
            "mongodb-project",
            org_id=self._plan.organisation,
            name=self._plan.project_name,
            tags=dict(self._base.labels),
            # The alerts are those of infra/catalog/atlas_alerts.yaml; Atlas would add its own, and only at creation.
            with_default_alerts_settings=False,
            is_extended_storage_sizes_enabled=False,
            **dict.fromkeys(_CONSOLE_OFF, False),
            **dict.fromkeys(_CONSOLE_ON, True),
            opts=self.inside(),
        )

    def _cluster(self, project_id: pulumi.Output[str]) -> mongodbatlas.AdvancedCluster:
        plan, guarded = self._plan.cluster, self._base.guarded
        return mongodbatlas.AdvancedCluster(
            "mongodb-cluster",
            project_id=project_id,
            name=plan.name,
            cluster_type="REPLICASET",
            mongo_db_major_version=plan.version,
            version_release_system="LTS",
            replication_specs=[{"region_configs": [self._region()]}],
            # Sizes that Atlas has changed by itself are no difference: the program's are those at creation.
            use_effective_fields=True,
            encryption_at_rest_provider="GCP",
            backup_enabled=True,
            pit_enabled=True,
            # Snapshots that outlive the cluster also keep the project from being deleted.
            retain_backups_enabled=guarded,
            termination_protection_enabled=guarded,
            redact_client_log_data=True,
            advanced_configuration={
                "minimum_enabled_tls_protocol": "TLS1_2",
                "javascript_enabled": False,
                "default_write_concern": "majority",
                **({"oplog_min_retention_hours": plan.oplog_hours} if plan.oplog_hours else {}),
            },
            tags=dict(self._base.labels),
            opts=self.inside(),
        )

    def _region(self) -> dict[str, Any]:
        plan = self._plan.cluster
        bounds = plan.autoscaling
        return {
            "provider_name": "GCP",
            "region_name": plan.region,
            "priority": 7,
            # On Google Cloud the disk's size is always asked for; its speed follows from it and cannot be set.
            "electable_specs": {"instance_size": plan.size, "node_count": NODES, "disk_size_gb": plan.disk_gb},
            "auto_scaling": {
                "disk_gb_enabled": plan.disk_autoscaling,
                "compute_enabled": bounds is not None,
                "compute_scale_down_enabled": bounds is not None,
                **(
                    {"compute_min_instance_size": bounds.minimum, "compute_max_instance_size": bounds.maximum}
                    if bounds
                    else {}
                ),
            },
        }

    def _private_connection(self, project_id: pulumi.Input[str]) -> pulumi.Output[str]:
        """Make the private endpoint; returns the SRV string that exists once cluster and endpoint do."""
        base = self._base
        link = mongodbatlas.PrivateLinkEndpoint(
            "mongodb-private-link",
            project_id=project_id,
            provider_name="GCP",
            # Google's own name here, where the cluster has Atlas' (COR-12).
            region=base.region,
            # One address for all nodes instead of fifty; it can never be changed afterwards.
            port_mapping_enabled=True,
            opts=self.inside(),
        )
        endpoint = private_endpoint(
            self, base, "mongodb", link.service_attachment_names.apply(lambda attachments: attachments[0])
        )
        service = mongodbatlas.PrivateLinkEndpointService(
            "mongodb-private-link-service",
            project_id=link.project_id,
            private_link_id=link.private_link_id,
            provider_name="GCP",
            endpoint_service_id=endpoint.rule_name,
            private_endpoint_ip_address=endpoint.address,
            gcp_project_id=base.gcp_project,
            opts=self.inside(),
        )
        # The cluster's own output is as old as its last update, often older than the endpoint.
        found = mongodbatlas.get_advanced_cluster_output(
            project_id=self.cluster.project_id,
            name=self.cluster.name,
            use_effective_fields=True,
            opts=pulumi.InvokeOutputOptions(parent=self, depends_on=[self.cluster, service]),
        )
        srv: pulumi.Output[str] = found.connection_strings.apply(_private_srv)
        return srv


def _private_srv(strings: Any) -> str:
    if not strings.private_endpoints:
        raise pulumi.RunError("Atlas has made the private endpoint but does not name it yet: run the update again")
    srv: str = strings.private_endpoints[0].srv_connection_string
    return srv
