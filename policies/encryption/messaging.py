"""Encryption of Pub/Sub."""

from collections.abc import Iterator

from policies.kit import Case, Resource, Severity, must_be_set, rule
from policies.kit.types import TOPIC


@rule(
    "pub-cmek",
    title="A topic encrypts with a key of ours",
    severity=Severity.MEDIUM,
    types=[TOPIC],
    sources=["NIST 800-53: SC-28", "NIST 800-53: SC-12", "CKV_GCP_83"],
    reason="a topic keeps its events for days, and dead letters for weeks",
    fix="set kmsKeyName",
    good=[Case({"kmsKeyName": "projects/p/locations/asia-northeast1/keyRings/r/cryptoKeys/pubsub"})],
    bad=[Case({"name": "events"})],
)
def cmek(topic: Resource) -> Iterator[str]:
    yield from must_be_set(topic, "kmsKeyName")
