"""The API behind the load balancer: what it runs on, and the two backend services in front of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive.cdn import CdnPlan, InstanceGroupsPlan, ServerlessPlan

SCHEME = "EXTERNAL_MANAGED"
"""The global external Application Load Balancer; cache policies in a URL map exist for it alone (compute v1)."""


def origin(owner: Component, foundation: Foundation, plan: CdnPlan) -> Mapping[str, Any]:
    """What both backend services say of the API."""
    if isinstance(plan.backend, ServerlessPlan):
        return _serverless(owner, foundation, plan.backend)
    return _instance_groups(owner, foundation, plan.backend)


def backend_service(
    owner: Component, plan: CdnPlan, shared: Mapping[str, Any], *, cached: bool
) -> gcp.compute.BackendService:
    """One of the two services in front of the same origin; `shared` is what both say."""
    return gcp.compute.BackendService(
        "cdn-api-cached" if cached else "cdn-api",
        name=plan.cached_name if cached else plan.name,
        description="Cacheable paths of the API" if cached else "The API without a cache",
        load_balancing_scheme=SCHEME,
        enable_cdn=cached,
        # The routes carry the policy; a request that came here without one would be kept only if the API says so.
        cdn_policy={"cache_mode": "USE_ORIGIN_HEADERS"} if cached else None,
        log_config=_log(plan),
        **shared,
        opts=owner.inside(),
    )


def _log(plan: CdnPlan) -> Mapping[str, Any]:
    # A rate can only be given while the log is on (compute v1, BackendServiceLogConfig.sampleRate).
    return {"enable": True, "sample_rate": plan.log_sampling} if plan.log_sampling else {"enable": False}


def _serverless(owner: Component, foundation: Foundation, plan: ServerlessPlan) -> Mapping[str, Any]:
    group = gcp.compute.RegionNetworkEndpointGroup(
        f"cdn-endpoints-{plan.service}-{plan.region}",
        name=plan.name,
        region=plan.region,
        network_endpoint_type="SERVERLESS",
        cloud_run={"service": plan.service},
        # It is a pointer and holds nothing; another service or region is another group, and this one goes.
        opts=owner.inside(foundation.services["compute"], protect=False),
    )
    # A timeout, a named port or a health check would be refused (terraform-google-lb-http#358, #448, #149).
    return {"protocol": "HTTPS", "backends": [{"group": group.id}]}


def _instance_groups(owner: Component, foundation: Foundation, plan: InstanceGroupsPlan) -> Mapping[str, Any]:
    # The kind of check follows the protocol; which one is declared is the only difference.
    check = {
        f"{plan.protocol.lower()}_health_check": {
            "request_path": plan.health_path,
            "port_specification": "USE_SERVING_PORT",
        }
    }
    health = gcp.compute.HealthCheck(
        "cdn-health",
        name=plan.health_check,
        check_interval_sec=10,
        timeout_sec=5,
        healthy_threshold=2,
        unhealthy_threshold=3,
        log_config={"enable": True},
        **check,
        # It holds nothing and goes when the API moves to a Cloud Run service.
        opts=owner.inside(foundation.services["compute"], protect=False),
    )
    return {
        "protocol": plan.protocol,
        "port_name": plan.port_name,
        "timeout_sec": plan.timeout,
        "connection_draining_timeout_sec": plan.drain,
        "health_checks": health.id,
        "backends": [
            {"group": group, "balancing_mode": "UTILIZATION", "max_utilization": 0.8, "capacity_scaler": 1.0}
            for group in plan.groups
        ],
    }
