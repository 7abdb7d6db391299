"""Memorystore for Valkey without cluster mode: the engine with an append-only file and backups (COR-07)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.components.cache_server import CacheServer
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import counted
from infra.derive.cache import CachePlan, ValkeyPlan

_BOUNDS = pulumi.CustomTimeouts(create="60m", update="120m", delete="60m")
"""The provider's own bounds, and twice as long for a deletion."""

_CONNECTION_TYPES = {"write": "CONNECTION_TYPE_PRIMARY", "read": "CONNECTION_TYPE_READER"}


def valkey_server(owner: Component, foundation: Foundation, plan: CachePlan, valkey: ValkeyPlan) -> CacheServer:
    """Declare the instance, the policy that lets it make its endpoints in our subnet, and the clients' sign-in."""
    instance = _instance(owner, foundation, plan, valkey)
    for client in plan.clients:
        _sign_in(owner, foundation, plan, client)
    connections = {
        endpoint: instance.endpoints.apply(lambda found, kind=kind: _connection(found, kind))
        for endpoint, kind in _CONNECTION_TYPES.items()
    }
    return CacheServer(
        addresses={endpoint: found.apply(lambda each: each["ip_address"]) for endpoint, found in connections.items()},
        ports={endpoint: found.apply(lambda each: each["port"]) for endpoint, found in connections.items()},
        certificates=instance.managed_server_cas.apply(_authorities),
        password=None,
        version=valkey.version.removeprefix("VALKEY_").replace("_", "."),
        size=f"{plan.size_gb} GB on {valkey.node_type}, {counted(plan.replicas, 'replica')}",
        backup=f"append-only file ({valkey.append_sync}), {valkey.backup_days} daily backups",
    )


def _instance(
    owner: Component, foundation: Foundation, plan: CachePlan, valkey: ValkeyPlan
) -> gcp.memorystore.Instance:
    key = foundation.encryption.key("valkey", plan.region)
    policy = gcp.networkconnectivity.ServiceConnectionPolicy(
        "cache-endpoints",
        name=plan.name,
        location=plan.region,
        service_class="gcp-memorystore",
        network=foundation.network.network_id,
        psc_config={"subnetworks": [foundation.network.subnets["primary"].id]},
        description="Lets Memorystore for Valkey make its own endpoints",
        opts=owner.inside(foundation.services["networkconnectivity"]),
    )
    return gcp.memorystore.Instance(
        "cache-valkey",
        instance_id=plan.name,
        location=plan.region,
        mode="CLUSTER_DISABLED",
        shard_count=1,
        replica_count=plan.replicas,
        node_type=valkey.node_type,
        engine_version=valkey.version,
        engine_configs=valkey.configs,
        authorization_mode="IAM_AUTH",
        transit_encryption_mode="SERVER_AUTHENTICATION",
        kms_key=key.key_id,
        zone_distribution_config={"mode": "MULTI_ZONE"},
        # Not desired_psc_auto_connections: that one is retired and recreated the instance (changelog 7.1.0, 7.13.0).
        desired_auto_created_endpoints=[
            {"network": foundation.network.network_id, "project_id": foundation.gcp_project}
        ],
        persistence_config={"mode": "AOF", "aof_config": {"append_fsync": valkey.append_sync}},
        automated_backup_config={
            "fixed_frequency_schedule": {"start_time": {"hours": valkey.backup_hour}},
            "retention": valkey.backup_retention,
        },
        maintenance_policy={
            "weekly_maintenance_windows": [
                {
                    "day": plan.maintenance.day,
                    "start_time": {"hours": plan.maintenance.hour, "minutes": 0, "seconds": 0, "nanos": 0},
                }
            ]
        },
        deletion_protection_enabled=foundation.guarded,
        opts=pulumi.ResourceOptions.merge(
            owner.inside(key.grant, policy, foundation.services["memorystore"]),
            pulumi.ResourceOptions(custom_timeouts=_BOUNDS),
        ),
    )


def _sign_in(owner: Component, foundation: Foundation, plan: CachePlan, client: str) -> None:
    """Let a client sign in to this instance with a token of its account, and to no other instance."""
    prefix = f"projects/{foundation.gcp_project}/locations/{plan.region}/instances/{plan.name}"
    gcp.projects.IAMMember(
        f"cache-sign-in-{client}",
        project=foundation.gcp_project,
        role="roles/memorystore.dbConnectionUser",
        member=foundation.identities.member(client),
        condition={
            "title": "own-cache",
            "description": "Only this platform's cache",
            "expression": f'resource.name.startsWith("{prefix}")',
        },
        opts=owner.inside(foundation.services["cloudresourcemanager"]),
    )


def _connection(endpoints: Sequence[Any], kind: str) -> Any:
    """The connection of a type among those that Google made."""
    made = [each["psc_auto_connection"] for endpoint in endpoints for each in endpoint["connections"]]
    return next(each for each in made if each["connection_type"] == kind)


def _authorities(found: Sequence[Any]) -> str:
    return "\n".join(
        certificate for each in found for chain in each["ca_certs"] for certificate in chain["certificates"]
    )
