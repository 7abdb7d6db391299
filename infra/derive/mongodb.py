"""The document store on MongoDB Atlas as it will be declared (MDB-CLUSTER, MDB-BACKUP, COR-12 … COR-15)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from infra.catalog import mongodb_rows as catalog
from infra.derive import schedule
from infra.derive.atlas_alerts import AtlasAlertPlan, atlas_alert_plans
from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.mongodb import MongodbSettings
from infra.settings.mongodb_parts import (
    AlertSettings,
    AutoscalingSettings,
    ComplianceSettings,
    MongodbBackupSettings,
    WorkloadIdentitySettings,
)
from infra.settings.recovery_parts import MongodbExportSettings

_SUNDAY = 7

NODES = 3
"""Nodes of the replica set, which Atlas spreads over the region's three zones (COR-12)."""


@dataclass(frozen=True)
class ClusterPlan:
    """The replica set; `region` is Atlas' name of the region, the oplog's window is in hours."""

    name: str
    region: str
    version: str
    size: str
    autoscaling: AutoscalingSettings | None
    disk_gb: int
    disk_autoscaling: bool
    oplog_hours: int | None


@dataclass(frozen=True)
class MongodbBackupPlan:
    """The backup schedule in Atlas' units: hours, days, and the time of day in UTC; `copy_region` is Atlas' name."""

    hour: int
    minute: int
    every_hours: int
    snapshot_days: int
    restore_days: int
    daily_days: int
    copy_region: str | None


@dataclass(frozen=True)
class MongodbExportPlan:
    """Snapshots that Atlas exports by itself: `interval` is the day of the week (7 = Sunday) or of the month."""

    frequency: Literal["weekly", "monthly"]
    interval: int
    kept_days: int


@dataclass(frozen=True)
class MongodbMaintenancePlan:
    """The weekly hour in UTC; day 1 = Sunday … 7 = Saturday."""

    day: int
    hour: int
    defer_once: bool


@dataclass(frozen=True)
class MongodbUserPlan:
    """A program and its roles on the database."""

    key: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class SearchIndexPlan:
    """An Atlas Search index; `fields` are Atlas' field mappings as JSON."""

    name: str
    collection: str
    analyzer: str
    fields: str


@dataclass(frozen=True)
class MongodbPlan:
    """The whole store; `audit_filter` is JSON, None where nothing is audited."""

    organisation: str
    project_name: str
    cluster: ClusterPlan
    database: str
    backup: MongodbBackupPlan
    export: MongodbExportPlan | None
    maintenance: MongodbMaintenancePlan
    alerts: Mapping[str, AtlasAlertPlan]
    notified: AlertSettings
    audit_filter: str | None
    identity_provider: WorkloadIdentitySettings | None
    users: tuple[MongodbUserPlan, ...]
    search_indexes: tuple[SearchIndexPlan, ...]
    compliance: ComplianceSettings | None

    def connection_string(self, srv: str) -> str:
        """What programs are handed (CONN): Atlas' private SRV string with database and sign-in, without a password.

        `srv` is `mongodb+srv://<host>`. A driver gets the token of the program's own service account from Google.
        """
        options = {"retryWrites": "true", "w": "majority"}
        if self.identity_provider:
            options |= {
                "authSource": "$external",
                "authMechanism": "MONGODB-OIDC",
                "authMechanismProperties": f"ENVIRONMENT:gcp,TOKEN_RESOURCE:{self.identity_provider.audience}",
            }
        return f"{srv.rstrip('/')}/{self.database}?{urlencode(options)}"


def mongodb_plan(mongodb: MongodbSettings, settings: Settings, names: Names) -> MongodbPlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    region = catalog.atlas_regions()[settings.project.region]
    return MongodbPlan(
        organisation=mongodb.organisation,
        # Retained snapshots keep the project, and with it its name.
        project_name=names.lasting("mongodb"),
        cluster=ClusterPlan(
            name=names.of("mongodb"),
            region=region,
            version=f"{mongodb.version}.0",
            size=mongodb.size,
            autoscaling=mongodb.autoscaling,
            disk_gb=mongodb.disk.gib,
            disk_autoscaling=mongodb.disk_autoscaling,
            oplog_hours=mongodb.oplog_window.seconds // 3600 if mongodb.oplog_window else None,
        ),
        database=mongodb.database,
        backup=_backup(mongodb.backup),
        export=_export(settings.recovery.mongodb, mongodb.backup) if settings.recovery else None,
        maintenance=_maintenance(mongodb),
        alerts=atlas_alert_plans(settings),
        notified=mongodb.alerts,
        audit_filter=_audit_filter() if mongodb.audit else None,
        identity_provider=mongodb.workload_identity_provider,
        users=tuple(MongodbUserPlan(key, tuple(sorted(user.roles))) for key, user in sorted(mongodb.users.items())),
        search_indexes=_search_indexes() if mongodb.search_indexes else (),
        compliance=mongodb.compliance_policy,
    )


def _backup(backup: MongodbBackupSettings) -> MongodbBackupPlan:
    hour, minute = schedule.daily_utc(backup.time).split(":")
    return MongodbBackupPlan(
        hour=int(hour),
        minute=int(minute),
        every_hours=backup.snapshot_every.seconds // 3600,
        snapshot_days=backup.snapshots_retained.days,
        restore_days=backup.restore_window.days,
        daily_days=backup.daily_retained.days,
        copy_region=catalog.atlas_regions()[backup.copy_region] if backup.copy_region else None,
    )


def _export(export: MongodbExportSettings, backup: MongodbBackupSettings) -> MongodbExportPlan:
    """A snapshot of its own for each export; Atlas keeps it as long as the more frequent ones at least."""
    kept = max(backup.daily_retained.days, backup.snapshots_retained.days)
    if export.every == "week":
        return MongodbExportPlan("weekly", _SUNDAY, kept)
    return MongodbExportPlan("monthly", 1, kept)


def _maintenance(mongodb: MongodbSettings) -> MongodbMaintenancePlan:
    window = schedule.weekly_utc(mongodb.maintenance.window)
    return MongodbMaintenancePlan(
        # Atlas' week begins on Sunday = 1, ISO's on Monday = 1.
        day=window.day % 7 + 1,
        hour=window.hour,
        defer_once=mongodb.maintenance.defer_once,
    )


def _audit_filter() -> str:
    events = catalog.audit_events()
    failed = {"atype": {"$in": sorted(events.failed)}, "result": {"$ne": 0}}
    return _json({"$or": [{"atype": {"$in": sorted(events.always)}}, failed]})


def _search_indexes() -> tuple[SearchIndexPlan, ...]:
    return tuple(
        SearchIndexPlan(name, row.collection, row.analyzer, _json(row.fields))
        for name, row in sorted(catalog.search_indexes().items())
    )


def _json(value: Any) -> str:
    """The same text every time, so that it is no difference."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
