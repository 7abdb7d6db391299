"""Exports of stores to the buckets of copies: a workflow each, its own account, and a schedule (COR-06, COR-07)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.backups import Backups
from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.scheduling import START_AGAIN
from infra.derive.recovery import ExportPlan, RecoveryPlan

_START = "workflows.executions.create"


@dataclass(frozen=True)
class Writer:
    """The store's own identity, which writes the file, and the role with which it may."""

    member: pulumi.Output[str]
    role: pulumi.Input[str]


@dataclass(frozen=True)
class ExportsArgs:
    """What the exports are built from; `writers` by the export's name."""

    plan: RecoveryPlan
    foundation: Foundation
    backups: Backups
    writers: Mapping[str, Writer]


class Exports(Component):
    """For each export the store may write, a workflow asks it to and notes a whole copy, and a schedule starts that.

    Three identities take part, none of which can do another's work: the schedule's starts and sees nothing, the
    workflow's exports and reads no other bucket, the store's creates objects.
    """

    workflows: Mapping[str, gcp.workflows.Workflow]

    def __init__(self, name: str, args: ExportsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self._starter = self._role("exports-start", args.plan.starter_role_id, "start exports", [_START])
        self.workflows = {plan.key: self._export(plan) for plan in args.plan.exports}
        self.register_outputs({"workflows": {key: workflow.name for key, workflow in self.workflows.items()}})

    def _export(self, plan: ExportPlan) -> gcp.workflows.Workflow:
        backups, base, writer = self._args.backups, self._base, self._args.writers[plan.key]
        key, bucket, marker = f"export-{plan.key}", plan.bucket_key, backups.roles["marker"].name
        account = self._account(f"{key}-account", plan.account_id, f"Exports {plan.key}")
        role = self._role(f"{key}-role", plan.role_id, f"export {plan.key}", list(plan.permissions))
        grants = [
            self._let(f"{key}-grant", role, account),
            backups.let_in(f"{key}-writes", bucket, marker, account.member, self),
            backups.let_store_write(f"{key}-store-writes", bucket, writer.role, writer.member, self),
        ]
        workflow = gcp.workflows.Workflow(
            f"{key}-workflow",
            name=plan.name,
            region=plan.region,
            description=f"Export of {plan.key} to a bucket of copies",
            service_account=account.id,
            source_contents=plan.source,
            call_log_level="LOG_ERRORS_ONLY",
            deletion_protection=base.guarded,
            opts=self.inside(*grants, base.services["workflows"]),
        )
        self._schedule(plan, workflow)
        return workflow

    def _schedule(self, plan: ExportPlan, workflow: gcp.workflows.Workflow) -> None:
        key, base = f"export-{plan.key}", self._base
        account = self._account(f"{key}-scheduler", plan.scheduler_account_id, f"Starts the export of {plan.key}")
        starter = self._let(f"{key}-starter", self._starter, account)
        gcp.cloudscheduler.Job(
            f"{key}-schedule",
            name=plan.name,
            region=plan.region,
            description=f"Export of {plan.key} to a bucket of copies",
            schedule=plan.schedule,
            time_zone="Etc/UTC",
            # Said, it is compared after a refresh; left out, a pause by hand would stay unseen.
            paused=False,
            retry_config=dict(START_AGAIN),
            attempt_deadline="60s",
            http_target={
                "http_method": "POST",
                "uri": workflow.id.apply(
                    lambda name: f"https://workflowexecutions.googleapis.com/v1/{name}/executions"
                ),
                "headers": {"Content-Type": "application/json"},
                "body": _started_with(plan),
                "oauth_token": {
                    "service_account_email": account.email,
                    "scope": "https://www.googleapis.com/auth/cloud-platform",
                },
            },
            opts=self.inside(starter, base.services["cloudscheduler"], base.services["workflowexecutions"]),
        )

    def _account(self, key: str, account_id: str, title: str) -> gcp.serviceaccount.Account:
        return gcp.serviceaccount.Account(
            key, account_id=account_id, display_name=title, opts=self.inside(self._base.services["iam"])
        )

    def _role(self, key: str, role_id: str, title: str, permissions: list[str]) -> gcp.projects.IAMCustomRole:
        return gcp.projects.IAMCustomRole(
            key,
            role_id=role_id,
            title=f"Copies: {title}",
            permissions=permissions,
            opts=self.inside(self._base.services["iam"]),
        )

    def _let(
        self, key: str, role: gcp.projects.IAMCustomRole, account: gcp.serviceaccount.Account
    ) -> gcp.projects.IAMMember:
        return gcp.projects.IAMMember(
            key,
            project=self._base.gcp_project,
            role=role.name,
            member=account.member,
            opts=self.inside(self._base.services["cloudresourcemanager"]),
        )


def _started_with(plan: ExportPlan) -> str:
    """The request that starts a run, as Cloud Scheduler keeps it: base64; the argument is JSON inside of JSON."""
    argument = json.dumps(plan.argument, sort_keys=True)
    return base64.b64encode(json.dumps({"argument": argument}).encode()).decode()
