"""Trouble on demand: refusals, half-made resources, latency, quota and killed processes, all deterministic.

The environment variable TRIPTRIP_CLOUD_TROUBLE names a JSON file (the fields of `Plan`); without it nothing goes wrong.
Operations of previews are never counted, logged or disturbed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.cloud.catalogue import durations
from sandbox.cloud.errors import CloudError, PartialFailureError
from sandbox.cloud.expressions import short_type
from sandbox.cloud.facade import Resource

Operation = Literal["create", "update", "delete", "read"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(_Strict):
    """Which operations an event is for: globs on token and name; `nth` counts the matching ones from 1."""

    type: str = "*"
    name: str = "*"
    operation: Literal["create", "update", "delete", "read", "any"] = "any"
    nth: int | None = Field(default=None, ge=1)
    share: float = Field(default=1.0, gt=0, le=1, description="share of the matching operations, chosen by the seed")


class Event(_Strict):
    """One trouble: what is done to the matching operations."""

    match: Match = Match()
    do: Literal["refuse", "fail_halfway", "latency", "kill", "quota"]
    when: Literal["before", "after"] = Field(default="before", description="kill before or after the effect took place")
    seconds: float = Field(default=0.0, ge=0)
    message: str | None = None
    kill_pid: int | None = Field(
        default=None, description="the process to kill; unset: TRIPTRIP_ENGINE_PID, else itself"
    )


class Plan(_Strict):
    """The whole file: events in order, the seed of every choice, a log of operations, the scale of real latencies."""

    events: tuple[Event, ...] = ()
    seed: int = 0
    log: Path | None = Field(default=None, description="one JSON line an operation: order, type, name, operation")
    latency_scale: float = Field(default=0.0, ge=0, description="share of the cloud's real durations (latency/)")


class Trouble:
    """A plan in force, counting the operations of this process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._counts = [0] * len(plan.events)
        self._order = 0
        self._durations: dict[str, Any] = durations() if plan.latency_scale else {}

    @classmethod
    def from_file(cls, path: str) -> Trouble:
        """The plan in that file. Raises CloudError when it holds none."""
        try:
            return cls(Plan.model_validate_json(Path(path).read_bytes()))
        except OSError as error:
            raise CloudError(f"{path}: {error.strerror}") from error
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise CloudError(f"{path} holds no plan of trouble: {problems}") from error

    async def around(self, operation: Operation, token: str, name: str, act: Callable[[], Any]) -> Any:
        """Run one operation with whatever trouble the plan has for it."""
        self._record(operation, token, name)
        events = [
            event for index, event in enumerate(self._plan.events) if self._due(index, event, operation, token, name)
        ]
        seconds = sum(event.seconds for event in events if event.do == "latency")
        seconds += self._plan.latency_scale * self._durations.get(short_type(token), {}).get(operation, 0.0)
        if seconds:
            await asyncio.sleep(seconds)
        for event in events:
            self._before(event, token)
        result = act()
        for event in events:
            if event.do == "kill" and event.when == "after":
                _kill(event)
            if event.do == "fail_halfway" and operation != "read":
                reason = event.message or "Error waiting for operation: it took effect but did not become ready"
                raise PartialFailureError(result, reason) if isinstance(result, Resource) else CloudError(reason)
        return result

    def _before(self, event: Event, token: str) -> None:
        if event.do == "kill" and event.when == "before":
            _kill(event)
        if event.do == "refuse":
            raise CloudError(
                event.message or "googleapi: Error 503: The service is currently unavailable., backendError"
            )
        if event.do == "quota":
            service = token.split(":")[1].partition("/")[0]
            raise CloudError(
                event.message
                or f"googleapi: Error 429: Quota exceeded for quota metric 'Write requests' of '{service}'., quota"
            )

    def _due(self, index: int, event: Event, operation: Operation, token: str, name: str) -> bool:
        match = event.match
        if (
            match.operation not in ("any", operation)
            or not fnmatchcase(token, match.type)
            or not fnmatchcase(name, match.name)
        ):
            return False
        drawn = hashlib.sha256(f"{self._plan.seed}/{index}/{operation}/{token}/{name}".encode()).digest()[0] / 256
        if drawn >= match.share:
            return False
        self._counts[index] += 1
        return match.nth is None or match.nth == self._counts[index]

    def _record(self, operation: Operation, token: str, name: str) -> None:
        self._order += 1
        if self._plan.log:
            line = {"order": self._order, "type": token, "name": name, "operation": operation}
            with self._plan.log.open("a") as log:
                log.write(json.dumps(line) + "\n")


def _kill(event: Event) -> None:
    """Kill without warning, as a power cut would: nothing is flushed, no handler runs."""
    given = event.kill_pid or os.environ.get("TRIPTRIP_ENGINE_PID")
    os.kill(int(given) if given else os.getpid(), signal.SIGKILL)
