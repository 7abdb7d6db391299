"""Encryption of Cloud Storage."""

from collections.abc import Iterator

from policies.kit import Case, Resource, Severity, must_be_set, rule
from policies.kit.types import BUCKET


@rule(
    "gcs-cmek",
    title="A bucket encrypts with a key of ours",
    severity=Severity.MEDIUM,
    types=[BUCKET],
    sources=["NIST 800-53: SC-28", "NIST 800-53: SC-12", "trivy GCP-0066", "BAK-PG"],
    reason="snapshots are whole copies of a store; they are worth the same key as the store",
    fix="set encryption.defaultKmsKeyName",
    good=[
        Case({"encryption": {"defaultKmsKeyName": "projects/p/locations/asia-northeast1/keyRings/r/cryptoKeys/k"}}),
    ],
    bad=[Case({}), Case({"encryption": {}})],
)
def cmek(bucket: Resource) -> Iterator[str]:
    yield from must_be_set(bucket, "encryption.defaultKmsKeyName")
