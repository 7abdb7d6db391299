"""The pooler's machines: what each one is, and the group that keeps their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive import pooler_machine
from infra.derive.pooler import PoolerPlan, PoolerSite
from infra.settings.postgres import POOLER

_GROUP_MINUTES = 30
"""An update waits until every machine is replaced and healthy, one zone after another."""

_START_SECONDS = 300
"""How long a new machine may take to fetch its image before the group thinks it broken."""


def guard(site: PoolerSite) -> bool | None:
    """The second region's machines and what stands before them go with its last instance (REC-REGION)."""
    return False if site.suffix else None


@dataclass(frozen=True)
class Start:
    """What a group's machines start with: the check that tells who is alive, and what they need to be there."""

    alive: gcp.compute.RegionHealthCheck
    ready: Sequence[pulumi.Resource]


def group(
    owner: Component, foundation: Foundation, plan: PoolerPlan, site: PoolerSite, start: Start
) -> gcp.compute.RegionInstanceGroupManager:
    """The machines of one region."""
    template = _template(owner, foundation, plan, site)
    return gcp.compute.RegionInstanceGroupManager(
        f"pooler-group{site.suffix}",
        name=plan.name,
        region=site.region,
        base_instance_name=plan.name,
        versions=[{"instance_template": template.self_link, "name": "current"}],
        target_size=plan.instances,
        distribution_policy_zones=list(site.zones),
        distribution_policy_target_shape="EVEN",
        auto_healing_policies={"health_check": start.alive.id, "initial_delay_sec": _START_SECONDS},
        update_policy={
            "type": "PROACTIVE",
            "minimal_action": "REPLACE",
            "most_disruptive_allowed_action": "REPLACE",
            "replacement_method": "SUBSTITUTE",
            # New machines first, a zone's worth of them, and none taken away before: the service never shrinks.
            "max_surge_fixed": len(site.zones),
            "max_unavailable_fixed": 0,
            "instance_redistribution_type": "PROACTIVE",
        },
        instance_lifecycle_policy={"force_update_on_repair": "YES", "default_action_on_failure": "REPAIR"},
        wait_for_instances=True,
        wait_for_instances_status="UPDATED",
        opts=owner.inside(*start.ready, protect=guard(site), minutes=_GROUP_MINUTES),
    )


def _template(
    owner: Component, foundation: Foundation, plan: PoolerPlan, site: PoolerSite
) -> gcp.compute.RegionInstanceTemplate:
    key = foundation.encryption.key(POOLER, site.region)
    return gcp.compute.RegionInstanceTemplate(
        f"pooler-template{site.suffix}",
        name=plan.template,
        region=site.region,
        disks=[
            {**pooler_machine.boot_disk(), "disk_encryption_key": {"kms_key_self_link": key.key_id}},
        ],
        # Without access_configs there is no public address.
        network_interfaces=[{"subnetwork": foundation.network.subnets[site.key].id}],
        service_account={
            "email": foundation.identities[POOLER].email,
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        },
        **plan.machine,
        opts=owner.inside(key.grant, foundation.services["compute"], protect=False),
    )
