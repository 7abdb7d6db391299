"""Memorystore for Redis, Standard tier, on its own range of private services access (RDS-INST)."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from infra.components.cache_server import CacheServer
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import counted
from infra.derive.cache import CachePlan, RedisPlan

_BOUNDS = pulumi.CustomTimeouts(create="60m", update="90m", delete="60m")
"""The provider's own 20 minutes are too few for three nodes of 32 GB."""


def redis_server(owner: Component, foundation: Foundation, plan: CachePlan, redis: RedisPlan) -> CacheServer:
    """Declare the instance.

    Mode and count of the read replicas are set at creation: once on they cannot be off, and switched on later they
    need a further range.
    """
    key = foundation.encryption.key("redis", plan.region)
    instance = gcp.redis.Instance(
        "cache-redis",
        name=plan.name,
        display_name="Cache of the data platform",
        region=plan.region,
        location_id=redis.zone,
        alternative_location_id=redis.alternative_zone,
        tier="STANDARD_HA",
        memory_size_gb=plan.size_gb,
        redis_version=redis.version,
        redis_configs=redis.configs,
        read_replicas_mode="READ_REPLICAS_ENABLED" if redis.read_endpoint else "READ_REPLICAS_DISABLED",
        replica_count=plan.replicas,
        authorized_network=foundation.network.network_id,
        connect_mode="PRIVATE_SERVICE_ACCESS",
        # The range's name: with private services access a CIDR is refused (terraform-provider-google#26413).
        reserved_ip_range=foundation.network.cache_range,
        auth_enabled=True,
        transit_encryption_mode="SERVER_AUTHENTICATION",
        customer_managed_key=key.key_id,
        persistence_config={
            "persistence_mode": "RDB",
            "rdb_snapshot_period": redis.snapshot_period,
            "rdb_snapshot_start_time": redis.snapshot_start,
        },
        maintenance_policy={
            "weekly_maintenance_windows": [
                {
                    "day": plan.maintenance.day,
                    "start_time": {"hours": plan.maintenance.hour, "minutes": 0, "seconds": 0, "nanos": 0},
                }
            ]
        },
        # The API has no guard of its own; unset means on in the documentation and off in the provider's source.
        deletion_protection=foundation.guarded,
        opts=pulumi.ResourceOptions.merge(
            owner.inside(key.grant, foundation.network.private_services, foundation.services["redis"]),
            pulumi.ResourceOptions(custom_timeouts=_BOUNDS),
        ),
    )
    return CacheServer(
        addresses={"write": instance.host, "read": instance.read_endpoint if redis.read_endpoint else instance.host},
        ports={"write": instance.port, "read": instance.read_endpoint_port if redis.read_endpoint else instance.port},
        certificates=instance.server_ca_certs.apply(lambda found: "\n".join(each["cert"] for each in found)),
        password=instance.auth_string,
        version=redis.version.removeprefix("REDIS_").replace("_", "."),
        size=f"{plan.size_gb} GB, {redis.usable_gb} GB for data, {counted(plan.replicas, 'replica')}",
        backup=f"RDB snapshot, {redis.snapshot_period.lower().replace('_', ' ')} apart, the last one kept",
        exporter=instance.persistence_iam_identity,
    )
