"""What keeps the document store safe and watched: backups, maintenance, alerts, audit (MDB-BACKUP, COR-14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_mongodbatlas as mongodbatlas

from infra.catalog.mongodb_rows import AtlasAlert
from infra.components.component import Component
from infra.components.notification_channels import Told
from infra.derive.mongodb import MongodbPlan
from infra.settings.mongodb_parts import ComplianceSettings
from infra.settings.monitoring_parts import Channel

_PAGERDUTY = "PAGER_DUTY"

_REPEAT_MINUTES = 60
"""How often an alert that nobody has acknowledged is told again."""


@dataclass(frozen=True)
class MongodbOperationsArgs:
    """The plan, the Atlas project and its cluster, where snapshots are exported to, if anywhere, and who is told."""

    plan: MongodbPlan
    project_id: pulumi.Output[str]
    cluster: mongodbatlas.AdvancedCluster
    export_bucket: mongodbatlas.CloudBackupSnapshotExportBucket | None
    told: Told


class MongodbOperations(Component):
    """Everything around the cluster that is not access to it."""

    def __init__(self, name: str, args: MongodbOperationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._plan = args.plan
        self._told = args.told
        self._project_id = args.project_id
        schedule = self._backup_schedule(args.cluster, args.export_bucket)
        if self._plan.compliance:
            self._compliance_policy(self._plan.compliance, schedule)
        self._maintenance()
        for key, alert in self._plan.alerts.items():
            self._alert(key, alert.row, alert.channels)
        if self._plan.audit_filter:
            mongodbatlas.Auditing(
                "mongodb-audit",
                project_id=self._project_id,
                enabled=True,
                audit_filter=self._plan.audit_filter,
                audit_authorization_success=False,
                opts=self.inside(),
            )
        self.register_outputs({})

    def _backup_schedule(
        self,
        cluster: mongodbatlas.AdvancedCluster,
        export_bucket: mongodbatlas.CloudBackupSnapshotExportBucket | None,
    ) -> mongodbatlas.CloudBackupSchedule:
        plan = self._plan.backup
        copies = {}
        if plan.copy_region:
            copies = {
                # The deprecated `frequencies` would be the default; Atlas lets nobody go back to it.
                "copy_policy_items_enabled": True,
                "copy_settings": [
                    {
                        "cloud_provider": "GCP",
                        "region_name": plan.copy_region,
                        "zone_id": cluster.replication_specs.apply(lambda specs: specs[0].zone_id),
                        "should_copy_oplogs": True,
                        "copy_policy_items": [
                            {
                                "frequency_type": "hourly",
                                "retention_unit": "days",
                                "retention_value": plan.snapshot_days,
                            },
                            {"frequency_type": "daily", "retention_unit": "days", "retention_value": plan.daily_days},
                        ],
                    }
                ],
            }
        return mongodbatlas.CloudBackupSchedule(
            "mongodb-backup-schedule",
            project_id=cluster.project_id,
            cluster_name=cluster.name,
            reference_hour_of_day=plan.hour,
            reference_minute_of_hour=plan.minute,
            restore_window_days=plan.restore_days,
            **self._policy_items(),
            # Under a compliance policy a schedule cannot be deleted; it goes with the cluster.
            skip_destroy=self._plan.compliance is not None,
            **copies,
            **self._exports(export_bucket),
            opts=self.inside(),
        )

    def _exports(self, bucket: mongodbatlas.CloudBackupSnapshotExportBucket | None) -> dict[str, Any]:
        """A snapshot for each export, and the export itself."""
        plan = self._plan.export
        if bucket is None or plan is None:
            return {}
        items = {"weekly": "policy_item_weeklies", "monthly": "policy_item_monthlies"}[plan.frequency]
        return {
            items: [_item(plan.interval, plan.kept_days)],
            "auto_export_enabled": True,
            "export": {"export_bucket_id": bucket.export_bucket_id, "frequency_type": plan.frequency},
        }

    def _policy_items(self) -> dict[str, Any]:
        plan = self._plan.backup
        return {
            "policy_item_hourly": _item(plan.every_hours, plan.snapshot_days),
            "policy_item_daily": _item(1, plan.daily_days),
        }

    def _compliance_policy(self, compliance: ComplianceSettings, schedule: mongodbatlas.CloudBackupSchedule) -> None:
        """Make the schedule the least that anybody may keep; the schedule stands first, so that it is never below."""
        plan = self._plan
        mongodbatlas.BackupCompliancePolicy(
            "mongodb-backup-compliance",
            project_id=self._project_id,
            authorized_email=compliance.email,
            authorized_user_first_name=compliance.first_name,
            authorized_user_last_name=compliance.last_name,
            pit_enabled=True,
            encryption_at_rest_enabled=True,
            copy_protection_enabled=plan.backup.copy_region is not None,
            restore_window_days=plan.backup.restore_days,
            **self._policy_items(),
            opts=self.inside(schedule),
        )

    def _maintenance(self) -> None:
        plan = self._plan.maintenance
        mongodbatlas.MaintenanceWindow(
            "mongodb-maintenance",
            project_id=self._project_id,
            day_of_week=plan.day,
            hour_of_day=plan.hour,
            # `auto_defer` and `defer` are toggles: each update would turn them over.
            auto_defer_once_enabled=plan.defer_once,
            opts=self.inside(),
        )

    def _alert(self, key: str, alert: AtlasAlert, channels: Sequence[Channel]) -> None:
        threshold = _threshold(alert)
        if alert.metric:
            thresholds = {"metric_threshold_config": {"metric_name": alert.metric, "mode": "AVERAGE", **threshold}}
        else:
            thresholds = {"threshold_config": threshold} if threshold else {}
        mongodbatlas.AlertConfiguration(
            f"mongodb-alert-{key}",
            project_id=self._project_id,
            event_type=alert.event,
            # Atlas' own default is false.
            enabled=True,
            notifications=self._notifications(alert.minutes, channels),
            **thresholds,
            opts=self.inside(),
        )

    def _notifications(self, delay: int, channels: Sequence[Channel]) -> list[dict[str, Any]]:
        people = self._plan.notified
        told: list[dict[str, Any]] = [{"type_name": "EMAIL", "email_address": email} for email in people.emails]
        if people.project_roles:
            roles = list(people.project_roles)
            told.append({"type_name": "GROUP", "email_enabled": True, "sms_enabled": False, "roles": roles})
        told += [self._channel(key) for key in channels]
        return [{"delay_min": delay, **_repeated(each["type_name"]), **each} for each in told]

    def _channel(self, key: Channel) -> dict[str, Any]:
        if key == "pagerduty":
            return {"type_name": _PAGERDUTY, "service_key": self._told.secrets[key]}
        if key == "email":
            return {"type_name": "EMAIL", "email_address": self._told.label(key, "email_address")}
        channel = self._told.label(key, "channel_name").removeprefix("#")
        return {"type_name": "SLACK", "api_token": self._told.secrets[key], "channel_name": channel}


def _repeated(type_name: str) -> dict[str, Any]:
    """How often it is told again: for PagerDuty Atlas gives no interval back, and one that is sent differs for ever."""
    return {} if type_name == _PAGERDUTY else {"interval_min": _REPEAT_MINUTES}


def _item(interval: int, days: int) -> dict[str, Any]:
    return {"frequency_interval": interval, "retention_unit": "days", "retention_value": days}


def _threshold(alert: AtlasAlert) -> dict[str, Any]:
    for operator, value in (("GREATER_THAN", alert.above), ("LESS_THAN", alert.below)):
        if value is not None:
            return {"operator": operator, "threshold": value, "units": alert.units}
    return {}
