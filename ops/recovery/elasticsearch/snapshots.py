"""Which snapshot an index comes back from: the newest that is whole and has it, or the one that was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from schema.kit import SchemaError

if TYPE_CHECKING:
    from schema.elasticsearch.cluster import Cluster

_WHOLE = "SUCCESS"
_TOLD = 5
_ANEW = "make the index anew from PostgreSQL (docs/runbooks/recovery-elasticsearch.md, step 4)"


@dataclass(frozen=True)
class Snapshot:
    """One snapshot of a repository; `state` is SUCCESS, PARTIAL, FAILED or IN_PROGRESS, `begun_at` UTC.

    What was written after `begun_at` is not in it.
    """

    repository: str
    name: str
    state: str
    begun_at: datetime
    indices: tuple[str, ...]
    failures: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every shard of every index is in it."""
        return self.state == _WHOLE and not self.failures

    def of(self, name: str) -> Sequence[str]:
        """The numbered indices of an alias, newest first."""
        form = re.compile(rf"{re.escape(name)}-\d{{6}}")
        return sorted((index for index in self.indices if form.fullmatch(index)), reverse=True)


def snapshots(cluster: Cluster, repository: str) -> Sequence[Snapshot]:
    """Every snapshot, newest first; raises SchemaError when the cluster knows no such repository."""
    found = cluster.get(f"/_snapshot/{repository}/*?ignore_unavailable=true")
    if found is None:
        known = ", ".join(cluster.get("/_snapshot/_all") or {}) or "none"
        raise SchemaError(
            f"snapshot repository {repository}",
            "is not registered in this cluster",
            allowed=known,
            fix="`python -m schema apply elasticsearch` registers ours, in a new cluster too; Elastic's own is "
            "found-snapshots",
        )
    read = [_snapshot(repository, row) for row in found["snapshots"]]
    return sorted(read, key=lambda each: each.begun_at, reverse=True)


def chosen(found: Sequence[Snapshot], name: str, wanted: str = "") -> Snapshot:
    """The snapshot to restore an alias's index from; raises SchemaError when there is none that is whole."""
    usable = [each for each in found if each.is_whole and each.of(name)]
    newest = usable[0].name if usable else ""
    if wanted:
        snapshot = next((each for each in found if each.name == wanted), None)
        if snapshot is None:
            raise SchemaError(f"snapshot {wanted}", "is not in the repository", allowed=_told(usable))
        if not snapshot.is_whole:
            raise SchemaError(
                f"snapshot {wanted}",
                f"is {snapshot.state}: {len(snapshot.failures)} shards are missing, {_first(snapshot.failures)}"
                if snapshot.failures
                else f"is {snapshot.state}",
                allowed="a snapshot that has every shard",
                fix=f"take {newest}" if newest else _ANEW,
            )
        if not snapshot.of(name):
            raise SchemaError(f"snapshot {wanted}", f"has no index of {name}", allowed=_told(usable))
        return snapshot
    if not usable:
        states = ", ".join(f"{each.name} {each.state}" for each in found[:_TOLD]) or "no snapshot at all"
        raise SchemaError(
            f"index of {name}",
            f"is in no snapshot that is whole: {states}",
            fix=_ANEW,
        )
    return usable[0]


def _snapshot(repository: str, row: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        repository=repository,
        name=row["snapshot"],
        state=row["state"],
        begun_at=datetime.fromtimestamp(row["start_time_in_millis"] / 1000, UTC),
        indices=tuple(row["indices"]),
        failures=tuple(f"{each['index']} shard {each.get('shard_id', '?')}" for each in row.get("failures", ())),
    )


def _first(failures: Sequence[str]) -> str:
    return "; ".join(failures[:_TOLD])


def _told(found: Sequence[Snapshot]) -> str:
    return ", ".join(each.name for each in found[:_TOLD]) or "none"
