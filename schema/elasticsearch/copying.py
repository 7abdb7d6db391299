"""Copying documents from one index to another: by the cluster itself, or through this process where it cannot."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from schema.elasticsearch.cluster import NOT_FOUND, Cluster
from schema.kit import SchemaError

_PAGE = 1000
_POLL_SECONDS = 2.0
_KEEP_ALIVE = "5m"


class Copying(Protocol):
    """A way to copy; documents that are there are overwritten."""

    def stop(self, source: str, target: str) -> None:
        """End a copy that an interrupted run has left behind."""

    def copy(self, source: str, target: str, query: Mapping[str, Any]) -> int:
        """Copy what a query finds; returns how many. Raises SchemaError for the first document that is refused."""


class ByReindex:
    """`_reindex`, in as many slices as the source has shards; the cluster goes on when this process ends."""

    def __init__(self, cluster: Cluster, poll_seconds: float = _POLL_SECONDS) -> None:
        self._cluster = cluster
        self._poll_seconds = poll_seconds

    def stop(self, source: str, target: str) -> None:
        """Cancel the copies between these two indices, and wait until they have ended."""
        found = self._cluster.get("/_tasks?actions=indices:data/write/reindex&detailed=true") or {"nodes": {}}
        described = f"reindex from [{source}] to [{target}]"
        for node in found["nodes"].values():
            for task, told in node["tasks"].items():
                if told.get("description", "").startswith(described) and "parent_task_id" not in told:
                    path = f"/_tasks/{task}/_cancel?wait_for_completion=true"
                    self._cluster.change("POST", path, none_for=(NOT_FOUND,))

    def copy(self, source: str, target: str, query: Mapping[str, Any]) -> int:
        """Start a task and wait for its end."""
        path = "/_reindex?wait_for_completion=false&slices=auto&refresh=false"
        started = self._cluster.change("POST", path, reindex_body(source, target, query))
        while True:
            told = self._cluster.get(f"/_tasks/{started['task']}")  # type: ignore[index] # a change has an answer
            if told is None:
                raise SchemaError(f"reindex of {source}", "its task is gone: its node has left the cluster")
            if told["completed"]:
                return _finished(told, source)
            self._cluster.guard()
            time.sleep(self._poll_seconds)


def reindex_body(source: str, target: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """The request for `_reindex`."""
    return {
        "conflicts": "abort",
        "source": {"index": source, "size": _PAGE, "query": dict(query)},
        "dest": {"index": target, "op_type": "index"},
    }


def _finished(told: Any, source: str) -> int:
    if error := told.get("error"):
        raise SchemaError(f"reindex of {source}", f"{error.get('type')}: {error.get('reason')}")
    response = told["response"]
    if failures := response.get("failures"):
        cause = failures[0].get("cause", failures[0].get("reason", {}))
        raise SchemaError(
            f"document {failures[0].get('id')} of {source}", f"does not fit the new index: {cause.get('reason')}"
        )
    if "canceled" in response:
        raise SchemaError(f"reindex of {source}", f"was cancelled: {response['canceled']}", fix="run it again")
    return int(response["total"])


class ByScroll:
    """Pages read through a scroll and written by bulk: for a cluster without `_reindex`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def stop(self, source: str, target: str) -> None:
        """Nothing goes on when this process has ended."""

    def copy(self, source: str, target: str, query: Mapping[str, Any]) -> int:
        """Copy page by page."""
        copied = 0
        for page in self._pages(source, query):
            lines: list[Mapping[str, Any]] = []
            for hit in page:
                routing = {"routing": hit["_routing"]} if "_routing" in hit else {}
                lines += [{"index": {"_index": target, "_id": hit["_id"], **routing}}, hit["_source"]]
            _check(self._cluster.bulk(lines), source)
            copied += len(page)
        return copied

    def _pages(self, source: str, query: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        asked = {"size": _PAGE, "query": dict(query), "sort": ["_doc"]}
        answer = self._cluster.search(f"/{source}/_search?scroll={_KEEP_ALIVE}", asked)
        try:
            while hits := answer["hits"]["hits"]:
                yield hits
                again = {"scroll_id": answer["_scroll_id"], "scroll": _KEEP_ALIVE}
                answer = self._cluster.search("/_search/scroll", again)
        finally:
            # What was not cleared ends by itself; what broke the copy is to be told, not this.
            with suppress(SchemaError):
                self._cluster.unguarded("DELETE", "/_search/scroll", {"scroll_id": answer["_scroll_id"]})


def _check(answer: Any, source: str) -> None:
    if not answer["errors"]:
        return
    refused = next(item["index"] for item in answer["items"] if "error" in item["index"])
    cause = refused["error"].get("caused_by", refused["error"])
    raise SchemaError(f"document {refused['_id']} of {source}", f"does not fit the new index: {cause['reason']}")
