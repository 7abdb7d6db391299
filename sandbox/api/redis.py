"""Memorystore for Redis: instances, and exports and imports as operations (redis v1)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from sandbox.api import times
from sandbox.api.call import Call, Handler
from sandbox.api.errors import ApiError
from sandbox.api.operations import Operation, OperationError, Operations

_READY = "READY"


class Caches(Protocol):
    """What stands behind the API: a real server's data, or something in memory. Names are whole resource names."""

    def export(self, name: str, uri: str) -> None:
        """Write an instance's data to gs://bucket/object; raises OperationError."""

    def load(self, name: str, uri: str) -> None:
        """Replace an instance's data by an object's; raises OperationError."""


class Redis:
    """The instances of every project, by whole resource name."""

    document = "redis.v1"

    def __init__(self, caches: Caches, polls: int = 3, clock: Callable[[], datetime] = times.now) -> None:
        self._caches = caches
        self.operations = Operations(clock, polls)
        self.instances: dict[str, dict[str, Any]] = {}

    def add(self, name: str, **properties: Any) -> None:
        """An instance that stands; `name` is projects/…/locations/…/instances/…."""
        self.instances[name] = {"name": name, "tier": "STANDARD_HA", "state": _READY, **properties}

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is answered."""
        return {
            "redis.projects.locations.instances.get": self._found,
            "redis.projects.locations.instances.list": self._list,
            "redis.projects.locations.instances.create": self._create,
            "redis.projects.locations.instances.delete": self._delete,
            "redis.projects.locations.instances.export": self._export,
            "redis.projects.locations.instances.import": self._import,
            "redis.projects.locations.operations.get": self._operation,
        }

    def tick(self) -> None:
        """Operations go on."""
        self.operations.tick()

    def _found(self, call: Call) -> dict[str, Any]:
        instance = self.instances.get(call["name"])
        if instance is None:
            raise ApiError(404, f"Resource '{call['name']}' was not found")
        return instance

    def _list(self, call: Call) -> Any:
        prefix = f"{call['parent']}/instances/"
        return {"instances": [row for name, row in sorted(self.instances.items()) if name.startswith(prefix)]}

    def _create(self, call: Call) -> Any:
        name = f"{call['parent']}/instances/{call['instanceId']}"
        if name in self.instances:
            raise ApiError(409, f"Resource '{name}' already exists")
        self.instances[name] = {**call.body, "name": name, "state": "CREATING"}
        return self._begin("create", name, lambda: self.instances[name].update(state=_READY))

    def _delete(self, call: Call) -> Any:
        name = self._free(call)
        self.instances[name]["state"] = "DELETING"

        def work() -> None:
            del self.instances[name]

        return self._begin("delete", name, work)

    def _export(self, call: Call) -> Any:
        name = self._free(call)
        uri = call.body["outputConfig"]["gcsDestination"]["uri"]
        return self._begin("export", name, lambda: self._caches.export(name, uri))

    def _import(self, call: Call) -> Any:
        name = self._free(call)
        uri = call.body["inputConfig"]["gcsSource"]["uri"]
        self.instances[name]["state"] = "IMPORTING"

        def work() -> None:
            try:
                self._caches.load(name, uri)
            finally:
                self.instances[name]["state"] = _READY

        return self._begin("import", name, work)

    def _free(self, call: Call) -> str:
        """The instance's name; ApiError 409 while another operation holds it."""
        name = str(self._found(call)["name"])
        if self.operations.running(name):
            raise ApiError(409, f"There is already an operation in progress on '{name}'", "operationInProgress")
        return name

    def _begin(self, verb: str, name: str, work: Callable[[], None]) -> Any:
        place = "/".join(name.split("/")[:4])
        return _rendered(self.operations.begin(verb, name, work, f"{place}/operations/operation-"))

    def _operation(self, call: Call) -> Any:
        operation = self.operations.by_name.get(call["name"])
        if operation is None:
            raise ApiError(404, f"Operation '{call['name']}' was not found")
        return _rendered(operation)


def _rendered(operation: Operation) -> Any:
    answer: dict[str, Any] = {
        "name": operation.name,
        "done": operation.ended is not None,
        "metadata": {"target": operation.target, "verb": operation.kind},
    }
    if operation.error:
        answer["error"] = {"code": 13, "message": operation.error.message}
    return answer


class NoCaches:
    """Nothing behind the API: an export writes nothing."""

    def export(self, name: str, uri: str) -> None:
        """Fail: there is no data."""
        raise OperationError("INTERNAL", f"{name} has no data to write to {uri}")

    def load(self, name: str, uri: str) -> None:
        """Take it and keep nothing."""
