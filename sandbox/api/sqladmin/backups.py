"""Backup runs, and what stands behind each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.api.call import Call
from sandbox.api.sqladmin.refusals import refuse
from sandbox.api.sqladmin.resources import backup_resource, kept_resource, named


class Backups:
    """The backups of every instance. They outlive it, as with retainBackupsOnDelete, under names of their own alone."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._handles: dict[tuple[str, str, str], str] = {}

    def add(self, project: str, instance: str, taken: datetime, status: str, handle: str) -> str:
        """Note a backup that `handle` stands for behind the API; returns its id."""
        runs = self._runs.setdefault((project, instance), [])
        run = backup_resource(project, instance, str(len(runs) + 1), taken, status)
        runs.append(run)
        self._handles[project, instance, run["id"]] = handle
        return str(run["id"])

    def list(self, call: Call, *, exists: bool) -> Any:
        """The runs of an instance, the newest first; ApiError where it is gone."""
        if not exists:
            raise refuse("instance-missing")
        runs = self._runs.get((call["project"], call["instance"]), [])
        newest_first = sorted(runs, key=lambda run: str(run["startTime"]), reverse=True)
        return {"kind": "sql#backupRunsList", "items": newest_first}

    def kept(self, call: Call) -> Any:
        """The backups of a project by their own names; the filter instance:<name> leaves one instance's."""
        project = call["parent"].partition("/")[2]
        wanted = call.parameters.get("filter", "").partition("instance:")[2]
        found = [
            kept_resource(project, run)
            for (owner, instance), runs in self._runs.items()
            for run in runs
            if owner == project and wanted in ("", instance)
        ]
        return {"backups": found}

    def get(self, call: Call) -> Any:
        """One run."""
        return self._found(call["project"], call["instance"], call["id"])

    def usable(self, project: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """The run that a restore names, in one of two ways, and its handle; ApiError where it cannot be restored."""
        if name := body.get("backup"):
            project, instance, number = named(name)
        else:
            context = body.get("restoreBackupContext", {})
            project, instance = context.get("project") or project, context.get("instanceId", "")
            number = str(context.get("backupRunId", ""))
        run = self._found(project, instance, number)
        if run["status"] != "SUCCESSFUL":
            raise refuse("backup-unusable", backup=run["id"])
        return run, self._handles[project, instance, run["id"]]

    def _found(self, project: str, instance: str, number: str) -> dict[str, Any]:
        runs = self._runs.get((project, instance), ())
        run = next((run for run in runs if run["id"] == number), None)
        if run is None:
            raise refuse("not-authorized-or-missing", what=f"The backup run {number} of {instance}")
        return run
