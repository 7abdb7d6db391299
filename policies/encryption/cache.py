"""Encryption of the cache: Memorystore for Redis and for Valkey."""

from collections.abc import Iterator

from policies.kit import Case, Resource, Severity, must_be, must_be_set, rule
from policies.kit.types import REDIS, REDIS_CLUSTER, VALKEY

_KEYS = {REDIS: "customerManagedKey", REDIS_CLUSTER: "kmsKey", VALKEY: "kmsKey"}
_TLS = {
    REDIS: "SERVER_AUTHENTICATION",
    REDIS_CLUSTER: "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION",
    VALKEY: "SERVER_AUTHENTICATION",
}
_OFF = {
    REDIS: "DISABLED",
    REDIS_CLUSTER: "TRANSIT_ENCRYPTION_MODE_DISABLED",
    VALKEY: "TRANSIT_ENCRYPTION_DISABLED",
}


@rule(
    "red-tls",
    title="The cache speaks TLS",
    severity=Severity.HIGH,
    types=[REDIS, VALKEY, REDIS_CLUSTER],
    sources=["NIST 800-53: SC-8", "CKV_GCP_97", "CONN"],
    reason="sessions and the cache's password go over the wire; TLS cannot be switched on later without a new cache",
    fix="leave transitEncryptionMode to the Cache component",
    good=[Case({"transitEncryptionMode": mode}, type_) for type_, mode in _TLS.items()],
    bad=[
        *(Case({"transitEncryptionMode": mode}, type_) for type_, mode in _OFF.items()),
        *(Case({}, type_) for type_ in _TLS),
    ],
)
def tls(cache: Resource) -> Iterator[str]:
    yield from must_be(cache, "transitEncryptionMode", _TLS[cache.type])


@rule(
    "red-cmek",
    title="The cache encrypts with a key of ours",
    severity=Severity.MEDIUM,
    types=[REDIS, VALKEY, REDIS_CLUSTER],
    sources=["NIST 800-53: SC-28", "NIST 800-53: SC-12"],
    reason="snapshots hold sessions; a key cannot be given to the cache later without a new cache",
    fix="leave the key to the Cache component",
    good=[Case({path: "projects/p/locations/l/keyRings/r/cryptoKeys/redis"}, type_) for type_, path in _KEYS.items()],
    bad=[Case({}, type_) for type_ in _KEYS],
)
def cmek(cache: Resource) -> Iterator[str]:
    yield from must_be_set(cache, _KEYS[cache.type])
