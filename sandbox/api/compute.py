"""Cloud CDN's purge (compute v1, urlMaps.invalidateCache), with its limits (Google, cache invalidation overview)."""

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.api.call import Call, Handler
from sandbox.api.edge import Edge
from sandbox.api.errors import ApiError

A_MINUTE = 500
"""Purges that are taken within a minute (Google, cache invalidation overview, read 2026-11-27)."""

_WINDOW_SECONDS = 60.0
_TAGS = 10  # compute v1, CacheInvalidationRule.cacheTags
_PATH = re.compile(r"/([^?#*]*|([^?#*]*/)?\*)")


class Compute:
    """The URL maps of every project, `project/name`; purges go to `edge` and are on record in `purges`."""

    document = "compute.v1"

    def __init__(self, *url_maps: str, edge: Edge | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.edge = edge or Edge()
        self.purges: list[Mapping[str, Any]] = []
        self._url_maps = url_maps
        self._clock = clock
        self._taken: deque[float] = deque()
        self._answers: dict[str, Any] = {}

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is answered."""
        return {"compute.urlMaps.invalidateCache": self._invalidate}

    def tick(self) -> None:
        """Nothing goes on by itself: a purge has taken effect when it is answered."""

    def _invalidate(self, call: Call) -> Any:
        if f"{call['project']}/{call['urlMap']}" not in self._url_maps:
            name = f"projects/{call['project']}/global/urlMaps/{call['urlMap']}"
            raise ApiError(404, f"The resource '{name}' was not found", "notFound")
        again = call.parameters.get("requestId")
        if again in self._answers:
            return self._answers[again]
        rule = _checked(call.body or {})
        self._count()
        self.edge.purge(rule)
        self.purges.append(rule)
        answer = {
            "kind": "compute#operation",
            "name": f"operation-{len(self.purges)}",
            "operationType": "invalidateCache",
            "status": "RUNNING",
            "progress": 0,
        }
        if again:
            self._answers[again] = answer
        return answer

    def _count(self) -> None:
        """Take one of the minute's purges; the wording and the status of the refusal are recalled."""
        now = self._clock()
        while self._taken and self._taken[0] <= now - _WINDOW_SECONDS:
            self._taken.popleft()
        if len(self._taken) >= A_MINUTE:
            raise ApiError(403, "Rate Limit Exceeded: cache invalidations", "rateLimitExceeded")
        self._taken.append(now)


def _checked(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    tags, path = rule.get("cacheTags", ()), rule.get("path")
    if not tags and path is None:
        raise ApiError(400, "Invalid value for field 'resource': at least one matcher must be given", "invalid")
    if len(tags) > _TAGS:
        raise ApiError(400, f"Invalid value for field 'resource.cacheTags': at most {_TAGS} tags", "invalid")
    if path is not None and not _PATH.fullmatch(path):
        raise ApiError(400, f"Invalid value for field 'resource.path': '{path}'", "invalid")
    return rule
