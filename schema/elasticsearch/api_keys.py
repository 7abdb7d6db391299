"""One API key for each client, held to its role.

A key notes the version of the secret that hands it over, once it is there: the key of the latest version is the one in
use. The step itself never reads a key that it has handed over.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from schema.elasticsearch.change import Change, differences, in_one_line
from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.desired import WantedKey
from schema.elasticsearch.files import MANAGED_BY, checksum
from schema.kit import Action
from schema.kit.secret_manager import Secrets


def changes(cluster: Cluster, secrets: Secrets, wanted: WantedKey) -> Iterator[Change]:
    """What a client's key needs: to be made, to be held to other rights; keys of its name that nobody was handed go."""
    found = _active(cluster, wanted.name)
    latest = secrets.latest(wanted.secret)
    note, what = checksum(wanted.roles), f"API key {wanted.name}"
    used = next((key for key in found if latest and key.get("metadata", {}).get("version") == latest), None)
    orphans = [key["id"] for key in found if key is not used]
    if used is None:
        detail = f"held to {', '.join(wanted.roles)}, into secret {wanted.secret}"

        def make() -> None:
            _make(cluster, secrets, wanted)
            _invalidate(cluster, orphans)

        yield Change(
            Action.CREATE, what, detail + (f"; {len(orphans)} that nobody has go" if orphans else ""), note, make
        )
        return
    if different := list(differences(_told(used["role_descriptors"]), _told(wanted.roles))):
        identifier, version = used["id"], str(latest)

        def hold() -> None:
            _hold(cluster, wanted, identifier, version)

        yield Change(Action.CHANGE, what, in_one_line(different), note, hold)
    if orphans:
        detail = f"{len(orphans)} of this name that secret {wanted.secret} does not hand over"
        yield Change(Action.DELETE, f"API keys {wanted.name}", detail, note, lambda: _invalidate(cluster, orphans))


def unclaimed(cluster: Cluster, wanted: Sequence[WantedKey]) -> Iterator[str]:
    """Names of keys that were made for clients of former files and are still in force."""
    names = {key.name for key in wanted}
    made = (key for key in _active(cluster, "*") if (key.get("metadata") or {}).get("managed_by") == MANAGED_BY)
    yield from sorted({key["name"] for key in made} - names)


def _active(cluster: Cluster, name: str) -> Sequence[Any]:
    answer = cluster.get(f"/_security/api_key?name={quote(name)}&owner=false") or {"api_keys": []}
    return [key for key in answer["api_keys"] if not key["invalidated"]]


def _make(cluster: Cluster, secrets: Secrets, wanted: WantedKey) -> None:
    """Make a key and hand it over; one that was made and not handed over is invalidated by the next run."""
    body = {"name": wanted.name, "role_descriptors": wanted.roles, "metadata": _metadata(wanted)}
    made: Any = cluster.change("POST", "/_security/api_key", body)
    _hold(cluster, wanted, made["id"], secrets.add_version(wanted.secret, made["encoded"]))


def _hold(cluster: Cluster, wanted: WantedKey, identifier: str, version: str) -> None:
    """Hold a key to the client's role, and note the version that hands it over."""
    metadata = {**_metadata(wanted), "version": version}
    body = {"role_descriptors": wanted.roles, "metadata": metadata}
    cluster.change("PUT", f"/_security/api_key/{identifier}", body)


def _metadata(wanted: WantedKey) -> dict[str, str]:
    return {"managed_by": MANAGED_BY, "client": wanted.client, "secret": wanted.secret}


def _invalidate(cluster: Cluster, identifiers: Sequence[str]) -> None:
    if identifiers:
        cluster.change("DELETE", "/_security/api_key", {"ids": list(identifiers)})


def _told(descriptors: Any) -> Any:
    """Role descriptors without what the cluster adds to them."""
    drops = ("transient_metadata", "metadata")
    return {name: {key: value for key, value in body.items() if key not in drops} for name, body in descriptors.items()}
