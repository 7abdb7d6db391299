"""The `settings` block of Cloud SQL instances: one function for the primary, one for a replica, what they share once.

Everything that Google would otherwise choose is written down: an absent backup block means "unmanaged", an absent
edition means ENTERPRISE_PLUS on PostgreSQL 16, and a replica does not take its primary's values (COR-01).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.derive.postgres import InstancePlan, PostgresPlan


@dataclass(frozen=True)
class Surroundings:
    """Where the instances stand; `guarded` turns the API's own deletion guard on."""

    network_id: pulumi.Output[str]
    private_services_range: pulumi.Output[str]
    labels: Mapping[str, str]
    guarded: bool


def primary(plan: PostgresPlan, surroundings: Surroundings) -> dict[str, Any]:
    """The primary's settings: what every instance has, and high availability, backups, maintenance and passwords."""
    location = {"zone": plan.primary.zone}
    if plan.secondary_zone:
        location["secondary_zone"] = plan.secondary_zone
    return {
        **_every_instance(plan, plan.primary, surroundings),
        "availability_type": plan.availability,
        "location_preference": location,
        "backup_configuration": _backups(plan),
        "final_backup_config": {"enabled": True, "retention_days": plan.backup.final_days},
        "retain_backups_on_delete": True,
        "maintenance_window": {
            "day": plan.maintenance.window.day,
            "hour": plan.maintenance.window.hour,
            "update_track": plan.maintenance.track,
        },
        "password_validation_policy": _password_policy(plan),
        **_maintenance_pause(plan),
    }


def replica(plan: PostgresPlan, instance: InstancePlan, surroundings: Surroundings) -> dict[str, Any]:
    """A replica's settings; Cloud SQL refuses backups and a maintenance window on it."""
    return {
        **_every_instance(plan, instance, surroundings),
        "availability_type": instance.availability,
        "location_preference": {"zone": instance.zone},
    }


def _every_instance(plan: PostgresPlan, instance: InstancePlan, surroundings: Surroundings) -> dict[str, Any]:
    return {
        "tier": instance.tier.name,
        "edition": plan.edition,
        "activation_policy": "ALWAYS",
        "disk_type": plan.disk_type,
        "disk_size": plan.disk_size_gb,
        "disk_autoresize": True,
        "disk_autoresize_limit": plan.disk_limit_gb,
        "database_flags": [{"name": name, "value": value} for name, value in instance.flags],
        "deletion_protection_enabled": surroundings.guarded,
        "connector_enforcement": "NOT_REQUIRED",
        "data_api_access": "DISALLOW_DATA_API",
        "user_labels": dict(surroundings.labels),
        "ip_configuration": {
            "ipv4_enabled": False,
            "private_network": surroundings.network_id,
            "allocated_ip_range": surroundings.private_services_range,
            "enable_private_path_for_google_cloud_services": True,
            "ssl_mode": "ENCRYPTED_ONLY",
            "server_ca_mode": "GOOGLE_MANAGED_INTERNAL_CA",
        },
        "insights_config": {
            "query_insights_enabled": True,
            "query_string_length": plan.insights.query_length,
            "query_plans_per_minute": plan.insights.plans_per_minute,
            "record_application_tags": plan.insights.application_tags,
            "record_client_address": plan.insights.client_address,
        },
        **_enterprise_plus(plan),
    }


def _backups(plan: PostgresPlan) -> dict[str, Any]:
    """PG-BACKUP, BAK-PG: daily backups and transaction logs for recovery to a point in time (COR-06)."""
    backup = plan.backup
    return {
        "enabled": True,
        "start_time": backup.start_time,
        "location": backup.location,
        "point_in_time_recovery_enabled": backup.point_in_time_recovery,
        "transaction_log_retention_days": backup.transaction_log_days,
        "backup_retention_settings": {"retained_backups": backup.retained, "retention_unit": "COUNT"},
    }


def _password_policy(plan: PostgresPlan) -> dict[str, Any]:
    policy = plan.password_policy
    block: dict[str, Any] = {
        "enable_password_policy": True,
        "complexity": "COMPLEXITY_DEFAULT",
        "min_length": policy.min_length,
        "reuse_interval": policy.reuse_interval,
        "disallow_username_substring": True,
    }
    if policy.change_interval:
        block["password_change_interval"] = f"{policy.change_interval.seconds}s"
    return block


def _maintenance_pause(plan: PostgresPlan) -> dict[str, Any]:
    deny = plan.maintenance.deny
    if deny is None:
        return {}
    return {"deny_maintenance_period": {"start_date": deny.start, "end_date": deny.end, "time": deny.time}}


def _enterprise_plus(plan: PostgresPlan) -> dict[str, Any]:
    """The data cache and managed pooling, which only ENTERPRISE_PLUS has; stated on replicas too (sql-db#810)."""
    if plan.edition != "ENTERPRISE_PLUS":
        return {}
    block: dict[str, Any] = {"data_cache_config": {"data_cache_enabled": plan.data_cache}}
    if plan.managed_pool_size:
        pool = {"name": "max_pool_size", "value": str(plan.managed_pool_size)}
        block["connection_pool_configs"] = [{"connection_pooling_enabled": True, "flags": [pool]}]
    return block
