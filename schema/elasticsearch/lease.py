"""Being the only one who changes a cluster: one document with an owner and an end, renewed while its owner lives."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from schema import kit
from schema.elasticsearch.cluster import CONFLICT, NOT_FOUND, Cluster
from schema.kit import SchemaError, holder

INDEX = "triptrip-schema"
"""Hidden from wildcards of searches; holds the lease and the ledger."""

_DOCUMENT = f"/{INDEX}/_doc/lease"
_POLL_SECONDS = 0.5
_BAD_REQUEST = 400
_SETTINGS = {"index": {"hidden": True, "number_of_shards": 1, "auto_expand_replicas": "0-1"}}
_MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        "owner": {"type": "keyword"},
        "token": {"type": "keyword"},
        "expires_at": {"type": "date"},
        "what": {"type": "keyword"},
        "checksum": {"type": "keyword"},
        "applied_by": {"type": "keyword"},
        "started_at": {"type": "date"},
        "finished_at": {"type": "date"},
    },
}


@dataclass(frozen=True)
class _Version:
    number: int
    term: int

    def __str__(self) -> str:
        return f"if_seq_no={self.number}&if_primary_term={self.term}"


class Lease(kit.Lease):
    """The right to change a cluster, in a document that is only written as it was last seen.

    Whoever finds it expired takes it over, so that clocks of those who run the schema must agree to a few seconds, as
    synchronised ones do.
    """

    def __init__(self, cluster: Cluster, seconds: float = 45) -> None:
        super().__init__(seconds, _POLL_SECONDS)
        self._cluster = cluster
        self._token = secrets.token_hex(8)
        self._version: _Version | None = None
        self._until = 0.0
        self._lost = ""

    @contextmanager
    def held(self, wait_seconds: float) -> Iterator[None]:
        """Hold it; every change of the cluster is refused once it is lost."""
        make_index(self._cluster)
        with super().held(wait_seconds):
            self._cluster.guard = self._check
            try:
                yield
            finally:
                self._cluster.guard = lambda: None

    def take(self) -> bool:
        """Make the document, or write over one whose time is over."""
        if self._write(f"/{INDEX}/_create/lease"):
            return True
        found = self._cluster.get(_DOCUMENT)
        return found is not None and _is_over(found) and self._write(f"{_DOCUMENT}?{_version(found)}")

    def renew(self) -> bool:
        """Move the end on."""
        try:
            is_held = self._write(f"{_DOCUMENT}?{self._version}") or (
                self._has_seen_its_own() and self._write(f"{_DOCUMENT}?{self._version}")
            )
        except SchemaError as error:
            self._lost = str(error)
            return True
        if not is_held:
            self._until, self._lost = 0.0, "somebody else took it over"
        return is_held

    def give_back(self) -> None:
        """Delete the document while it is this holder's."""
        with suppress(SchemaError):
            if self._has_seen_its_own():
                self._cluster.unguarded("DELETE", f"{_DOCUMENT}?{self._version}", none_for=(CONFLICT, NOT_FOUND))

    def taken(self) -> SchemaError:
        """Who has it, by the document."""
        source = (self._cluster.get(_DOCUMENT) or {}).get("_source", {})
        return SchemaError(
            "the schema of this cluster",
            f"is being changed by {source.get('owner', 'somebody who has just ended')}, whose lease ends at "
            f"{source.get('expires_at', 'no time')} unless renewed",
            fix="wait for it, or give --wait more seconds; a holder that died loses it by then",
        )

    def _write(self, path: str) -> bool:
        """Write this holder's mark; False where the document is not as the path says."""
        asked_at = self.clock()
        expires = datetime.now(UTC) + timedelta(seconds=self.seconds)
        body = {"owner": holder(), "token": self._token, "expires_at": expires.isoformat(timespec="milliseconds")}
        answer = self._cluster.unguarded("PUT", path, body, none_for=(CONFLICT,))
        if answer is None:
            return False
        self._version, self._until = _Version(answer["_seq_no"], answer["_primary_term"]), asked_at + self.seconds
        return True

    def _has_seen_its_own(self) -> bool:
        """Whether the document bears this holder's mark, as a request may have written it whose answer was lost."""
        found = self._cluster.get(_DOCUMENT)
        if found is None or found["_source"].get("token") != self._token:
            return False
        self._version = _version(found)
        return True

    def _check(self) -> None:
        """Raise SchemaError when it is lost; one that ran out, and that nobody took since, is held again."""
        if self.clock() >= self._until and not (self.renew() and self.clock() < self._until):
            raise SchemaError(
                "the schema of this cluster",
                f"the right to change it could not be renewed in time: {self._lost or 'this process was held up'}",
                fix="run it again; nothing was changed since",
            )


def make_index(cluster: Cluster) -> None:
    """Make the index of lease and ledger, with every field of theirs; nothing when it is there."""
    body = {"settings": _SETTINGS, "mappings": _MAPPINGS}
    found = cluster.get(f"/{INDEX}")
    if found is None:
        # 400 is "already exists": somebody made it meanwhile.
        cluster.unguarded("PUT", f"/{INDEX}", body, none_for=(_BAD_REQUEST,))
    elif found[INDEX]["mappings"]["properties"] != _MAPPINGS["properties"]:
        cluster.unguarded("PUT", f"/{INDEX}/_mapping", _MAPPINGS)


def _version(found: Any) -> _Version:
    return _Version(found["_seq_no"], found["_primary_term"])


def _is_over(found: Any) -> bool:
    return datetime.fromisoformat(found["_source"]["expires_at"]) <= datetime.now(UTC)
