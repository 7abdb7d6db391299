"""What an operator does to Cloud SQL beside the program: promote a replica, clone an instance, switch two over.

As Google's own commands do it (Cloud SQL, "Promote replicas", "Clone instances", "Use advanced disaster recovery"):
data comes along, and with it databases, users and roles; settings stay the instance's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.cloud.errors import CloudError
from sandbox.cloud.state import Record

if TYPE_CHECKING:
    from sandbox.cloud.facade import Cloud

_INSTANCE = "gcp.sql.DatabaseInstance"
_OF_A_PRIMARY = ("backupConfiguration", "maintenanceWindow", "denyMaintenancePeriod")


def promote(cloud: Cloud, name: str) -> None:
    """Make a replica an instance of its own; raises CloudError when it is none."""
    with cloud.state.transaction():
        replica = cloud.find(_INSTANCE, name)
        source = _source(replica)
        _lead(cloud, replica)
        _copy_contents(cloud, source, name)


def clone(cloud: Cloud, source: str, name: str) -> None:
    """Make a copy of an instance, with its settings, in its region and with its key."""
    with cloud.state.transaction():
        original = cloud.find(_INSTANCE, source)
        if cloud.state.find(_INSTANCE, original.project, name):
            raise CloudError("googleapi: Error 409: The Cloud SQL instance already exists., instanceAlreadyExists")
        outputs = _renamed(original.outputs, source, name)
        address = max((each.outputs["privateIpAddress"] for each in cloud.state.all(_INSTANCE)), key=_octets)
        fresh = ".".join((*address.split(".")[:2], str(int(address.split(".")[2]) + 1), "9"))
        outputs |= {"privateIpAddress": fresh, "firstIpAddress": fresh}
        outputs["ipAddresses"] = [{"type": "PRIVATE", "ipAddress": fresh}]
        place = f"projects/{original.project}/instances/{name}"
        record = Record(_INSTANCE, place, original.project, name, outputs, cloud.state.now())
        cloud.state.put(record)
        _copy_contents(cloud, source, name)


def switch_over(cloud: Cloud, name: str) -> None:
    """A replica and its primary change places; every other replica follows the new primary."""
    with cloud.state.transaction():
        replica = cloud.find(_INSTANCE, name)
        source = _source(replica)
        _lead(cloud, replica)
        for each in cloud.state.all(_INSTANCE):
            if each.name == source or (each.name != name and _follows(each) == source):
                _place_after(cloud, each, name, cloud.find(_INSTANCE, source).outputs.get("encryptionKeyName"))
        _copy_contents(cloud, source, name)
        for each in _contents(cloud, source):
            cloud.state.remove(each.type, each.id)


def _follows(record: Record) -> str:
    return str(record.outputs.get("masterInstanceName") or "").rpartition(":")[2]


def _source(record: Record) -> str:
    if source := _follows(record):
        return source
    raise CloudError(f"googleapi: Error 400: {record.name} is not a read replica., invalidOperation")


def _lead(cloud: Cloud, replica: Record) -> None:
    replica.outputs.update({"instanceType": "CLOUD_SQL_INSTANCE", "masterInstanceName": None})
    cloud.state.put(replica)


def _place_after(cloud: Cloud, record: Record, primary: str, key: str | None) -> None:
    """A replica that inherited its key tells it as its own; what no replica may have is taken from a former primary."""
    record.outputs.update({"instanceType": "READ_REPLICA_INSTANCE", "masterInstanceName": primary})
    record.outputs["encryptionKeyName"] = record.outputs.get("encryptionKeyName") or key
    for setting in _OF_A_PRIMARY:
        record.outputs["settings"].pop(setting, None)
    cloud.state.put(record)


def _contents(cloud: Cloud, instance: str) -> list[Record]:
    """Databases, users and roles of an instance."""
    kinds = ("gcp.sql.", "postgres.")
    every = [each for each in cloud.state.all() if each.type.startswith(kinds)]
    return [each for each in every if each.outputs.get("instance") == instance]


def _copy_contents(cloud: Cloud, source: str, name: str) -> None:
    for each in _contents(cloud, source):
        identifier = "/".join(name if part == source else part for part in each.id.split("/"))
        outputs = _renamed(each.outputs, source, name)
        cloud.state.put(Record(each.type, identifier, each.project, each.name, outputs, each.created))


def _renamed(outputs: dict[str, Any], source: str, name: str) -> dict[str, Any]:
    def renamed(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        for mark in "/:":
            value = mark.join(name if part == source else part for part in value.split(mark))
        return value

    return {key: renamed(value) for key, value in outputs.items()}


def _octets(address: str) -> tuple[int, ...]:
    return tuple(int(part) for part in address.split("."))
