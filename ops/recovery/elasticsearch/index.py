"""An index restored beside the one in use, looked at, and put behind the aliases in one request.

The restored index takes the next free number of its name, so that the schema step knows it as one of its own. Nobody
reads or writes it before it has been looked at, and the index that was in use stays as it is, without aliases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ops.recovery.check import Check
from schema.elasticsearch.fit import fit
from schema.elasticsearch.indices import numbered
from schema.elasticsearch.objects import flat_settings
from schema.elasticsearch.rebuild import LISTED, aliases_of, swap
from schema.kit import SchemaError

if TYPE_CHECKING:
    from ops.recovery.elasticsearch.snapshots import Snapshot
    from schema.elasticsearch.cluster import Cluster
    from schema.elasticsearch.desired import WantedIndex

_TURN = "10s"
_NEVER = "-1"


def in_use(cluster: Cluster, wanted: WantedIndex) -> str | None:
    """The index behind an alias, as it is now; None when it is lost."""
    found = numbered(cluster, wanted.name)
    led = [name for name, index in found.items() if {wanted.name, wanted.write_alias} & set(index["aliases"])]
    return led[0] if led else None


def target_of(cluster: Cluster, wanted: WantedIndex, source: str) -> str:
    """The next free number above every index that is there and the one in the snapshot."""
    newest = max([*numbered(cluster, wanted.name), source])
    return f"{wanted.name}-{int(newest.rpartition('-')[2]) + 1:06}"


def restore_beside(cluster: Cluster, snapshot: Snapshot, source: str, target: str) -> None:
    """Begin a restore, without aliases; nothing when it has begun. Raises SchemaError when the cluster refuses."""
    if cluster.get(f"/{target}") is not None:
        return
    cluster.change(
        "POST",
        f"/_snapshot/{snapshot.repository}/{snapshot.name}/_restore?wait_for_completion=false",
        {
            "indices": source,
            "include_aliases": False,
            "include_global_state": False,
            "partial": False,
            "rename_pattern": f"^{source}$",
            "rename_replacement": target,
            # A rebuild may have been under way; what the schema step says of the index comes with its next run.
            "ignore_index_settings": ["index.blocks.write"],
        },
    )


def await_shards(cluster: Cluster, target: str, is_enough: Callable[[], bool]) -> None:
    """Wait until every primary shard has come back; `is_enough` is asked between, and ends the wait.

    Raises SchemaError for a shard that cannot be restored, and when the wait was ended. Shards are counted: an index
    whose primaries are still to be restored is yellow, not red.
    """
    while True:
        settings = flat_settings((cluster.get(f"/{target}") or {}).get(target, {"settings": {}})["settings"])
        wanted = int(settings.get("index.number_of_shards", 1))
        told = cluster.waited(
            f"/_cluster/health/{target}?wait_for_active_shards={wanted}&timeout={_TURN}&level=indices"
        )
        found = (told or {}).get("indices", {}).get(target, {})
        if settings and found.get("active_primary_shards") == wanted:
            return
        if _has_given_up(cluster, target):
            raise SchemaError(
                f"index {target}",
                "has a shard that cannot be restored",
                fix="look at _cluster/allocation/explain; take an older snapshot when its files are damaged",
            )
        if is_enough():
            raise SchemaError(
                f"index {target}", "is not restored yet", fix="run the command again; it goes on where it is"
            )


def validate(cluster: Cluster, wanted: WantedIndex, target: str, used: str | None) -> Sequence[Check]:
    """Look at a restored index before anybody reads it."""
    told: Mapping[str, Any] = (cluster.get(f"/{target}") or {})[target]
    shards = cluster.search(f"/{target}/_count", {"query": {"match_all": {}}})
    listed = _listed(cluster, target)
    found = fit(told, wanted)
    settings = flat_settings(told["settings"])
    return (
        Check(
            "shards",
            shards["_shards"]["failed"] == 0 and shards["_shards"]["successful"] == shards["_shards"]["total"],
            f"{shards['_shards']['successful']} of {shards['_shards']['total']} answer",
        ),
        Check("documents", listed > 0, f"{listed} of {shards['count']} are listed{_beside(cluster, used)}"),
        Check(
            "was in use",
            settings.get("index.refresh_interval") != _NEVER,
            "yes" if settings.get("index.refresh_interval") != _NEVER else "no: a rebuild was filling it",
        ),
        Check(
            "mapping",
            told["mappings"].get("_meta", {}).get("template") == wanted.name,
            "as the files say" if not found.anew else f"{len(found.anew)} differences; the next schema step mends them",
        ),
        Check("aliases", not told["aliases"], "none yet" if not told["aliases"] else ", ".join(told["aliases"])),
    )


def put_in_place(cluster: Cluster, wanted: WantedIndex, target: str, used: str | None) -> None:
    """Lead both aliases to the restored index at once; raises SchemaError rather than show an empty one."""
    if not _listed(cluster, target):
        raise SchemaError(f"index {target}", "has no document to show", fix="take another snapshot")
    if is_in_place(cluster, wanted, target):
        return
    cluster.change("POST", "/_aliases", swap(wanted, target, used))


def is_in_place(cluster: Cluster, wanted: WantedIndex, target: str) -> bool:
    """Whether both aliases lead to an index, with their options, and nowhere else."""
    found = numbered(cluster, wanted.name)
    led = {name: {key for key in index["aliases"] if key in aliases_of(wanted)} for name, index in found.items()}
    options = {key: found[target]["aliases"].get(key) for key in aliases_of(wanted)} if target in found else {}
    others = [name for name, keys in led.items() if keys and name != target]
    return not others and options == aliases_of(wanted)


def _listed(cluster: Cluster, index: str) -> int:
    return int(cluster.search(f"/{index}/_count", {"query": dict(LISTED)})["count"])


def _beside(cluster: Cluster, used: str | None) -> str:
    return f"; {used}, in use now, lists {_listed(cluster, used)}" if used else "; no index is in use now"


def _has_given_up(cluster: Cluster, target: str) -> bool:
    """Whether a primary shard waits for nothing any more: its allocation failed as often as it is tried."""
    rows = cluster.get(f"/_cat/shards/{target}?format=json&h=prirep,state,unassigned.reason") or []
    return any(
        row["prirep"] == "p" and row["state"] == "UNASSIGNED" and row["unassigned.reason"] == "ALLOCATION_FAILED"
        for row in rows
    )
