"""A primary and its recovery replica change places (sqladmin v1, instances.switchover)."""

from collections.abc import MutableMapping
from typing import Any

from sandbox.api.sqladmin.refusals import refuse

Instances = MutableMapping[tuple[str, str], dict[str, Any]]


def check_switchover(instances: Instances, project: str, replica: dict[str, Any]) -> None:
    """Raise ApiError unless this is the recovery replica of a primary of Enterprise Plus."""
    primary = _primary_of(instances, project, replica)
    named = (primary or {}).get("replicationCluster", {}).get("failoverDrReplicaName", "").rpartition(":")[2]
    if primary is None or named != replica["name"] or primary["settings"].get("edition") != "ENTERPRISE_PLUS":
        raise refuse("switchover-no-recovery-replica", instance=replica["name"])


def change_places(instances: Instances, project: str, replica: dict[str, Any]) -> None:
    """The replica leads; the old primary and every other replica follow it."""
    primary = _primary_of(instances, project, replica)
    if primary is None:
        return
    others = [name for name in primary.pop("replicaNames", []) if name != replica["name"]]
    del replica["masterInstanceName"]
    primary.pop("replicationCluster", None)
    primary["instanceType"] = "READ_REPLICA_INSTANCE"
    replica |= {
        "instanceType": "CLOUD_SQL_INSTANCE",
        "replicaNames": [*others, primary["name"]],
        "replicationCluster": {"failoverDrReplicaName": f"{project}:{primary['name']}"},
    }
    for name in replica["replicaNames"]:
        instances[project, name]["masterInstanceName"] = f"{project}:{replica['name']}"


def _primary_of(instances: Instances, project: str, replica: dict[str, Any]) -> dict[str, Any] | None:
    return instances.get((project, str(replica.get("masterInstanceName", "")).rpartition(":")[2]))
