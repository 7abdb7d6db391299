"""The schema step: Cloud Run jobs inside the network, started by a deployment, by hand, and one by a schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components import schemas_job
from infra.components.backups import CREATE, Backups
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord, counted
from infra.components.run_job import ScheduleArgs, WayOut, image_reader, let_out, refuse_the_rest, start_by_schedule
from infra.components.scheduling import LEAVE_TO_THE_NEXT, START_AGAIN
from infra.components.secrets import ADD, LIST, Secrets
from infra.derive.schemas import EVERY_JOB, OWN_API_KEY, TAG, EgressPlan, JobPlan, ScheduledJobPlan, SchemasPlan


@dataclass(frozen=True)
class SchemasArgs:
    """What the jobs are built from: what the stores keep for them, and the ports that only a store itself tells.

    `backups` holds the buckets that some jobs write copies to; `grants` are, by store, what its job has to be let do
    beforehand besides reading its secrets.
    """

    plan: SchemasPlan
    foundation: Foundation
    keepers: Sequence[Secrets]
    ports: Mapping[str, pulumi.Output[str]]
    grants: Mapping[str, Sequence[pulumi.Resource]]
    backups: Backups | None = None


class Schemas(Component):
    """A job a store, all with one account and one image, each let out to its own store and to TLS ports anywhere.

    A job is there when whatever it reads is: Cloud Run refuses one whose secret has no content or is not its to read.
    """

    jobs: Mapping[str, gcp.cloudrunv2.Job]

    def __init__(self, name: str, args: SchemasArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._plan = args.plan
        self._base = args.foundation
        own = Secrets(self, self._base)
        self._keepers = (*args.keepers, own)
        self._api_keys(own)
        self._grants = args.grants
        self._backups = args.backups
        self._image = image_reader(self, self._base, "schemas-image-reader", args.plan.repository)
        self._ways_out = {plan.store: self._let_out(plan, args.ports) for plan in args.plan.egress}
        self._refused = self._refuse_the_rest()
        self.jobs = {plan.key: self._job(plan) for plan in args.plan.jobs}
        for scheduled in args.plan.scheduled:
            self._schedule(scheduled)
        self.register_outputs({"jobs": {key: job.name for key, job in self.jobs.items()}})

    @property
    def record(self) -> StoreRecord:
        """The step in the inventory."""
        plan = self._plan
        return StoreRecord(
            store="schemas",
            engine="Cloud Run jobs",
            version=plan.image.rpartition("@")[2],
            size=f"{counted(len(self.jobs), 'job')}, {plan.cpu} CPU, {plan.memory}",
            location=plan.region,
            high_availability="all zones of the region",
            backup="none: it holds no data",
            encryption_key=self._base.encryption.key("schemas", plan.region).key_id,
            endpoints={key: job.id for key, job in self.jobs.items()},
            owner=self._base.owner,
        )

    def _job(self, plan: JobPlan) -> gcp.cloudrunv2.Job:
        """A job, after what it needs: image, secrets, grants, and the firewall around it before its first packet."""
        ways_out = [way for store, way in self._ways_out.items() if store in (plan.store, EVERY_JOB)]
        secrets = [each for keeper in self._keepers for each in keeper.of(*plan.secret_keys)]
        ready = [self._image, *ways_out, self._refused, *secrets, *self._grants.get(plan.store, ())]
        if self._backups and plan.bucket_key:
            member = self._base.identities.member(self._plan.program)
            key = f"schemas-writes-{plan.bucket_key}"
            ready.append(self._backups.let_in(key, plan.bucket_key, CREATE, member, self))
        return schemas_job.job(self, self._base, self._plan, plan, ready)

    def _api_keys(self, keeper: Secrets) -> None:
        """Where Elasticsearch's keys are kept: the step makes each program's and may look at none but its own."""
        plan = self._plan
        if plan.keeps_own_api_key:
            keeper.declare(OWN_API_KEY, plan.program)
        for client, key in plan.api_keys.items():
            secret = keeper.declare(key, client)
            keeper.let(plan.program, key, secret, ADD)
            keeper.let(plan.program, key, secret, LIST)

    def _let_out(self, plan: EgressPlan, told: Mapping[str, pulumi.Output[str]]) -> pulumi.Resource:
        way = WayOut(
            name=self._base.names.of("data", "allow-schema", plan.store),
            description=f"The schema step to: {plan.description}",
            ranges=plan.ranges,
            ports=plan.ports or [told[plan.store]],
            tag=plan.tag,
        )
        return let_out(self, self._base, f"schemas-egress-{plan.store}", way)

    def _refuse_the_rest(self) -> pulumi.Resource:
        name = self._base.names.of("data", "deny-schema")
        return refuse_the_rest(self, self._base, "schemas-egress-refused", name, TAG, "the schema step")

    def _schedule(self, plan: ScheduledJobPlan) -> None:
        """A job that a schedule starts, as an account that may do nothing else."""
        retries = LEAVE_TO_THE_NEXT if plan.is_frequent else START_AGAIN
        args = ScheduleArgs(plan.schedule, plan.account_id, plan.title, plan.description, retries)
        start_by_schedule(self, self._base, plan.key, self._job(plan.job), args)
