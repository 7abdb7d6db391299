"""The instances behind sqladmin v1, and what holds them: one operation at a time, a name that stays blocked."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.api import times
from sandbox.api.call import Call
from sandbox.api.faults import Kind
from sandbox.api.operations import Operation, OperationError, Operations
from sandbox.api.sqladmin.backups import Backups
from sandbox.api.sqladmin.databases import Databases
from sandbox.api.sqladmin.refusals import refuse
from sandbox.api.sqladmin.resources import checked_settings, instance_resource, rendered

NAME_BLOCKED = timedelta(days=7)
"""Pulumi gcp.sql.DatabaseInstance, `name`: about a week."""

EMPTY: Mapping[str, Any] = {}


class Instances:
    """The instances of every project, by project and name; `polls` is how many requests an operation takes."""

    def __init__(
        self,
        databases: Databases,
        polls: int = 3,
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        self.databases = databases
        self.operations = Operations(clock, polls)
        self.instances: dict[tuple[str, str], dict[str, Any]] = {}
        self.backups = Backups()
        self.deleted: dict[tuple[str, str], datetime] = {}
        self._clock = clock

    def tick(self) -> None:
        """Operations go on."""
        self.operations.tick()

    def add(self, project: str, name: str, address: str | None = None, **settings: Any) -> dict[str, Any]:
        """An instance that stands, made by somebody else; empty behind the API unless an address is given."""
        row = instance_resource(project, name, settings)
        row["state"] = "RUNNABLE"
        row["ipAddresses"] = [{"type": "PRIVATE", "ipAddress": address or self.databases.create(name)}]
        self.instances[project, name] = row
        return row

    def add_backup(self, project: str, name: str, taken: datetime | None = None, status: str = "SUCCESSFUL") -> str:
        """An automated backup of an instance, taken now behind the API; returns its id."""
        handle = self.databases.backup(name) if status == "SUCCESSFUL" else ""
        return self.backups.add(project, name, taken or self._clock(), status, handle)

    def _found(self, call: Call, name: str | None = None) -> dict[str, Any]:
        row = self.instances.get((call["project"], name or call["instance"]))
        if row is None:
            raise refuse("instance-missing")
        return row

    def _exists(self, call: Call) -> bool:
        return (call["project"], call["instance"]) in self.instances

    def _free(self, call: Call) -> dict[str, Any]:
        """The instance, when it runs and no operation holds it."""
        row = self._found(call)
        if self.operations.running(row["name"]):
            raise refuse("operation-in-progress")
        if row["state"] not in ("RUNNABLE", "FAILED") and call.method != "sql.instances.delete":
            raise refuse("not-runnable", instance=row["name"], state=row["state"])
        return row

    def _new(self, call: Call, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        project = call["project"]
        gone = self.deleted.get((project, name))
        if (project, name) in self.instances or (gone is not None and self._clock() - gone < NAME_BLOCKED):
            raise refuse("name-in-use")
        checked_settings(name, body.get("settings", {}))
        row = instance_resource(project, name, {})
        row.update({key: value for key, value in body.items() if key != "name"})
        row["state"] = "PENDING_CREATE"
        return row

    def _make(self, call: Call, row: dict[str, Any], kind: str, make: Callable[[], str]) -> Any:
        """Begin an operation that makes an instance; it is there at once, and reachable when the operation ends."""
        self.instances[call["project"], row["name"]] = row
        return self._work(call, row, kind, make)

    def _work(self, call: Call, row: dict[str, Any], kind: str, make: Callable[[], str]) -> Any:
        def work() -> None:
            try:
                address = make()
            except OperationError:
                row["state"] = "FAILED"
                raise
            row["ipAddresses"] = [{"type": "PRIVATE", "ipAddress": address}]
            row["state"] = "RUNNABLE"

        return self._begin(call, row, kind, work)

    def _begin(
        self,
        call: Call,
        row: Mapping[str, Any],
        kind: str,
        work: Callable[[], None],
        details: Mapping[str, Any] = EMPTY,
    ) -> Any:
        fails = call.fault is not None and call.fault.kind is Kind.OPERATION

        def failing() -> None:
            instance = self.instances[call["project"], row["name"]]
            if instance["state"] == "PENDING_CREATE":
                instance["state"] = "FAILED"
            raise OperationError("INTERNAL_ERROR", "An internal error occurred (simulated).")

        operation: Operation = self.operations.begin(kind, row["name"], failing if fails else work)
        operation.details.update(details)
        return rendered(call["project"], operation)
