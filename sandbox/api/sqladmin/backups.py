"""Backup runs, and what stands behind each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.api.call import Call
from sandbox.api.sqladmin.refusals import refuse
from sandbox.api.sqladmin.resources import backup_resource


class Backups:
    """The backups of every instance; they outlive it."""

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
        """The runs of an instance, the newest first; ApiError where there is neither one nor the other."""
        runs = self._runs.get((call["project"], call["instance"]))
        if runs is None and not exists:
            raise refuse("instance-missing")
        newest_first = sorted(runs or [], key=lambda run: str(run["startTime"]), reverse=True)
        return {"kind": "sql#backupRunsList", "items": newest_first}

    def get(self, call: Call) -> Any:
        """One run."""
        return self._found(call["project"], call["instance"], call["id"])

    def usable(self, project: str, context: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """The run that a restore names, and its handle; ApiError where it cannot be restored."""
        project, instance = context.get("project") or project, context.get("instanceId", "")
        run = self._found(project, instance, str(context.get("backupRunId", "")))
        if run["status"] != "SUCCESSFUL":
            raise refuse("backup-unusable", backup=run["id"])
        return run, self._handles[project, instance, run["id"]]

    def _found(self, project: str, instance: str, number: str) -> dict[str, Any]:
        runs = self._runs.get((project, instance), ())
        run = next((run for run in runs if run["id"] == number), None)
        if run is None:
            raise refuse("not-authorized-or-missing", what=f"The backup run {number} of {instance}")
        return run
