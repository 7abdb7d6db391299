"""Drills by themselves: a Cloud Run job that restores into a throw-away instance, and the schedule that starts it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.backups import Backups
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.run_job import (
    RunJobArgs,
    ScheduleArgs,
    WayOut,
    image_reader,
    let_out,
    refuse_the_rest,
    run_job,
    start_by_schedule,
)
from infra.components.scheduling import START_AGAIN
from infra.derive.drills import TAG, DrillRolePlan, DrillsPlan


@dataclass(frozen=True)
class DrillsArgs:
    """What the job is built from."""

    plan: DrillsPlan
    foundation: Foundation
    backups: Backups


class Drills(Component):
    """The job acts as the recovery account.

    That may look at every instance and copy it, and do more only to instances whose names carry a drill's mark: it
    signs in to no live database, and can change or delete none.
    """

    job: gcp.cloudrunv2.Job

    def __init__(self, name: str, args: DrillsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._base = base = args.foundation
        plan, self._account = args.plan, args.backups.account
        ready = [
            image_reader(self, base, "drills-image-reader", plan.repository),
            *(self._grant(role) for role in plan.roles),
            *self._wall(plan),
        ]
        self.job = run_job(self, base, "drills-job", self._run(plan), ready)
        schedule = ScheduleArgs(
            schedule=plan.schedule,
            account_id=plan.scheduler_account_id,
            title="Starts drills of recovery",
            description="A drill of PostgreSQL's recovery, of the kind that is due first",
            retries=START_AGAIN,
        )
        start_by_schedule(self, base, "drills", self.job, schedule)
        self.register_outputs({"job": self.job.name})

    def _run(self, plan: DrillsPlan) -> RunJobArgs:
        return RunJobArgs(
            name=plan.name,
            region=plan.region,
            account=self._account.email,
            key=self._base.encryption.key("drills", plan.region),
            image=plan.image,
            arguments=plan.arguments,
            timeout=plan.timeout,
            cpu=plan.cpu,
            memory=plan.memory,
            tags=[TAG],
            variables={name: {"value": value} for name, value in plan.variables.items()},
        )

    def _grant(self, plan: DrillRolePlan) -> pulumi.Resource:
        base = self._base
        role = gcp.projects.IAMCustomRole(
            f"drills-role-{plan.key}",
            role_id=plan.role_id,
            title=f"Drills: {plan.key}",
            permissions=list(plan.permissions),
            opts=self.inside(base.services["iam"]),
        )
        grant: pulumi.Resource = gcp.projects.IAMMember(
            f"drills-grant-{plan.key}",
            project=base.gcp_project,
            role=role.name,
            member=self._account.member,
            condition=_named(f"projects/{base.gcp_project}/instances/{plan.prefix}") if plan.prefix else None,
            # Copies are named after the primary: where another takes its place, the grant is made anew.
            opts=self.inside(base.services["cloudresourcemanager"], protect=False),
        )
        return grant

    def _wall(self, plan: DrillsPlan) -> list[pulumi.Resource]:
        """The firewall around the job, before its first packet."""
        base = self._base
        ways = [
            let_out(
                self,
                base,
                f"drills-egress-{way.key}",
                WayOut(way.name, f"Drills to: {way.description}", way.ranges, way.ports, TAG),
            )
            for way in plan.ways
        ]
        return [*ways, refuse_the_rest(self, base, "drills-egress-refused", plan.denied_name, TAG, "a drill")]


def _named(prefix: str) -> dict[str, str]:
    return {
        # With the name: a grant is known by its condition's title, and the next primary's is another one.
        "title": f"only {prefix.rpartition('/')[2]}",
        "description": "Only instances that a drill has made",
        "expression": f'resource.service == "sqladmin.googleapis.com" && resource.name.startsWith("{prefix}")',
    }
