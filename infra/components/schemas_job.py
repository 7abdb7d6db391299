"""One job of the schema step: a container that runs once, in the network, and is told where its store is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.derive.names import Names
from infra.derive.schemas import JobPlan, SchemasPlan, SecretPlan


def job(
    owner: Component, base: Foundation, step: SchemasPlan, plan: JobPlan, ready: Sequence[pulumi.Resource]
) -> gcp.cloudrunv2.Job:
    """Declare a job; `ready` is what must stand before it."""
    key = base.encryption.key("schemas", step.region)
    return gcp.cloudrunv2.Job(
        f"schemas-job-{plan.key}",
        name=plan.name,
        location=step.region,
        deletion_protection=base.guarded,
        template={
            # Two at once would wait for each other at the store's lock.
            "task_count": 1,
            "parallelism": 1,
            "template": {
                "service_account": base.identities[step.program].email,
                "encryption_key": key.key_id,
                "timeout": step.timeout,
                # What was begun is continued by the next run; a retry at once would hide why the first one failed.
                "max_retries": 0,
                "execution_environment": "EXECUTION_ENVIRONMENT_GEN2",
                "containers": [_container(base.names, step, plan)],
                **_unless_empty("volumes", [_volume(base.names, path, each) for path, each in plan.files.items()]),
                "vpc_access": _network(base, plan),
            },
        },
        opts=owner.inside(*ready, key.grant, base.services["run"]),
    )


def _container(names: Names, step: SchemasPlan, plan: JobPlan) -> dict[str, Any]:
    # The API keeps the variables as a set; by name they are the same list every time.
    variables: dict[str, dict[str, Any]] = {name: {"value": value} for name, value in plan.values.items()}
    for name, secret in plan.secrets.items():
        reference = {"secret": names.of(secret.key), "version": secret.version}
        variables[name] = {"value_source": {"secret_key_ref": reference}}
    mounts = [{"name": _volume_name(path), "mount_path": str(PurePosixPath(path).parent)} for path in plan.files]
    return {
        "image": step.image,
        "args": list(plan.arguments),
        "envs": [{"name": name, **variables[name]} for name in sorted(variables)],
        "resources": {"limits": {"cpu": step.cpu, "memory": step.memory}},
        **_unless_empty("volume_mounts", mounts),
    }


def _unless_empty(name: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """An input of its own; an empty list would be a difference to what the cloud gives back, which is none."""
    return {name: items} if items else {}


def _volume(names: Names, path: str, secret: SecretPlan) -> dict[str, Any]:
    item = {"path": PurePosixPath(path).name, "version": secret.version}
    return {
        "name": _volume_name(path),
        "secret": {"secret": names.of(secret.key), "items": [item]},
    }


def _volume_name(path: str) -> str:
    return PurePosixPath(path).stem


def _network(base: Foundation, plan: JobPlan) -> dict[str, Any]:
    """Into the subnet with everything, the internet too: one way out, through the firewall and the NAT."""
    interface = {
        "network": base.network.network_id,
        "subnetwork": base.network.subnets["primary"].id,
        "tags": list(plan.tags),
    }
    return {"egress": "ALL_TRAFFIC", "network_interfaces": [interface]}
