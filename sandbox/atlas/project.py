"""One project's clusters, snapshots and restore jobs, and what Atlas refuses of a restore."""

import copy
import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_POLLS = 2
_HOST_CHARACTERS = 23
Body = Mapping[str, Any]


class RefusedError(Exception):
    """What Atlas answers instead: an HTTP status, its error code, and a sentence."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"error": status, "errorCode": code, "detail": detail, "reason": "", "parameters": []}


class Project:
    """A project; `restored` tells by cluster what was restored over it, which must never be a live one."""

    def __init__(self, name: str, cluster: str, *, now: datetime | None = None) -> None:
        self.name, self.id = name, "5" * 24
        self.now = now or datetime(2026, 11, 26, 17, tzinfo=UTC)
        self.window_days = 7
        self.clusters: dict[str, dict[str, Any]] = {}
        self.snapshots: list[dict[str, Any]] = []
        self.jobs: list[dict[str, Any]] = []
        self.restored: dict[str, str] = {}
        self.fails_jobs = False
        self._numbers = itertools.count(1)
        self._polls: dict[str, int] = {}
        self.clusters[cluster] = _cluster(cluster)

    def add_snapshot(self, age: timedelta, status: str = "completed") -> str:
        """A snapshot so old; returns its id."""
        made = {
            "id": self._new_id("a"),
            "createdAt": _text(self.now - age),
            "status": status,
            "mongodVersion": "8.0.12",
        }
        self.snapshots.append(made)
        return str(made["id"])

    def cluster(self, name: str) -> dict[str, Any]:
        """A cluster; one that was asked for is ready after it was looked at a few times."""
        if name not in self.clusters:
            raise RefusedError(404, "CLUSTER_NOT_FOUND", f"No cluster named {name} exists in group {self.id}.")
        found = self.clusters[name]
        if found["stateName"] == "CREATING" and self._has_waited(name):
            found["stateName"] = "IDLE"
            found["connectionStrings"] = {"standardSrv": f"mongodb+srv://{name}.example.mongodb.net"}
        return copy.deepcopy(found)

    def create(self, body: Body) -> dict[str, Any]:
        """Begin a cluster."""
        name = body["name"]
        if name in self.clusters:
            raise RefusedError(400, "DUPLICATE_CLUSTER_NAME", f"A cluster named {name} is already present.")
        # Recalled: of a name that is longer, the first 23 characters make the hosts' names.
        if any(other[:_HOST_CHARACTERS] == name[:_HOST_CHARACTERS] for other in self.clusters):
            raise RefusedError(400, "CLUSTER_NAME_PREFIX_INVALID", f"The name {name} is too like another cluster's.")
        if not body.get("replicationSpecs"):
            raise RefusedError(400, "MISSING_ATTRIBUTE", "The required attribute replicationSpecs was not specified.")
        self.clusters[name] = {**copy.deepcopy(dict(body)), "stateName": "CREATING", "connectionStrings": {}}
        return self.clusters[name]

    def schedule(self, cluster: str) -> dict[str, Any]:
        """The backup schedule."""
        return {"clusterName": self.cluster(cluster)["name"], "restoreWindowDays": self.window_days}

    def begin_restore(self, source: str, body: Body) -> dict[str, Any]:
        """Begin a restore job; whatever the target holds goes."""
        self._check_source(source, body)
        target = self._target(body)
        self._check_target(self.cluster(source), target)
        job = {
            "id": self._new_id("b"),
            "deliveryType": body["deliveryType"],
            "targetClusterName": target["name"],
            "targetGroupId": self.id,
            "failed": False,
            "cancelled": False,
        }
        self.jobs.insert(0, job)
        self.restored[target["name"]] = str(body.get("snapshotId") or body["pointInTimeUTCSeconds"])
        return job

    def job(self, job: str) -> dict[str, Any]:
        """A job; it ends after it was looked at a few times."""
        found = next((each for each in self.jobs if each["id"] == job), None)
        if found is None:
            raise RefusedError(404, "RESOURCE_NOT_FOUND", f"Cannot find resource {job}.")
        if not found["failed"] and "finishedAt" not in found and self._has_waited(job):
            if self.fails_jobs:
                found["failed"] = True
            else:
                found["finishedAt"] = _text(self.now)
        return found

    def _check_source(self, source: str, body: Body) -> None:
        self.cluster(source)
        kind = body.get("deliveryType")
        if kind == "automated":
            found = next((each for each in self.snapshots if each["id"] == body.get("snapshotId")), None)
            if found is None or found["status"] != "completed":
                raise RefusedError(404, "RESOURCE_NOT_FOUND", f"Cannot find resource {body.get('snapshotId')}.")
        elif kind == "pointInTime":
            moment = datetime.fromtimestamp(body.get("pointInTimeUTCSeconds", 0), UTC)
            # Recalled: the code. The window is the schedule's (docs, "Recover a point in time").
            if not self.now - timedelta(days=self.window_days) <= moment <= self.now:
                raise RefusedError(400, "INVALID_POINT_IN_TIME", "The point in time is not in the restore window.")
        else:
            raise RefusedError(400, "INVALID_ENUM_VALUE", "An invalid enumeration value was specified: deliveryType.")

    def _target(self, body: Body) -> dict[str, Any]:
        if body.get("targetGroupId") != self.id:
            raise RefusedError(404, "GROUP_NOT_FOUND", f"No group with ID {body.get('targetGroupId')} exists.")
        return self.cluster(str(body.get("targetClusterName")))

    def _check_target(self, source: Body, target: Body) -> None:
        """What the documentation asks of a target: its state, its version, its key, its room (codes recalled)."""
        if target["stateName"] != "IDLE":
            raise RefusedError(409, "CLUSTER_NOT_IDLE", f"The cluster {target['name']} is {target['stateName']}.")
        for key in ("mongoDBMajorVersion", "encryptionAtRestProvider"):
            if target.get(key) != source.get(key):
                raise RefusedError(400, "RESTORE_TARGET_INCOMPATIBLE", f"The target's {key} is not the snapshot's.")
        if _disk(target) < _disk(source):
            raise RefusedError(400, "RESTORE_TARGET_TOO_SMALL", "The target has less storage than the snapshot.")

    def _new_id(self, kind: str) -> str:
        return f"{kind}{next(self._numbers):023}"

    def _has_waited(self, key: str) -> bool:
        self._polls[key] = self._polls.get(key, 0) + 1
        return self._polls[key] > _POLLS


def _cluster(name: str) -> dict[str, Any]:
    region = {
        "providerName": "GCP",
        "regionName": "NORTHEASTERN_ASIA_PACIFIC",
        "priority": 7,
        "electableSpecs": {"instanceSize": "M30", "nodeCount": 3, "diskSizeGB": 40},
        "autoScaling": {"diskGB": {"enabled": True}},
        "effectiveElectableSpecs": {"instanceSize": "M30"},
    }
    return {
        "id": "c" * 24,
        "name": name,
        "clusterType": "REPLICASET",
        "mongoDBMajorVersion": "8.0",
        "encryptionAtRestProvider": "GCP",
        "backupEnabled": True,
        "pitEnabled": True,
        "terminationProtectionEnabled": True,
        "stateName": "IDLE",
        "tags": [],
        "replicationSpecs": [{"id": "d" * 24, "zoneName": "Zone 1", "regionConfigs": [region]}],
        "connectionStrings": {"standardSrv": f"mongodb+srv://{name}.example.mongodb.net"},
    }


def _disk(cluster: Body) -> float:
    return float(cluster["replicationSpecs"][0]["regionConfigs"][0]["electableSpecs"]["diskSizeGB"])


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
