"""Executions of workflows as they are listed (workflowexecutions v1)."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

from sandbox.api import times
from sandbox.api.call import Call, Handler
from sandbox.api.errors import ApiError

_ACTIVE = 'state="ACTIVE"'


class Executions:
    """The executions of every workflow, by the workflow's resource name, newest first."""

    document = "workflowexecutions.v1"

    def __init__(self) -> None:
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)

    def begin(self, workflow: str, argument: Any) -> str:
        """A new execution, under way; returns its id."""
        number = f"execution-{next(self._numbers)}"
        rows = self._rows.setdefault(workflow, [])
        # The API names projects by their number, whatever it was asked with.
        name = "/".join(["projects", "1234567890", *workflow.split("/")[2:], "executions", number])
        rows.insert(
            0, {"name": name, "state": "ACTIVE", "argument": json.dumps(argument), "startTime": times.text(times.now())}
        )
        return number

    def end(self, workflow: str, number: str, state: str = "SUCCEEDED") -> None:
        """An execution has ended."""
        next(row for row in self._rows[workflow] if row["name"].endswith(f"/{number}"))["state"] = state

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is answered."""
        return {"workflowexecutions.projects.locations.workflows.executions.list": self._list}

    def tick(self) -> None:
        """Nothing here takes time."""

    def _list(self, call: Call) -> Any:
        if call.parameters.get("filter") not in (None, _ACTIVE):
            raise ApiError(400, f"The simulated API knows the filter {_ACTIVE} alone.")
        rows = self._rows.get(call["parent"], [])
        wanted = [row for row in rows if "filter" not in call.parameters or row["state"] == "ACTIVE"]
        hidden = () if call.parameters.get("view") == "FULL" else ("argument",)
        return {"executions": [{key: row[key] for key in row if key not in hidden} for row in wanted]}
