"""Where stores name their keys, which of the stack's keys that are, and where a key lives.

Names of keys are given by the cloud: on the first preview they are unknown, and a store's key is then the one that the
store depends on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from policies.kit import Node, Resource, Stack, Undecided
from policies.kit.machines import MACHINES, disk_keys
from policies.kit.references import declared
from policies.kit.types import (
    ATLAS_ENCRYPTION,
    BIGQUERY_CONNECTION,
    BUCKET,
    DATA_TRANSFER,
    DATASET,
    ELASTIC_DEPLOYMENT,
    KEY,
    KEY_BINDING,
    KEY_MEMBER,
    KEY_RING,
    REDIS,
    REDIS_CLUSTER,
    REGIONAL_SECRET,
    RUN_JOB,
    RUN_SERVICE,
    SECRET,
    SQL_INSTANCE,
    TABLE,
    TOPIC,
    VALKEY,
)
from policies.kit.waiting import fitting

_NAME = re.compile(r"(projects/[^/]+/locations/([^/]+)/keyRings/[^/]+)/cryptoKeys/([^/]+)(/cryptoKeyVersions/\d+)?")
_RING = re.compile(r"projects/[^/]+/locations/([^/]+)/keyRings/([^/]+)")
_PLACES = {"eu": "europe", "us": "us"}
"""What Cloud KMS calls the multi-regions of BigQuery and Cloud Storage."""


@dataclass(frozen=True)
class KeyName:
    """The parts of a key's name."""

    ring: str
    place: str
    key: str


@dataclass(frozen=True)
class Use:
    """One place where a resource names the key that its data is encrypted with."""

    user: Resource
    node: Node
    path: str
    place: str = ""

    @property
    def where(self) -> str:
        """The input as a message names it."""
        return f"{self.node.where}.{self.path}" if self.node.where else self.path

    @property
    def is_set(self) -> bool:
        """Whether a key is named."""
        return self.node.has(self.path)

    @property
    def name(self) -> KeyName | None:
        """The key's name in parts, None when what stands there is no such name; raises Undecided when unknown."""
        return key_name(self.node.text(self.path))


def key_name(text: str) -> KeyName | None:
    """The name of a key or of one of its versions in parts; None when it is no such name."""
    found = _NAME.fullmatch(text)
    return KeyName(found[1], found[2], found[3]) if found else None


_STORES = {
    SQL_INSTANCE: ("encryptionKeyName", "region"),
    REDIS: ("customerManagedKey", "region"),
    REDIS_CLUSTER: ("kmsKey", "region"),
    VALKEY: ("kmsKey", "location"),
    DATASET: ("defaultEncryptionConfiguration.kmsKeyName", "location"),
    TABLE: ("encryptionConfiguration.kmsKeyName", "datasetId"),
    BIGQUERY_CONNECTION: ("kmsKeyName", "location"),
    DATA_TRANSFER: ("encryptionConfiguration.kmsKeyName", "location"),
    BUCKET: ("encryption.defaultKmsKeyName", "location"),
    TOPIC: ("kmsKeyName", "messageStoragePolicy.allowedPersistenceRegions"),
    REGIONAL_SECRET: ("customerManagedEncryption.kmsKeyName", "location"),
    ELASTIC_DEPLOYMENT: ("encryptionKeyPath", "region"),
    RUN_JOB: ("template.template.encryptionKey", "location"),
    RUN_SERVICE: ("template.encryptionKey", "location"),
    ATLAS_ENCRYPTION: ("googleCloudKmsConfig.keyVersionResourceId", ""),
}
"""Where a type names its key, and where its own place."""

USERS = (*_STORES, SECRET, *MACHINES)
"""Every type that names a key."""


def uses(resource: Resource) -> Iterator[Use]:
    """Where a resource names a key, set or not; raises Undecided when the list of its replicas or disks is unknown."""
    if resource.type in _STORES:
        yield Use(resource, resource, *_STORES[resource.type])
    if resource.type == SECRET:
        yield from _secret_uses(resource)
    if resource.type in MACHINES:
        yield from (Use(resource, *key) for key in disk_keys(resource))


def _secret_uses(secret: Resource) -> Iterator[Use]:
    path = "customerManagedEncryption.kmsKeyName"
    for replica in secret.nodes("replication.userManaged.replicas"):
        yield Use(secret, replica, path, "location")
    if secret.get("replication.auto") is not None:
        yield Use(secret, secret.node("replication.auto"), path, "")


def places_of(stack: Stack, use: Use) -> set[str]:
    """Where the data is, in the words of Cloud KMS; raises Undecided when it is not known yet."""
    if use.user.type == SECRET and not use.place:
        return {"global"}
    if use.user.type == TABLE:
        datasets = declared(stack, use.user, "datasetId", DATASET, naming="datasetId")
        return {_kms_place(place) for each in datasets for place in each.texts("location")}
    if use.user.type in MACHINES:
        return {_region(use.user)}
    return {_kms_place(place) for place in use.node.texts(use.place)}


def keys_of(stack: Stack, use: Use) -> list[Resource]:
    """The stack's keys that may be meant; raises Undecided when nothing tells which."""
    try:
        name = use.name
    except Undecided:
        if found := [each for each in stack.of(KEY) if each.urn in use.user.dependencies]:
            return found
        raise
    return fitting(stack.of(KEY), lambda each: _is(each, name)) if name else []


def place_of_key(stack: Stack, key: Resource) -> str:
    """Where a key lives; raises Undecided when neither its ring's id nor the ring is known."""
    if key.known("keyRing"):
        found = _RING.fullmatch(key.text("keyRing"))
        return found[1] if found else ""
    rings = [each for each in stack.of(KEY_RING) if each.urn in key.dependencies]
    if len(rings) != 1:
        raise Undecided(f"{key.name}.keyRing")
    return rings[0].text("location")


def ring_is_declared(stack: Stack, key: Resource) -> bool:
    """Whether the key's ring is in the stack; raises Undecided when it is not known yet."""
    if not key.known("keyRing"):
        return bool(place_of_key(stack, key))
    found = _RING.fullmatch(key.text("keyRing"))
    wanted = found.groups() if found else None
    return any((ring.text("location"), ring.text("name")) == wanted for ring in stack.of(KEY_RING))


def grants_on(stack: Stack, key: Resource) -> list[Resource]:
    """The grants on a key; one whose key is not known yet is on those that it depends on."""
    return fitting(stack.of(KEY_MEMBER, KEY_BINDING), lambda each: _is_on(each, key))


def grants_to(grant: Resource, role: str, fits: Callable[[str], bool]) -> bool:
    """Whether the grant gives the role to a fitting member; raises Undecided when its members are not known yet."""
    path = "members" if grant.type == KEY_BINDING else "member"
    return grant.text("role") == role and any(fits(member) for member in grant.texts(path))


def _is_on(grant: Resource, key: Resource) -> bool:
    if not grant.known("cryptoKeyId"):
        return key.urn in grant.dependencies
    name = key_name(grant.text("cryptoKeyId"))
    return name is not None and _is(key, name)


def _is(key: Resource, name: KeyName) -> bool:
    return key.text("name") == name.key and key.text("keyRing") == name.ring


def _region(machine: Resource) -> str:
    """The region of a machine, which states its zone, or of a template."""
    return machine.text("zone").rpartition("-")[0] or machine.text("region")


def _kms_place(place: str) -> str:
    plain = place.lower().removeprefix("gcp-")
    return _PLACES.get(plain, plain)
