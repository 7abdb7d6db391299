"""A container of Cloud Run that runs once in the network: the job, what lets it out, the schedule that starts it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.encryption import UsableKey
from infra.components.foundation import Foundation
from infra.derive.images import RepositoryPlan

_ANYWHERE = IPv4Network("0.0.0.0/0")
_LET_OUT, _REFUSED = 1000, 65534
"""Priorities of firewall rules: that of a way out, and of the rule behind all others."""


@dataclass(frozen=True)
class RunJobArgs:
    """A job: as whom and of what it runs, what it is told (`variables` by name) and where the firewall knows it by."""

    name: str
    region: str
    account: pulumi.Input[str]
    key: UsableKey
    image: str
    arguments: Sequence[str]
    timeout: str
    cpu: str
    memory: str
    tags: Sequence[str]
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mounts: Sequence[Mapping[str, Any]] = ()
    volumes: Sequence[Mapping[str, Any]] = ()


def run_job(
    owner: Component, base: Foundation, key: str, args: RunJobArgs, ready: Sequence[pulumi.Resource]
) -> gcp.cloudrunv2.Job:
    """Declare a job; `ready` is what must stand before it."""
    return gcp.cloudrunv2.Job(
        key,
        name=args.name,
        location=args.region,
        deletion_protection=base.guarded,
        template={
            # Two at once would wait for each other, or get into each other's way.
            "task_count": 1,
            "parallelism": 1,
            "template": {
                "service_account": args.account,
                "encryption_key": args.key.key_id,
                "timeout": args.timeout,
                # What was begun is continued by the next run; a retry at once would hide why the first one failed.
                "max_retries": 0,
                "execution_environment": "EXECUTION_ENVIRONMENT_GEN2",
                "containers": [_container(args)],
                **_unless_empty("volumes", args.volumes),
                "vpc_access": network_access(base, args.tags),
            },
        },
        opts=owner.inside(*ready, args.key.grant, base.services["run"]),
    )


def _container(args: RunJobArgs) -> dict[str, Any]:
    return {
        "image": args.image,
        "args": list(args.arguments),
        # The API keeps the variables as a set; by name they are the same list every time.
        "envs": [{"name": name, **args.variables[name]} for name in sorted(args.variables)],
        "resources": {"limits": {"cpu": args.cpu, "memory": args.memory}},
        **_unless_empty("volume_mounts", args.mounts),
    }


def _unless_empty(name: str, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An input of its own; an empty list would be a difference to what the cloud gives back, which is none."""
    return {name: list(items)} if items else {}


def network_access(base: Foundation, tags: Sequence[str]) -> dict[str, Any]:
    """Into the subnet with everything, the internet too: one way out, through the firewall and the NAT."""
    interface = {
        "network": base.network.network_id,
        "subnetwork": base.network.subnets["primary"].id,
        "tags": list(tags),
    }
    return {"egress": "ALL_TRAFFIC", "network_interfaces": [interface]}


def image_reader(owner: Component, base: Foundation, key: str, repository: RepositoryPlan) -> pulumi.Resource:
    """Let Cloud Run fetch images of a repository: it does that as itself, not as the job."""
    grant: pulumi.Resource = gcp.artifactregistry.RepositoryIamMember(
        key,
        project=repository.project,
        location=repository.location,
        repository=repository.name,
        role="roles/artifactregistry.reader",
        member=base.encryption.agent_member("run"),
        opts=owner.inside(),
    )
    return grant


@dataclass(frozen=True)
class WayOut:
    """A firewall rule that lets jobs with a tag out."""

    name: str
    description: str
    ranges: Sequence[IPv4Network]
    ports: Sequence[pulumi.Input[str]]
    tag: str


def let_out(owner: Component, base: Foundation, key: str, way: WayOut) -> pulumi.Resource:
    """Declare a way out."""
    return _egress(owner, base, key, way, priority=_LET_OUT, allows=[{"protocol": "tcp", "ports": list(way.ports)}])


def refuse_the_rest(owner: Component, base: Foundation, key: str, name: str, tag: str, what: str) -> pulumi.Resource:  # noqa: PLR0913, PLR0917 # as let_out
    """Refuse whatever no way out lets through."""
    rest = WayOut(name, f"Whatever else {what} sends", [_ANYWHERE], (), tag)
    return _egress(owner, base, key, rest, priority=_REFUSED, denies=[{"protocol": "all"}])


def _egress(owner: Component, base: Foundation, key: str, way: WayOut, **verdict: Any) -> pulumi.Resource:
    rule: pulumi.Resource = gcp.compute.Firewall(
        key,
        name=way.name,
        description=way.description,
        network=base.network.network_id,
        direction="EGRESS",
        destination_ranges=[str(each) for each in way.ranges],
        target_tags=[way.tag],
        log_config={"metadata": "INCLUDE_ALL_METADATA"},
        opts=owner.inside(),
        **verdict,
    )
    return rule


@dataclass(frozen=True)
class ScheduleArgs:
    """When a job is started (cron, UTC), and as which account, which may do nothing else; `retries`: Scheduler's."""

    schedule: str
    account_id: str
    title: str
    description: str
    retries: Mapping[str, Any]


def start_by_schedule(
    owner: Component, base: Foundation, key: str, job: gcp.cloudrunv2.Job, args: ScheduleArgs
) -> None:
    """Declare the schedule of a job, its account, and the one right that this has."""
    account = gcp.serviceaccount.Account(
        f"{key}-scheduler",
        account_id=args.account_id,
        display_name=args.title,
        opts=owner.inside(base.services["iam"]),
    )
    invoker = gcp.cloudrunv2.JobIamMember(
        f"{key}-scheduler-invoker",
        project=base.gcp_project,
        location=job.location,
        name=job.name,
        role="roles/run.invoker",
        member=account.member,
        opts=owner.inside(),
    )
    gcp.cloudscheduler.Job(
        f"{key}-schedule",
        name=job.name,
        region=job.location,
        description=args.description,
        schedule=args.schedule,
        time_zone="Etc/UTC",
        # Said, it is compared after a refresh; left out, a pause by hand would stay unseen.
        paused=False,
        retry_config=dict(args.retries),
        attempt_deadline="30s",
        http_target={
            "http_method": "POST",
            "uri": job.id.apply(lambda name: f"https://run.googleapis.com/v2/{name}:run"),
            "oauth_token": {
                "service_account_email": account.email,
                "scope": "https://www.googleapis.com/auth/cloud-platform",
            },
        },
        opts=owner.inside(invoker, base.services["cloudscheduler"]),
    )
