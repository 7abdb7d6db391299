"""Resources of sqladmin v1 as the API shows them."""

import copy
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.api import times
from sandbox.api.operations import Operation
from sandbox.api.sqladmin.refusals import refuse

_BACKUP_TAKES = timedelta(minutes=3)
_NUMBER = "--run-"
"""What stands between instance and run in the name of a backup; Google's names are ids that tell neither."""
_LOG_DAYS = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}
_OWN = ("name", "state", "ipAddresses", "replicaNames", "createTime", "selfLink")
"""What an instance does not hand on to its clone."""


def instance_resource(project: str, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """An instance as a primary of PostgreSQL 16, with its settings laid over the usual ones."""
    usual = {
        "tier": "db-custom-16-61440",
        "edition": "ENTERPRISE",
        "availabilityType": "REGIONAL",
        "deletionProtectionEnabled": True,
        "backupConfiguration": {"enabled": True, "pointInTimeRecoveryEnabled": True, "transactionLogRetentionDays": 7},
    }
    return {
        "kind": "sql#instance",
        "project": project,
        "name": name,
        "region": "asia-northeast1",
        "databaseVersion": "POSTGRES_16",
        "instanceType": "CLOUD_SQL_INSTANCE",
        "createTime": times.text(times.now()),
        "settings": {**usual, **settings},
    }


def copied(source: Mapping[str, Any]) -> dict[str, Any]:
    """What a clone takes over: all settings, the deletion guard included."""
    return copy.deepcopy({key: value for key, value in source.items() if key not in _OWN})


def checked_settings(name: str, settings: Mapping[str, Any]) -> None:
    """Raise ApiError where edition, tier and log days do not go together."""
    edition = settings.get("edition", "ENTERPRISE_PLUS")
    tier = settings.get("tier", "")
    if edition == "ENTERPRISE_PLUS" and tier.startswith("db-custom-"):
        raise refuse("tier-of-edition", tier=tier, edition=edition)
    days = settings.get("backupConfiguration", {}).get("transactionLogRetentionDays", 1)
    if edition == "ENTERPRISE" and days > _LOG_DAYS[edition]:
        raise refuse("log-days-enterprise", instance=name)


def backup_resource(project: str, instance: str, number: str, started: datetime, status: str) -> dict[str, Any]:
    """An automated backup run."""
    return {
        "kind": "sql#backupRun",
        "id": number,
        "instance": instance,
        "type": "AUTOMATED",
        "status": status,
        "databaseVersion": "POSTGRES_16",
        "location": "asia-northeast2",
        "enqueuedTime": times.text(started),
        "startTime": times.text(started),
        "endTime": times.text(started + _BACKUP_TAKES),
        "selfLink": f"https://sqladmin.googleapis.com/v1/projects/{project}/instances/{instance}/backupRuns/{number}",
    }


def kept_resource(project: str, run: Mapping[str, Any]) -> dict[str, Any]:
    """A backup run as a backup with a name of its own, which an instance's end does not take along."""
    return {
        "kind": "sql#backup",
        "name": f"projects/{project}/backups/{run['instance']}{_NUMBER}{run['id']}",
        "instance": run["instance"],
        "type": run["type"],
        "state": run["status"],
        "databaseVersion": run["databaseVersion"],
        "location": run["location"],
        "backupInterval": {"startTime": run["startTime"], "endTime": run["endTime"]},
    }


def named(backup: str) -> tuple[str, str, str]:
    """Project, instance and run of a backup's own name."""
    _, project, _, name = backup.split("/")
    instance, _, number = name.rpartition(_NUMBER)
    return project, instance, number


def rendered(project: str, operation: Operation) -> dict[str, Any]:
    """An operation."""
    answer: dict[str, Any] = {
        "kind": "sql#operation",
        "name": operation.name,
        "status": operation.status,
        "operationType": operation.kind,
        "targetId": operation.target,
        "targetProject": project,
        "insertTime": times.text(operation.inserted),
    }
    answer |= operation.details
    if operation.started:
        answer["startTime"] = times.text(operation.started)
    if operation.ended:
        answer["endTime"] = times.text(operation.ended)
    if operation.error:
        error = {"kind": "sql#operationError", "code": operation.error.code, "message": operation.error.message}
        answer["error"] = {"kind": "sql#operationErrors", "errors": [error]}
    return answer
