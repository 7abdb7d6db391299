"""The state after an adoption: a pure function of the state before, which `pulumi stack export` gives."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ops.adoption.instances import INSTANCE, PRIMARY, REPLICA, entries, instances, primary_of
from ops.adoption.order import ordered
from ops.urn import type_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

CHILDREN = frozenset({"gcp:sql/database:Database", "gcp:sql/user:User"})
"""What belongs to an instance and is in its successor too: the data came along, and with it databases and users."""

NAMES = "gcp:dns/recordSet:RecordSet"
"""An instance's own name in DNS, which goes with it."""

_OF_A_REPLICA = ("masterInstanceName", "replicaConfiguration", "replicaNames")


def rewritten(deployment: Mapping[str, Any], name: str, demoted: str | None = None) -> dict[str, Any]:
    """The deployment with the instance as its primary; the same again when it already is.

    An instance that the state knows as a replica moves to the primary's place. Any other takes over the old primary's
    entry under its own name; a refresh must follow and read the rest. Databases and users move along. `demoted` is the
    key of the replica that the old primary became; without it the old primary leaves the state, and so does every
    replica that does not follow the new one. Raises AdoptionError when the state holds no primary.
    """
    new: dict[str, Any] = copy.deepcopy(dict(deployment))
    known = instances(new)
    old = primary_of(known)
    if old.name == name:
        return new
    held = {entry["urn"]: entry for entry in entries(new)}
    chosen = next((held[each.urn] for each in known if each.name == name), None)
    followers = {each.urn for each in known if each.follows == name}
    gone = held.keys() - followers - {old.urn}
    for urn in followers - {old.urn}:
        _state_key(held[urn])
    made = _promoted(chosen, held[old.urn]) if chosen else _successor(held[old.urn], old.name, name)
    resources = []
    for entry in new["resources"]:
        if entry["urn"] in gone:
            continue
        if entry["urn"] == old.urn and not entry.get("delete"):
            resources.append(made)
            if demoted is not None:
                resources.append(_demoted(entry, made, demoted, chosen))
            continue
        if entry["type"] in CHILDREN and (entry.get("inputs") or {}).get("instance") == old.name:
            _rename(entry, old.name, name)
        resources.append(entry)
    for entry in resources:
        _let_go_of_name(entry, old.urn)
        _forget(entry, gone)
    new["resources"] = ordered(resources)
    return new


def _promoted(replica: Mapping[str, Any], primary: Mapping[str, Any]) -> dict[str, Any]:
    """A replica's entry in the primary's place."""
    entry = copy.deepcopy(dict(replica))
    entry |= {key: primary[key] for key in ("urn", "parent", "protect") if key in primary}
    for side in ("inputs", "outputs"):
        for key in _OF_A_REPLICA:
            entry[side].pop(key, None)
        entry[side]["instanceType"] = "CLOUD_SQL_INSTANCE"
    return _alone(entry)


def _successor(primary: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """The primary's entry under another instance's name."""
    entry = copy.deepcopy(dict(primary))
    _rename(entry, old, new)
    for side in ("inputs", "outputs"):
        entry[side].pop("replicationCluster", None)
    return entry


def _demoted(
    primary: Mapping[str, Any], successor: Mapping[str, Any], key: str, model: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The old primary's entry in a replica's place, with the settings that a replica has."""
    entry = copy.deepcopy(dict(primary))
    entry["urn"] = primary["urn"].removesuffix(PRIMARY) + REPLICA + key
    wanted = (model or successor)["inputs"].get("settings") or {}
    inputs = entry["inputs"]
    inputs["settings"] = {each: value for each, value in (inputs.get("settings") or {}).items() if each in wanted}
    inputs.pop("replicationCluster", None)
    inputs |= {"instanceType": "READ_REPLICA_INSTANCE", "masterInstanceName": successor["inputs"]["name"]}
    _alone(entry)["dependencies"].append(successor["urn"])
    return entry


def _alone(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry that depends on no instance any more."""

    def kept(urns: Collection[str]) -> list[str]:
        return [urn for urn in urns if type_of(urn) != INSTANCE]

    entry["dependencies"] = kept(entry.get("dependencies") or [])
    entry["propertyDependencies"] = {
        key: kept(urns) for key, urns in (entry.get("propertyDependencies") or {}).items() if key not in _OF_A_REPLICA
    }
    return entry


def _state_key(follower: dict[str, Any]) -> None:
    """A replica names its own key where its primary is in another region; until now it may have inherited it."""
    if key := follower["outputs"].get("encryptionKeyName"):
        follower["inputs"].setdefault("encryptionKeyName", key)


def _let_go_of_name(entry: dict[str, Any], primary: str) -> None:
    """A replica's name in DNS may be deleted: it may have left, or be another region's now. `up` guards what stays."""
    after = entry.get("dependencies") or []
    if entry["type"] == NAMES and primary not in after and any(type_of(urn) == INSTANCE for urn in after):
        entry["protect"] = False


def _forget(entry: dict[str, Any], gone: Collection[str]) -> None:
    """Take references to what left out of an entry."""
    if "dependencies" in entry:
        entry["dependencies"] = [urn for urn in entry["dependencies"] if urn not in gone]
    if "propertyDependencies" in entry:
        entry["propertyDependencies"] = {
            key: [urn for urn in urns if urn not in gone] for key, urns in (entry["propertyDependencies"] or {}).items()
        }
    if entry.get("deletedWith") in gone:
        del entry["deletedWith"]


def _rename(entry: dict[str, Any], old: str, new: str) -> None:
    """Another instance's name wherever this one's is a whole part of an id, a link or a connection name."""

    def renamed(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if ":" in value and "/" not in value:
            return ":".join(new if part == old else part for part in value.split(":"))
        return "/".join(new if part == old else part for part in value.split("/"))

    entry["id"] = renamed(entry["id"])
    for side in ("inputs", "outputs"):
        entry[side] = {key: renamed(value) for key, value in (entry.get(side) or {}).items()}
