"""A new cluster made of another one's backups: at a point in time, or as the newest snapshot has it.

The new cluster is in the same project, so the private endpoint, the key and the users of the project are there. A user
whose scope names the old cluster is not let in by the new one: docs/runbooks/recovery-mongodb.md tells how that is
mended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from schema.kit import SchemaError

if TYPE_CHECKING:
    from ops.recovery.mongodb.atlas import Atlas

_COPIED = (
    "advancedConfiguration",
    "clusterType",
    "encryptionAtRestProvider",
    "mongoDBMajorVersion",
    "redactClientLogData",
    "versionReleaseSystem",
)
"""What the new cluster has as the old one; a restore asks for the same version and key at least."""

_HARDWARE = (
    "electableSpecs",
    "readOnlySpecs",
    "analyticsSpecs",
    "autoScaling",
    "priority",
    "providerName",
    "regionName",
)
_IDLE = "IDLE"
_READY_SECONDS = 4 * 3600
TAG = "recovery"


def name_of(run: str) -> str:
    """The new cluster's name; of a longer one Atlas takes the first 23 characters for its hosts, which must differ."""
    return f"recovery-{run[2:15].lower()}"


def check_moment(atlas: Atlas, source: str, moment: datetime, now: datetime) -> None:
    """Raise SchemaError when a point in time is not one that the backups can be brought to."""
    days = int(atlas.schedule(source)["restoreWindowDays"])
    oldest = now - timedelta(days=days)
    if not oldest < moment < now:
        raise SchemaError(
            "--point-in-time",
            f"{moment:%Y-%m-%d %H:%M:%S} UTC is not in the restore window",
            allowed=f"from {oldest:%Y-%m-%d %H:%M} UTC to now: {days} days",
            fix="take a snapshot with --snapshot, or the exported one: `python -m ops restore mongodb`",
        )


def newest_snapshot(atlas: Atlas, source: str, wanted: str = "") -> tuple[str, datetime]:
    """The newest complete snapshot, or the one that was asked for, and when it was taken; raises SchemaError."""
    found = atlas.snapshots(source)
    for snapshot in found:
        if wanted in ("", snapshot["id"]):
            return str(snapshot["id"]), _moment(snapshot["createdAt"])
    known = ", ".join(f"{each['id']} of {each['createdAt']}" for each in found[:5])
    raise SchemaError(
        f"snapshot {wanted} of {source}" if wanted else f"snapshots of {source}",
        "there is none that is complete",
        allowed=known,
        fix="take the exported one: `python -m ops restore mongodb`",
    )


def create(atlas: Atlas, source: str, target: str, run: str) -> None:
    """Ask for a cluster like the old one; nothing when this run has asked before.

    Raises SchemaError when there is one of this name that is no recovery's: it would be overwritten.
    """
    old = atlas.cluster(source)
    if old is None:
        raise SchemaError(
            f"cluster {source}",
            "is not there; its retained snapshots are, but a restore needs its description",
            fix="`pulumi up` makes it anew, empty; then restore into it by hand, or from the exported snapshot",
        )
    atlas.create_cluster(body_of(old, target, run))
    made = atlas.cluster(target)
    if made is None or {"key": TAG, "value": run} not in made.get("tags", ()):
        raise SchemaError(
            f"cluster {target}", f"is none that run {run} has made", allowed="a restore goes into a new cluster only"
        )


def body_of(old: Mapping[str, Any], target: str, run: str) -> dict[str, Any]:
    """The request for a cluster like another one, guarded as that is; its disk and machines are no smaller."""
    specs = [
        {
            "regionConfigs": [
                {key: region[key] for key in _HARDWARE if key in region} for region in spec["regionConfigs"]
            ]
        }
        for spec in old["replicationSpecs"]
    ]
    return {
        **{key: old[key] for key in _COPIED if old.get(key) is not None},
        "name": target,
        "replicationSpecs": specs,
        "backupEnabled": True,
        "pitEnabled": True,
        "terminationProtectionEnabled": True,
        "tags": [{"key": TAG, "value": run}],
    }


def await_cluster(atlas: Atlas, target: str, pause: Callable[[float], None] = time.sleep) -> None:
    """Wait until a cluster is idle; raises SchemaError after hours."""
    for _ in range(_turns(atlas)):
        if (atlas.cluster(target) or {}).get("stateName") == _IDLE:
            return
        pause(atlas.pace.poll)
    raise SchemaError(f"cluster {target}", "is still not ready", fix="run the command again: it goes on waiting")


def restore(atlas: Atlas, source: str, target: str, what: Mapping[str, Any]) -> str:
    """Begin the restore job into a new cluster; `what` is its snapshotId or pointInTimeUTCSeconds. Returns its id."""
    kind = "pointInTime" if "pointInTimeUTCSeconds" in what else "automated"
    body = {"deliveryType": kind, "targetClusterName": target, "targetGroupId": atlas.group, **what}
    if target == source:
        raise SchemaError(f"cluster {source}", "is live, and a restore into it overwrites it")
    return atlas.begin_restore(source, body)


def await_restore(atlas: Atlas, source: str, job: str, pause: Callable[[float], None] = time.sleep) -> datetime:
    """Wait for a restore job's end; returns when it ended. Raises SchemaError when it failed."""
    for _ in range(_turns(atlas)):
        told = atlas.job(source, job)
        if told.get("failed") or told.get("cancelled"):
            raise SchemaError(
                f"restore job {job}",
                "was cancelled" if told.get("cancelled") else "failed",
                fix="look at the project's activity feed; a new run makes another cluster and another job",
            )
        if told.get("finishedAt"):
            return _moment(told["finishedAt"])
        pause(atlas.pace.poll)
    raise SchemaError(f"restore job {job}", "is still under way", fix="run the command again: it goes on waiting")


def host_of(atlas: Atlas, target: str) -> str:
    """How programs reach the new cluster: `mongodb+srv://…`, by the private endpoint where there is one."""
    strings = (atlas.cluster(target) or {}).get("connectionStrings", {})
    private = [each["srvConnectionString"] for each in strings.get("privateEndpoint", ())]
    found = [*private, strings.get("standardSrv")]
    if not found[0]:
        raise SchemaError(f"cluster {target}", "has no address yet", fix="run the command again in a few minutes")
    return str(found[0])


def _turns(atlas: Atlas) -> int:
    return max(1, round(_READY_SECONDS / max(atlas.pace.poll, 1.0)))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
