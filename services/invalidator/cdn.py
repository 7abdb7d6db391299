"""Cloud CDN's purge: requests of paths and of up to ten tags, no more of them a minute than the API takes."""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.invalidator.google_api import GoogleApi

TAGS_A_REQUEST = 10
"""compute v1, CacheInvalidationRule.cacheTags."""

SECONDS_A_REQUEST = 0.125
"""480 a minute, of the 500 that Cloud CDN takes (Google, cache invalidation overview, read 2026-11-27)."""

EVERYTHING_ABOVE = 240
"""Requests that would take half a minute; one that empties the whole CDN is kinder to whoever reads what is stale."""

EVERYTHING = "path:/*"


@dataclass(frozen=True)
class Request:
    """One request, and the members of the queue that it answers."""

    members: frozenset[str]
    rule: Mapping[str, Any]


def requests_for(members: Collection[str]) -> Iterator[Request]:
    """The requests that purge members (`tag:…`, `path:…`) in their order; one for everything when it would be many."""
    tags = [member for member in members if member.startswith("tag:")]
    paths = [member for member in members if member.startswith("path:")]
    if EVERYTHING in paths or len(paths) + len(tags) / TAGS_A_REQUEST > EVERYTHING_ABOVE:
        yield Request(frozenset(members), {"path": "/*"})
        return
    for first in range(0, len(tags), TAGS_A_REQUEST):
        yield _of_tags(tags[first : first + TAGS_A_REQUEST])
    for path in paths:
        yield Request(frozenset((path,)), {"path": path.removeprefix("path:")})


def one_by_one(request: Request) -> Iterator[Request]:
    """A request of several tags as one of each, to find the one that is refused."""
    for member in sorted(request.members):
        yield _of_tags([member])


def _of_tags(members: list[str]) -> Request:
    return Request(frozenset(members), {"cacheTags": [member.removeprefix("tag:") for member in members]})


class Cdn:
    """The URL map whose answers are purged."""

    def __init__(self, api: GoogleApi, project: str, url_map: str) -> None:
        self._api = api
        self._path = f"projects/{project}/global/urlMaps/{url_map}/invalidateCache"

    def purge(self, request: Request) -> None:
        """Ask for a purge, which takes effect in about ten seconds (same source); raises ApiError.

        The request has an id of its own, so that a proxy that sends it twice makes one purge of it.
        """
        self._api.post(self._path, request.rule, {"requestId": str(uuid.uuid4())})
