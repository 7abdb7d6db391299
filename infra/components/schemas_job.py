"""One job of the schema step: a container that runs once, in the network, and is told where its store is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.run_job import RunJobArgs, run_job
from infra.derive.names import Names
from infra.derive.schemas import JobPlan, SchemasPlan, SecretPlan


def job(
    owner: Component, base: Foundation, step: SchemasPlan, plan: JobPlan, ready: Sequence[pulumi.Resource]
) -> gcp.cloudrunv2.Job:
    """Declare a job; `ready` is what must stand before it."""
    args = RunJobArgs(
        name=plan.name,
        region=step.region,
        account=base.identities[step.program].email,
        key=base.encryption.key("schemas", step.region),
        image=step.image,
        arguments=plan.arguments,
        timeout=step.timeout,
        cpu=step.cpu,
        memory=step.memory,
        tags=plan.tags,
        variables=_variables(base.names, plan),
        mounts=[{"name": _volume_name(path), "mount_path": str(PurePosixPath(path).parent)} for path in plan.files],
        volumes=[_volume(base.names, path, each) for path, each in plan.files.items()],
    )
    return run_job(owner, base, f"schemas-job-{plan.key}", args, ready)


def _variables(names: Names, plan: JobPlan) -> dict[str, dict[str, Any]]:
    variables: dict[str, dict[str, Any]] = {name: {"value": value} for name, value in plan.values.items()}
    for name, secret in plan.secrets.items():
        reference = {"secret": names.of(secret.key), "version": secret.version}
        variables[name] = {"value_source": {"secret_key_ref": reference}}
    return variables


def _volume(names: Names, path: str, secret: SecretPlan) -> dict[str, Any]:
    item = {"path": PurePosixPath(path).name, "version": secret.version}
    return {
        "name": _volume_name(path),
        "secret": {"secret": names.of(secret.key), "items": [item]},
    }


def _volume_name(path: str) -> str:
    return PurePosixPath(path).stem
