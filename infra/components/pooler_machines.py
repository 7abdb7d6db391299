"""The pooler's machines: what each one is, and the group that keeps their number."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive.pooler import PoolerPlan
from infra.settings.postgres import POOLER

TAG = "pooler"
"""The network tag that the firewall knows the machines by."""

SYSTEM = "projects/cos-cloud/global/images/family/cos-121-lts"
"""Container-Optimized OS: no package manager, a read-only root, updates in place (infra/derive/pooler_files.py)."""

_GROUP_MINUTES = 30
"""An update waits until every machine is replaced and healthy, one zone after another."""

_START_SECONDS = 300
"""How long a new machine may take to fetch its image before the group thinks it broken."""


def group(
    owner: Component,
    foundation: Foundation,
    plan: PoolerPlan,
    alive: gcp.compute.RegionHealthCheck,
    ready: Sequence[pulumi.Resource],
) -> gcp.compute.RegionInstanceGroupManager:
    """The machines; `ready` are what they need at their start."""
    template = _template(owner, foundation, plan)
    return gcp.compute.RegionInstanceGroupManager(
        "pooler-group",
        name=plan.name,
        region=plan.region,
        base_instance_name=plan.name,
        versions=[{"instance_template": template.self_link, "name": "current"}],
        target_size=plan.instances,
        distribution_policy_zones=list(plan.zones),
        distribution_policy_target_shape="EVEN",
        auto_healing_policies={"health_check": alive.id, "initial_delay_sec": _START_SECONDS},
        update_policy={
            "type": "PROACTIVE",
            "minimal_action": "REPLACE",
            "most_disruptive_allowed_action": "REPLACE",
            "replacement_method": "SUBSTITUTE",
            # New machines first, a zone's worth of them, and none taken away before: the service never shrinks.
            "max_surge_fixed": len(plan.zones),
            "max_unavailable_fixed": 0,
            "instance_redistribution_type": "PROACTIVE",
        },
        instance_lifecycle_policy={"force_update_on_repair": "YES", "default_action_on_failure": "REPAIR"},
        wait_for_instances=True,
        wait_for_instances_status="UPDATED",
        opts=owner.inside(*ready, minutes=_GROUP_MINUTES),
    )


def _template(owner: Component, foundation: Foundation, plan: PoolerPlan) -> gcp.compute.RegionInstanceTemplate:
    key = foundation.encryption.key(POOLER, plan.region)
    return gcp.compute.RegionInstanceTemplate(
        "pooler-template",
        name=plan.template,
        region=plan.region,
        description="PgBouncer and its read router",
        machine_type=plan.machine_type,
        can_ip_forward=False,
        tags=[TAG, "health-checked", "iap-ssh"],
        metadata={
            "user-data": plan.user_data,
            "cos-update-strategy": "update_enabled",
            "enable-oslogin": "TRUE",
            "block-project-ssh-keys": "TRUE",
            "serial-port-enable": "FALSE",
            "google-logging-enabled": "true",
        },
        disks=[
            {
                "source_image": SYSTEM,
                "boot": True,
                "auto_delete": True,
                "disk_type": "pd-balanced",
                "disk_size_gb": 20,
                "disk_encryption_key": {"kms_key_self_link": key.key_id},
            }
        ],
        # Without access_configs there is no public address.
        network_interfaces=[{"subnetwork": foundation.network.subnets["primary"].id}],
        service_account={
            "email": foundation.identities[POOLER].email,
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        },
        shielded_instance_config={
            "enable_secure_boot": True,
            "enable_vtpm": True,
            "enable_integrity_monitoring": True,
        },
        scheduling={
            "automatic_restart": True,
            "on_host_maintenance": "MIGRATE",
            "provisioning_model": "STANDARD",
            "preemptible": False,
        },
        opts=owner.inside(key.grant, foundation.services["compute"], protect=False),
    )
