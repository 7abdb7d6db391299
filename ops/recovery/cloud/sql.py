"""Cloud SQL's instances: looked at, copied, and only those deleted that carry a run's mark (sqladmin v1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ops.recovery import moments
from ops.recovery.cloud.calls import ConflictError, MissingError, Pace, Waiting, asked
from ops.recovery.declared import Declared
from ops.recovery.errors import RecoveryError

_BUSY = "operationInProgress"
_MAKING = frozenset({"CREATE", "CLONE", "CREATE_CLONE", "RESTORE_VOLUME"})
FAILED, RUNNABLE = "FAILED", "RUNNABLE"
_TOO_LONG = "its operation takes too long"


@dataclass(frozen=True)
class Instance:
    """What recovery needs to know of an instance; `address` is the private one, empty until it has one.

    `authority` is the certificate of the CA that signed its own, in PEM, empty where Google told none.
    """

    name: str
    state: str
    address: str
    is_guarded: bool
    primary: str
    authority: str


@dataclass(frozen=True)
class BackupRun:
    """A backup that succeeded, and between which moments it was taken.

    `id` is the run's number; of an instance that is deleted the backup's own name, projects/<project>/backups/<id>.
    """

    id: str
    started: datetime
    ended: datetime


class Instances:
    """The instances of one project."""

    def __init__(self, client: Any, declared: Declared, pace: Pace) -> None:
        # Each of these is built out of the whole discovery document when it is asked for.
        self._instances = client.instances()
        self._recovery = client.projects().instances()
        self._backups = client.backupRuns()
        self._kept = client.Backups()
        self._databases = client.databases()
        self._operations = client.operations()
        self._users = client.users()
        self._project = declared.project
        self._pace = pace

    def get(self, name: str) -> Instance | None:
        """An instance; None where there is none."""
        try:
            return _instance(self._asked(f"instance {name}", self._instances.get(**self._of(name))))
        except MissingError:
            return None

    def all(self) -> list[Instance]:
        """Every instance of the project."""
        found: list[Instance] = []
        request = self._instances.list(project=self._project)
        while request is not None:
            page = self._asked("instances", request)
            found += [_instance(row) for row in page.get("items", ())]
            request = self._instances.list_next(request, page)
        return found

    def window(self, name: str) -> tuple[datetime, datetime]:
        """The earliest and the latest moment an instance can be copied at; raises RecoveryError without such logs."""
        request = self._recovery.getLatestRecoveryTime(**self._of(name))
        try:
            row = self._asked(f"instance {name}", request)
        except MissingError:
            raise RecoveryError(f"instance {name}", "does not exist", fix="restore a backup or an export") from None
        return moments.from_rfc3339(row["earliestRecoveryTime"]), moments.from_rfc3339(row["latestRecoveryTime"])

    def newest_backup(self, name: str) -> BackupRun | None:
        """The newest backup of an instance that succeeded, also of one that is deleted; None where there is none."""
        try:
            found = self._backups_of(name)
        except MissingError:
            found = self._kept_of(name)
        return max(found, key=lambda run: run.started, default=None)

    def clone(self, source: str, name: str, moment: datetime | None) -> None:
        """Begin to copy an instance, as it was at a moment or is now; nothing where the copy is there."""
        context = {"destinationInstanceName": name}
        if moment is not None:
            context["pointInTime"] = moments.rfc3339(moment)
        self._begin(name, lambda: self._instances.clone(**self._of(source), body={"cloneContext": context}))

    def restore(self, source: str, backup: str, name: str, like: Mapping[str, Any]) -> None:
        """Begin to restore a backup into a NEW instance; nothing where it is there.

        restoreInstanceSettings is what makes Cloud SQL refuse to restore over an instance that exists.
        """
        context = {"project": self._project, "instanceId": source, "backupRunId": backup}
        what = {"backup": backup} if "/" in backup else {"restoreBackupContext": context}
        body = {**what, "restoreInstanceSettings": {**like, "name": name}}
        self._begin(name, lambda: self._instances.restoreBackup(**self._of(name), body=body))

    def create(self, name: str, like: Mapping[str, Any]) -> None:
        """Begin to make an empty instance; nothing where it is there."""
        self._begin(name, lambda: self._instances.insert(project=self._project, body={**like, "name": name}))

    def create_database(self, name: str, database: str) -> None:
        """Make a database, when it is not there."""
        get = self._databases.get(**self._of(name), database=database)
        try:
            self._asked(f"database {database} of {name}", get)
        except MissingError:
            body = {"name": database, "project": self._project, "instance": name}
            self._change(name, lambda: self._databases.insert(**self._of(name), body=body))

    def create_user(self, name: str, user: str, roles: Sequence[str]) -> None:
        """Let a service account sign in, as a member of some roles; nothing where it is a user already."""
        body = {"name": user, "type": "CLOUD_IAM_SERVICE_ACCOUNT", "databaseRoles": list(roles)}
        try:
            self._change(name, lambda: self._users.insert(**self._of(name), body=body))
        except ConflictError:
            return

    def load(self, name: str, uri: str, database: str) -> None:
        """Import a dump of SQL, and wait for it; raises RecoveryError when it fails.

        Only for an instance that a run has made: what was half loaded by a failed import stays in it.
        """
        context = {"uri": uri, "database": database, "fileType": "SQL", "kind": "sql#importContext"}
        # One try at a time: a second import of the same dump would fail on the first's.
        request = self._instances.import_(**self._of(name), body={"importContext": context})
        waiting, tries = self._waiting(name), 0
        while (operation := self._import_of(name, uri)) is None:
            try:
                operation = asked(f"import into {name}", request.execute, replace(self._pace, attempts=1))
                break
            except RecoveryError as error:
                # A new instance's first backup may hold it for long; anything else is tried again a few times.
                tries += not _is_busy(error)
                if tries >= self._pace.attempts:
                    raise
            waiting.pause(_TOO_LONG)
        self.wait_for_operation(name, operation)

    def unguard(self, name: str, run: str) -> None:
        """Take the deletion guard that a copy begins with off it, and label it; the caller has checked its mark."""
        body = {"settings": {"deletionProtectionEnabled": False, "userLabels": {"triptrip-recovery": run.lower()}}}
        self._change(name, lambda: self._instances.patch(**self._of(name), body=body))

    def delete(self, name: str) -> None:
        """Delete an instance that the caller has checked (`marks.check_deletable`); nothing where it is gone."""
        try:
            self._change(name, lambda: self._instances.delete(**self._of(name)))
        except MissingError:
            return

    def promote(self, name: str, *, is_failover: bool) -> None:
        """Make a replica an instance of its own, and wait; as a failover its old primary follows it once it is back."""
        self._change(name, lambda: self._instances.promoteReplica(**self._of(name), failover=is_failover))

    def switch_over(self, name: str) -> None:
        """Let a recovery replica and its primary change places, and wait."""
        self._change(name, lambda: self._instances.switchover(**self._of(name)))

    def wait(self, name: str, tell: Callable[[str], None] = lambda _: None) -> Instance:
        """Wait until no operation holds an instance; raises RecoveryError when making it failed or it is not there."""
        waiting, told = self._waiting(name), ""
        while (row := self._newest_operation(name)) is not None and row["status"] != "DONE":
            if (said := f"{row['operationType'].lower()} of {name}: {row['status'].lower()}") != told:
                tell(said)
                told = said
            waiting.pause(_TOO_LONG)
        # A change that failed later (a label, an import) is told by whoever asked for it.
        if row is not None and row["operationType"] in _MAKING:
            _check(name, row)
        instance = self.get(name)
        if instance is None:
            raise RecoveryError(f"instance {name}", "does not exist", fix="run the command again")
        return instance

    def wait_for_operation(self, name: str, operation: Mapping[str, Any] | None) -> None:
        """Wait for one operation; raises RecoveryError when it fails."""
        waiting = self._waiting(name)
        while operation is not None and operation["status"] != "DONE":
            waiting.pause(_TOO_LONG)
            get = self._operations.get(project=self._project, operation=operation["name"])
            operation = self._asked(f"operation of {name}", get)
        if operation is not None:
            _check(name, operation)

    def _waiting(self, name: str) -> Waiting:
        return Waiting(f"instance {name}", self._pace)

    def _begin(self, name: str, request: Callable[[], Any]) -> None:
        """Ask for an instance to be made unless it is there.

        A refusal after a lost answer says in one way or another that it exists: what is there decides.
        """
        if self.get(name) is not None:
            return
        try:
            self._retried_while_busy(name, request)
        except RecoveryError:
            if self.get(name) is None:
                raise

    def _change(self, name: str, request: Callable[[], Any]) -> None:
        """Change an instance and wait for the end of the operation."""
        self.wait_for_operation(name, self._retried_while_busy(name, request))

    def _retried_while_busy(self, name: str, request: Callable[[], Any]) -> Any:
        """An operation; while another one holds the instance (a backup, a lost answer) wait for that one first."""
        waiting = self._waiting(name)
        while True:
            try:
                return self._asked(f"instance {name}", request())
            except ConflictError as error:
                if not _is_busy(error):
                    raise
                waiting.pause(_TOO_LONG)

    def _backups_of(self, name: str) -> list[BackupRun]:
        request, found = self._backups.list(**self._of(name)), []
        while request is not None:
            page = self._asked(f"backups of {name}", request)
            found += [_backup(row) for row in page.get("items", ()) if row["status"] == "SUCCESSFUL"]
            request = self._backups.list_next(request, page)
        return found

    def _kept_of(self, name: str) -> list[BackupRun]:
        """What was kept of an instance that is gone: with retainBackupsOnDelete all that had not expired."""
        request = self._kept.ListBackups(parent=f"projects/{self._project}", filter=f"instance:{name}")
        found: list[BackupRun] = []
        while request is not None:
            page = self._asked(f"backups of {name}", request)
            found += [
                _kept(row)
                for row in page.get("backups", ())
                if row["state"] == "SUCCESSFUL" and row["instance"].rpartition("/")[2] == name
            ]
            request = self._kept.ListBackups_next(request, page)
        return found

    def _newest_operation(self, name: str) -> Any:
        return max(self._operations_of(name), key=lambda row: str(row.get("insertTime", "")), default=None)

    def _import_of(self, name: str, uri: str) -> Any:
        """The import of an object into an instance that was begun before, None where there was none."""
        rows = self._operations_of(name)
        return next((row for row in rows if row.get("importContext", {}).get("uri") == uri), None)

    def _operations_of(self, name: str) -> Sequence[Any]:
        request = self._operations.list(project=self._project, instance=name, maxResults=20)
        rows: Sequence[Any] = self._asked(f"operations of {name}", request).get("items", ())
        return rows

    def _of(self, name: str) -> dict[str, str]:
        return {"project": self._project, "instance": name}

    def _asked(self, what: str, request: Any) -> Any:
        return asked(what, request.execute, self._pace)


def _is_busy(error: RecoveryError) -> bool:
    return isinstance(error, ConflictError) and error.reason == _BUSY


def _instance(row: Mapping[str, Any]) -> Instance:
    addresses = [each["ipAddress"] for each in row.get("ipAddresses", ()) if each.get("type") == "PRIVATE"]
    return Instance(
        name=row["name"],
        state=row.get("state", ""),
        address=addresses[0] if addresses else "",
        is_guarded=bool(row.get("settings", {}).get("deletionProtectionEnabled")),
        primary=row.get("masterInstanceName", "").rpartition(":")[2],
        authority=row.get("serverCaCert", {}).get("cert", ""),
    )


def _check(name: str, operation: Mapping[str, Any]) -> None:
    """Raise RecoveryError for an operation that failed."""
    if errors := operation.get("error", {}).get("errors"):
        said = "; ".join(f"{error.get('code')}: {error.get('message', '')}" for error in errors)
        fix = "run the command again: it goes on here"
        raise RecoveryError(f"instance {name}", f"{operation['operationType']} failed: {said}", fix=fix)


def _backup(row: Mapping[str, Any]) -> BackupRun:
    return BackupRun(row["id"], moments.from_rfc3339(row["startTime"]), moments.from_rfc3339(row["endTime"]))


def _kept(row: Mapping[str, Any]) -> BackupRun:
    taken = row["backupInterval"]
    return BackupRun(row["name"], moments.from_rfc3339(taken["startTime"]), moments.from_rfc3339(taken["endTime"]))
