"""The methods of sqladmin v1 that recovery calls; what is refused stands in rules/sqladmin.yaml."""

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.api import times
from sandbox.api.call import Call, Handler
from sandbox.api.errors import ApiError
from sandbox.api.operations import OperationError
from sandbox.api.sqladmin import replication
from sandbox.api.sqladmin.databases import Databases
from sandbox.api.sqladmin.instances import Instances
from sandbox.api.sqladmin.refusals import refuse
from sandbox.api.sqladmin.resources import checked_settings, copied, rendered


class SqlAdmin(Instances):
    """The API over them; `objects` reads what an import is given."""

    document = "sqladmin.v1"

    def __init__(
        self,
        databases: Databases,
        objects: Callable[[str], bytes] | None = None,
        polls: int = 3,
        clock: Callable[[], datetime] = times.now,
    ) -> None:
        super().__init__(databases, polls, clock)
        self.users: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        self._objects = objects

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is answered."""
        return {
            "sql.instances.get": self._instance,
            "sql.instances.list": self._list,
            "sql.instances.insert": self._insert,
            "sql.instances.patch": self._patch,
            "sql.instances.delete": self._delete,
            "sql.instances.clone": self._clone,
            "sql.instances.restoreBackup": self._restore,
            "sql.instances.import": self._import,
            "sql.instances.promoteReplica": self._promote,
            "sql.instances.switchover": self._switch_over,
            "sql.projects.instances.getLatestRecoveryTime": self._window,
            "sql.backupRuns.list": lambda call: self.backups.list(call, exists=self._exists(call)),
            "sql.backupRuns.get": self.backups.get,
            "sql.Backups.ListBackups": self.backups.kept,
            "sql.backupRuns.insert": self._back_up,
            "sql.users.insert": self._insert_user,
            "sql.databases.get": self._database,
            "sql.databases.insert": self._insert_database,
            "sql.operations.get": self._operation,
            "sql.operations.list": self._operations,
        }

    def _instance(self, call: Call) -> Any:
        return self._found(call)

    def _list(self, call: Call) -> Any:
        rows = [row for (project, _), row in sorted(self.instances.items()) if project == call["project"]]
        return {"kind": "sql#instancesList", "items": rows}

    def _insert(self, call: Call) -> Any:
        row = self._new(call, call.body["name"], call.body)
        return self._make(call, row, "CREATE", lambda: self.databases.create(row["name"]))

    def _clone(self, call: Call) -> Any:
        source, context = self._free(call), call.body.get("cloneContext", {})
        if source.get("masterInstanceName"):
            raise refuse("clone-of-replica", instance=source["name"])
        wanted = context.get("pointInTime")
        moment = self._in_window(source, times.moment(wanted)) if wanted else None
        row = self._new(call, context["destinationInstanceName"], copied(source))
        return self._make(call, row, "CLONE", lambda: self.databases.clone(source["name"], row["name"], moment))

    def _restore(self, call: Call) -> Any:
        run, handle = self.backups.usable(call["project"], call.body)
        settings = call.body.get("restoreInstanceSettings")
        name = call["instance"]
        if settings is None:
            target = self._free(call)
            if target.get("replicaNames"):
                raise refuse("replicas-before-restore", instance=name)
            return self._work(call, target, "RESTORE_VOLUME", lambda: self.databases.restore(handle, name))
        if (call["project"], name) in self.instances:
            raise refuse("restore-overwrites-protected", instance=name)
        version = settings.get("databaseVersion", run["databaseVersion"])
        if version != run["databaseVersion"]:
            raise refuse("version-of-restore", given=version, kept=run["databaseVersion"])
        row = self._new(call, name, {**settings, "databaseVersion": version})
        return self._make(call, row, "RESTORE_VOLUME", lambda: self.databases.restore(handle, name))

    def _patch(self, call: Call) -> Any:
        row = self._free(call)
        body = call.body or {}
        settings = {**row["settings"], **body.get("settings", {})}
        checked_settings(row["name"], settings)

        def work() -> None:
            row.update({key: value for key, value in body.items() if key != "settings"}, settings=settings)

        return self._begin(call, row, "UPDATE", work)

    def _delete(self, call: Call) -> Any:
        row = self._free(call)
        if row["settings"].get("deletionProtectionEnabled"):
            raise refuse("deletion-protection")
        if row.get("replicaNames"):
            raise refuse("replicas-before-delete", instance=row["name"])

        def work() -> None:
            self.databases.delete(row["name"])
            del self.instances[call["project"], row["name"]]
            self.deleted[call["project"], row["name"]] = self._clock()

        return self._begin(call, row, "DELETE", work)

    def _import(self, call: Call) -> Any:
        row, context = self._free(call), call.body["importContext"]

        def work() -> None:
            if self._objects is None:
                raise OperationError("INTERNAL_ERROR", "no bucket is reached from here")
            try:
                content = self._objects(context["uri"])
            except KeyError as error:
                raise OperationError("ERROR_RDBMS", f"{context['uri']} does not exist") from error
            self.databases.load(row["name"], context["database"], content)

        return self._begin(call, row, "IMPORT", work, {"importContext": context})

    def _database(self, call: Call) -> Any:
        self._found(call)
        if call["database"] not in self.databases.names(call["instance"]):
            raise refuse("not-authorized-or-missing", what=f"The database {call['database']}")
        return {"kind": "sql#database", "name": call["database"], "instance": call["instance"]}

    def _insert_database(self, call: Call) -> Any:
        row, name = self._free(call), call.body["name"]
        return self._begin(call, row, "CREATE_DATABASE", lambda: self.databases.create_database(row["name"], name))

    def _insert_user(self, call: Call) -> Any:
        row, body = self._free(call), call.body
        users = self.users.setdefault((call["project"], row["name"]), {})
        if body["name"] in users:
            raise refuse("user-exists", user=body["name"])
        return self._begin(call, row, "CREATE_USER", lambda: users.update({body["name"]: dict(body)}))

    def _promote(self, call: Call) -> Any:
        row = self._free(call)
        if not row.get("masterInstanceName"):
            raise refuse("promote-no-replica", instance=row["name"])

        def work() -> None:
            primary = self.instances.get((call["project"], row.pop("masterInstanceName").rpartition(":")[2]))
            row["instanceType"] = "CLOUD_SQL_INSTANCE"
            if primary is not None:
                primary["replicaNames"] = [name for name in primary.get("replicaNames", []) if name != row["name"]]

        return self._begin(call, row, "PROMOTE_REPLICA", work)

    def _switch_over(self, call: Call) -> Any:
        row = self._free(call)
        replication.check_switchover(self.instances, call["project"], row)
        work = functools.partial(replication.change_places, self.instances, call["project"], row)
        return self._begin(call, row, "SWITCHOVER", work)

    def _window(self, call: Call) -> Any:
        earliest, latest = self._reach(self._found(call))
        return {
            "kind": "sql#getLatestRecoveryTime",
            "earliestRecoveryTime": times.text(earliest),
            "latestRecoveryTime": times.text(latest),
        }

    def _reach(self, row: Mapping[str, Any]) -> tuple[datetime, datetime]:
        if not row["settings"].get("backupConfiguration", {}).get("pointInTimeRecoveryEnabled"):
            raise refuse("pitr-off", instance=row["name"])
        try:
            return self.databases.window(row["name"])
        except OperationError as error:
            raise ApiError(500, error.message) from error

    def _in_window(self, row: Mapping[str, Any], moment: datetime) -> datetime:
        earliest, latest = self._reach(row)
        if not earliest <= moment <= latest:
            raise refuse(
                "pitr-window",
                moment=times.text(moment),
                earliest=times.text(earliest),
                latest=times.text(latest),
                instance=row["name"],
            )
        return moment

    def _back_up(self, call: Call) -> Any:
        row = self._free(call)

        def work() -> None:
            self.add_backup(call["project"], row["name"])

        return self._begin(call, row, "BACKUP_VOLUME", work)

    def _operation(self, call: Call) -> Any:
        operation = self.operations.by_name.get(call["operation"])
        if operation is None:
            raise refuse("not-authorized-or-missing", what=f"The operation {call['operation']}")
        return rendered(call["project"], operation)

    def _operations(self, call: Call) -> Any:
        wanted = call.parameters.get("instance")
        rows = [
            rendered(call["project"], each)
            for each in reversed(self.operations.by_name.values())
            if wanted in (None, each.target)
        ]
        return {"kind": "sql#operationsList", "items": rows}
