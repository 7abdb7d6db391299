"""What has been changed in a cluster, when and by whom: a document for every step."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.lease import INDEX
from schema.kit import Record, holder

_MOST = 1000
"""The newest; older ones stay in the index."""


def records(cluster: Cluster) -> Sequence[Record]:
    """The newest steps, in the order they were begun."""
    if cluster.get(f"/{INDEX}") is None:
        return ()
    asked = {"query": {"exists": {"field": "what"}}, "sort": [{"started_at": "desc"}], "size": _MOST}
    hits = cluster.search(f"/{INDEX}/_search", asked)["hits"]["hits"]
    return [_record(hit["_source"]) for hit in reversed(hits)]


def recorded(cluster: Cluster, what: str, checksum: str, run: Callable[[], None]) -> None:
    """Run a step between two entries: one that it was begun, one that it was finished."""
    entry = {"what": what, "checksum": checksum, "applied_by": holder(), "started_at": _now()}
    made = cluster.change("POST", f"/{INDEX}/_doc?refresh=true", entry) or {}
    run()
    cluster.change("PUT", f"/{INDEX}/_doc/{made['_id']}?refresh=true", {**entry, "finished_at": _now()})


def _record(source: dict[str, str]) -> Record:
    finished = source.get("finished_at")
    return Record(
        source["what"],
        source["checksum"],
        datetime.fromisoformat(source["started_at"]),
        datetime.fromisoformat(finished) if finished else None,
        source["applied_by"],
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
