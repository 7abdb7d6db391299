"""Making an index anew while it is read and written: copy, catch up, block writes for the last pass, swap the aliases.

What is promised, whatever the writers' clocks say: every write that Elasticsearch acknowledged before the swap is in
the new index, and every one after it goes there. Passes are bounded by sequence numbers: each copies what was written
since the local checkpoint that was read before the pass in front of it. During the last pass, which has only the writes
of the pass before it to copy, writers are refused with `cluster_block_exception` (403) and must try again. Documents do
not go away meanwhile: the indexer's role deletes none, it withdraws them (component_templates/triptrip-content.yaml).
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from schema.elasticsearch.cluster import NOT_FOUND, Cluster
from schema.elasticsearch.copying import Copying
from schema.elasticsearch.desired import WantedIndex
from schema.kit import SchemaError

LISTED: Mapping[str, Any] = {"bool": {"must_not": [{"term": {"withdrawn": True}}]}}
"""What the read alias shows."""

_FILLING = {"index.refresh_interval": "-1", "index.number_of_replicas": "0"}
"""Neither refreshed nor copied to replicas while it is filled (Elastic, "Tune for indexing speed", read 2026-11-25)."""

_FEW = 1000
"""A pass of so few documents is over in a moment: the next one may block writers."""

_PASSES = 10
_HEALTH = "wait_for_status=yellow&wait_for_no_initializing_shards=true&wait_for_events=languid&timeout=60s"
_HEALTH_TURNS = 60


def make_anew(cluster: Cluster, copying: Copying, wanted: WantedIndex, source: str, target: str) -> None:
    """Fill a new index from the one in use and put it in its place; begins from the start when it was interrupted.

    Raises SchemaError when a document does not fit, and when documents were deleted meanwhile; the old index then stays
    in use and takes writes.
    """
    copying.stop(source, target)
    remove(cluster, target)
    settings = {**wanted.settings, **_FILLING}
    cluster.change("PUT", f"/{target}", {"settings": settings, "mappings": wanted.mappings})
    since = _checkpoint(cluster, source)
    _copy(cluster, copying, source, target, dict(LISTED))
    for _ in range(_PASSES):
        before, since = since, _checkpoint(cluster, source)
        if _copy(cluster, copying, source, target, _since(before)) <= _FEW:
            break
    _settle(cluster, wanted, target)
    _last_pass(cluster, copying, wanted, (source, target), since)


def remove(cluster: Cluster, index: str) -> None:
    """Delete an index that no alias leads to; nothing when it is gone. Raises SchemaError when one does."""
    found = cluster.get(f"/{index}/_alias")
    if found is None:
        return
    if aliases := found[index]["aliases"]:
        raise SchemaError(f"index {index}", f"is not deleted: {', '.join(aliases)} leads to it", fix="plan again")
    cluster.change("DELETE", f"/{index}", none_for=(NOT_FOUND,))


def swap(wanted: WantedIndex, target: str, source: str | None) -> Mapping[str, Any]:
    """The one request that leads both aliases to an index, from another where they are there."""
    actions: list[Mapping[str, Any]] = []
    if source:
        aliases = [wanted.name, wanted.write_alias]
        actions += [{"remove": {"index": source, "alias": alias, "must_exist": False}} for alias in aliases]
    for alias, options in aliases_of(wanted).items():
        actions.append({"add": {"index": target, "alias": alias, **options}})
    return {"actions": actions}


def aliases_of(wanted: WantedIndex) -> dict[str, dict[str, Any]]:
    """Both aliases with their options, as the API tells them: nothing is written through the read alias."""
    return {
        wanted.name: {"filter": dict(LISTED), "is_write_index": False},
        wanted.write_alias: {"is_write_index": True},
    }


def _last_pass(cluster: Cluster, copying: Copying, wanted: WantedIndex, indices: tuple[str, str], since: int) -> None:
    source, target = indices
    try:
        cluster.change("PUT", f"/{source}/_block/write")
        _copy(cluster, copying, source, target, _since(since))
        cluster.change("POST", f"/{target}/_refresh")
        _compare(cluster, source, target)
        cluster.change("POST", "/_aliases", swap(wanted, target, source))
    except BaseException:
        # Whoever took the lease over may be in its own last pass: it, or the next apply, lets the writers in.
        with suppress(SchemaError):
            cluster.change("PUT", f"/{source}/_settings", {"index.blocks.write": None})
        raise


def _copy(cluster: Cluster, copying: Copying, source: str, target: str, query: Mapping[str, Any]) -> int:
    cluster.change("POST", f"/{source}/_refresh")
    return copying.copy(source, target, query)


def _since(sequence: int) -> Mapping[str, Any]:
    return {"range": {"_seq_no": {"gt": sequence}}}


def _checkpoint(cluster: Cluster, index: str) -> int:
    """A sequence number up to which every write, in every shard, will be found after the next refresh.

    The lowest of all shards: what it finds too much in the others is copied again.
    """
    told = cluster.get(f"/{index}/_stats?level=shards")
    copies = [copy for shard in told["indices"][index]["shards"].values() for copy in shard]  # type: ignore[index] # it is in use
    return min(int(copy["seq_no"]["local_checkpoint"]) for copy in copies if copy["routing"]["primary"])


def _settle(cluster: Cluster, wanted: WantedIndex, target: str) -> None:
    """Give the new index its own settings, and wait for its replicas as far as there are nodes for them."""
    own = {key: wanted.settings.get(key) for key in _FILLING}
    cluster.change("PUT", f"/{target}/_settings", own)
    for _ in range(_HEALTH_TURNS):
        if not (cluster.waited(f"/_cluster/health/{target}?{_HEALTH}") or {"timed_out": True})["timed_out"]:
            return
        cluster.guard()
    raise SchemaError(f"index {target}", "has shards that do not start", fix="look at _cluster/allocation/explain")


def _compare(cluster: Cluster, source: str, target: str) -> None:
    counts = [cluster.search(f"/{index}/_count", {"query": dict(LISTED)})["count"] for index in (source, target)]
    if counts[0] != counts[1]:
        raise SchemaError(
            f"index {target}",
            f"has {counts[1]} documents where {source} has {counts[0]}: some were deleted while it was filled",
            allowed='documents that are withdrawn, {"withdrawn": true}, not deleted',
            fix="stop who deletes; the next run begins from the start",
        )
