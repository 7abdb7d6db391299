"""The invalidation worker: a service of Cloud Run that Pub/Sub alone may call, its figures collected beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.catalog.invalidation_rows import ProbeRow, collector, probes
from infra.components.cache import Cache
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.run_job import WayOut, image_reader, let_out, network_access, refuse_the_rest
from infra.derive.invalidation_service import PORT, TAG, InvalidationServicePlan, PurgeRolePlan

_METRIC_WRITER = "roles/monitoring.metricWriter"
_CONTAINER, _COLLECTOR = "worker", "collector"


def worker(
    owner: Component,
    base: Foundation,
    plan: InvalidationServicePlan,
    cache: Cache,
    ready: Sequence[pulumi.Resource],
) -> gcp.cloudrunv2.Service:
    """Declare the service; `ready` is what must stand before it, beside what it reads, reaches and may do."""
    key = base.encryption.key("invalidator", plan.region)
    before = [
        *ready,
        *(
            image_reader(owner, base, f"invalidation-worker-image-reader-{each.name}", each)
            for each in plan.repositories
        ),
        *cache.secrets.of(*plan.secrets.values(), *plan.files.values()),
        *_wall(owner, base, plan, cache),
        *_rights(owner, base, plan),
    ]
    return gcp.cloudrunv2.Service(
        "invalidation-worker",
        name=plan.name,
        location=plan.region,
        description="Empties the caches of what an event says is stale",
        # Pub/Sub of the same project is inside; nobody on the internet reaches the address, whatever token he has.
        ingress="INGRESS_TRAFFIC_INTERNAL_ONLY",
        invoker_iam_disabled=False,
        custom_audiences=[plan.audience],
        deletion_protection=base.guarded,
        template={
            "service_account": base.identities[plan.program].email,
            "encryption_key": key.key_id,
            "timeout": plan.timeout,
            "max_instance_request_concurrency": plan.events_at_once,
            "execution_environment": "EXECUTION_ENVIRONMENT_GEN2",
            "scaling": {"min_instance_count": plan.least, "max_instance_count": plan.most},
            "containers": [_worker(base, plan, cache), _collector(plan)],
            "volumes": [_volume(base, path, secret, cache) for path, secret in plan.files.items()],
            "vpc_access": network_access(base, [TAG]),
        },
        # A revision that does not become ready gets no event, and the one before goes on.
        traffics=[{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
        opts=owner.inside(*before, key.grant, base.services["run"]),
    )


def _worker(base: Foundation, plan: InvalidationServicePlan, cache: Cache) -> dict[str, Any]:
    plain: dict[str, pulumi.Input[str]] = {**plan.variables, "REDIS_PORT": cache.write_port}
    variables: dict[str, dict[str, Any]] = {name: {"value": value} for name, value in plain.items()}
    for name, key in plan.secrets.items():
        reference = {"secret": base.names.of(key), "version": cache.secrets.version(key)}
        variables[name] = {"value_source": {"secret_key_ref": reference}}
    return {
        "name": _CONTAINER,
        "image": plan.image,
        # The API keeps the variables as a set; by name they are the same list every time.
        "envs": [{"name": name, **variables[name]} for name in sorted(variables)],
        "ports": {"name": "http1", "container_port": PORT},
        "resources": _resources(plan.cpu, plan.memory),
        "startup_probe": _probe(probes()["startup"]),
        "liveness_probe": _probe(probes()["liveness"]),
        "volume_mounts": [
            {"name": _volume_name(path), "mount_path": str(PurePosixPath(path).parent)} for path in plan.files
        ],
    }


def _collector(plan: InvalidationServicePlan) -> dict[str, Any]:
    """Google's Prometheus; it begins when the worker answers."""
    row = collector()
    return {
        "name": _COLLECTOR,
        "image": plan.collector,
        "depends_ons": [_CONTAINER],
        "resources": _resources(str(row.cpu), f"{row.memory_mib}Mi"),
    }


def _resources(cpu: str, memory: str) -> dict[str, Any]:
    """Processors that stay between requests: the second purge comes after the answer, and figures are taken."""
    return {"limits": {"cpu": cpu, "memory": memory}, "cpu_idle": False, "startup_cpu_boost": False}


def _probe(row: ProbeRow) -> dict[str, Any]:
    return {
        "http_get": {"path": row.path, "port": PORT},
        "period_seconds": row.every,
        "timeout_seconds": row.timeout,
        "failure_threshold": row.tries,
        "initial_delay_seconds": 0,
    }


def _volume(base: Foundation, path: str, secret: str, cache: Cache) -> dict[str, Any]:
    item = {"path": PurePosixPath(path).name, "version": cache.secrets.version(secret)}
    return {"name": _volume_name(path), "secret": {"secret": base.names.of(secret), "items": [item]}}


def _volume_name(path: str) -> str:
    return PurePosixPath(path).stem


def _wall(owner: Component, base: Foundation, plan: InvalidationServicePlan, cache: Cache) -> list[pulumi.Resource]:
    """The firewall around the worker, before its first packet."""
    ways = [
        let_out(
            owner,
            base,
            f"invalidation-worker-egress-{way.key}",
            WayOut(way.name, f"Invalidations to: {way.description}", way.ranges, way.ports or [cache.write_port], TAG),
        )
        for way in plan.ways
    ]
    key, what = "invalidation-worker-egress-refused", "the worker of invalidations"
    return [*ways, refuse_the_rest(owner, base, key, plan.denied_name, TAG, what)]


def _rights(owner: Component, base: Foundation, plan: InvalidationServicePlan) -> list[pulumi.Resource]:
    """What the worker's account may do in the project: write figures, and purge the CDN where there is one."""
    figures = _grant(owner, base, plan, "figures", _METRIC_WRITER)
    return [figures, _purge_grant(owner, base, plan, plan.role)] if plan.role else [figures]


def _purge_grant(
    owner: Component, base: Foundation, plan: InvalidationServicePlan, role: PurgeRolePlan
) -> pulumi.Resource:
    made = gcp.projects.IAMCustomRole(
        "invalidation-worker-purge-role",
        role_id=role.role_id,
        title="Purges the CDN",
        permissions=list(role.permissions),
        opts=owner.inside(base.services["iam"]),
    )
    return _grant(owner, base, plan, "purge", made.name)


def _grant(
    owner: Component, base: Foundation, plan: InvalidationServicePlan, key: str, role: pulumi.Input[str]
) -> pulumi.Resource:
    grant: pulumi.Resource = gcp.projects.IAMMember(
        f"invalidation-worker-{key}",
        project=base.gcp_project,
        role=role,
        member=base.identities.member(plan.program),
        opts=owner.inside(base.services["cloudresourcemanager"]),
    )
    return grant
