"""Alerts of copies: one is older than promised, an export failed, nobody has practised recovery for too long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.log_metric import log_metric
from infra.components.notification_channels import Told
from infra.derive.copies import CopyPlan
from infra.derive.recovery import RecoveryPlan

_RUNBOOK = "docs/runbooks/exports.md"
_WORKFLOW_FAILED = (
    'metric.type="workflows.googleapis.com/finished_execution_count" AND metric.labels.status="FAILED" AND '
    'resource.type="workflows.googleapis.com/Workflow" AND resource.labels.workflow_id="{name}"'
)
_JOB_FAILED = (
    'metric.type="run.googleapis.com/job/completed_execution_count" AND metric.labels.result="failed" AND '
    'resource.type="cloud_run_job" AND resource.labels.job_name="{name}"'
)
"""Which runs have failed (cloud.google.com/monitoring/api/metrics_gcp: result is failed; recalled 2026-11-26)."""


@dataclass(frozen=True)
class ExportAlertsArgs:
    """What is watched, and who is told."""

    plan: RecoveryPlan
    told: Told
    foundation: Foundation


class ExportAlerts(Component):
    """A metric and a policy a copy, counted where the copy lies and not where it is made: what is missing is told."""

    def __init__(self, name: str, args: ExportAlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._base = args.foundation
        self._told = args.told
        for copy in args.plan.copies:
            self._watch_age(copy)
        for plan in args.plan.exports:
            told = f"A run of the workflow {plan.name} has failed."
            failures = _WORKFLOW_FAILED.format(name=plan.name)
            documentation = self._told.documentation(told, _RUNBOOK)
            self._watch_runs(plan.key, f"an export of {plan.key}", failures, documentation)
        for job in args.plan.jobs:
            told = f"A run of the job {job.name} has failed."
            failures = _JOB_FAILED.format(name=job.name)
            self._watch_runs(job.key, job.words, failures, self._told.documentation(told, job.runbook))
        self.register_outputs({})

    def _watch_age(self, copy: CopyPlan) -> None:
        metric = log_metric(self, self._base, f"copies-metric-{copy.key}", copy.counted)
        gcp.monitoring.AlertPolicy(
            f"copies-alert-{copy.key}",
            display_name=f"Copies: {copy.key} older than {copy.promise}",
            combiner="OR",
            enabled=True,
            severity="CRITICAL",
            notification_channels=self._told.channels("critical"),
            alert_strategy=self._told.strategy(),
            conditions=[
                {
                    "display_name": f"No copy for {copy.promise}",
                    "condition_prometheus_query_language": {
                        "query": copy.query,
                        "duration": "0s",
                        "evaluation_interval": "300s",
                        # A metric exists at Google once it has had its first point.
                        "disable_metric_validation": True,
                    },
                }
            ],
            documentation=self._told.documentation(
                f"The newest copy ({copy.key}) is older than {copy.promise}.", _RUNBOOK
            ),
            opts=self.inside(metric, self._base.services["monitoring"]),
        )

    def _watch_runs(self, key: str, what: str, failures: str, documentation: Mapping[str, Any]) -> None:
        gcp.monitoring.AlertPolicy(
            f"copies-alert-{key}-failed",
            display_name=f"Copies: {what} failed",
            combiner="OR",
            enabled=True,
            severity="WARNING",
            notification_channels=self._told.channels("warning"),
            alert_strategy=self._told.strategy(),
            conditions=[
                {
                    "display_name": "A run has failed",
                    "condition_threshold": {
                        "filter": failures,
                        "comparison": "COMPARISON_GT",
                        "threshold_value": 0,
                        "duration": "0s",
                        "aggregations": [{"alignment_period": "300s", "per_series_aligner": "ALIGN_DELTA"}],
                    },
                }
            ],
            documentation=documentation,
            opts=self.inside(self._base.services["monitoring"]),
        )
