"""The keys themselves: turned in time, of the right kind, and hard to lose. A lost key is lost data."""

import re
from collections.abc import Iterator, Sequence

from policies.kit import Case, Node, Parameter, Resource, Severity, must_be, rule
from policies.kit.types import KEY, KEY_VERSION

_DAY = 86400
_SECONDS = re.compile(r"(\d+)(?:\.\d+)?s")


def _days(key: Node, path: str) -> float | None:
    """A duration such as 7776000s in days; None when it is missing or no duration."""
    found = _SECONDS.fullmatch(key.text(path))
    return int(found[1]) / _DAY if found else None


@rule(
    "kms-rotation",
    title="Every key gets a new version in time",
    severity=Severity.HIGH,
    types=[KEY],
    sources=[
        "CIS GCP 5.0: 1.11",
        "NIST 800-53: SC-12",
        "CKV_GCP_43",
        "trivy GCP-0065",
        "prowler kms_key_rotation_enabled",
    ],
    reason="whoever got hold of a key reads everything that is written until it turns",
    fix="lower encryption.rotation in the stack file",
    parameters={"rotation_days": Parameter(90, "Longest time in days after which a key gets a new version")},
    good=[Case({"rotationPeriod": "7776000s"})],
    bad=[
        Case({"rotationPeriod": "7776001s"}),
        Case({"rotationPeriod": "31536000s"}),
        Case({"rotationPeriod": ""}),
        Case({"rotationPeriod": "0s"}),
        Case({}),
    ],
)
def rotation(key: Resource, rotation_days: int) -> Iterator[str]:
    days = _days(key, "rotationPeriod")
    if not days or days > rotation_days:
        yield f"rotationPeriod is {key.shown('rotationPeriod')}; at most {rotation_days * _DAY}s are allowed"


@rule(
    "kms-no-destroy",
    title="Keys are not deleted, and a destroyed version can be brought back for a month",
    severity=Severity.HIGH,
    types=[KEY],
    sources=["NIST 800-53: SC-12", "NIST 800-53: CP-9", "CKV_GCP_82"],
    reason="what was encrypted with a destroyed version is gone for good, every backup included",
    fix="raise encryption.destroyDelay in the stack file and keep project.deletionGuards: true",
    parameters={
        "destroy_days": Parameter(30, "Least time in days for which a destroyed version can be restored"),
        "deletion_policies": Parameter(("PREVENT", "ABANDON"), "What deletionPolicy may be"),
    },
    good=[Case({"destroyScheduledDuration": "2592000s", "deletionPolicy": "PREVENT"}, protect=True)],
    bad=[
        Case({"destroyScheduledDuration": "2592000s", "deletionPolicy": "PREVENT"}),
        Case({"destroyScheduledDuration": "86400s", "deletionPolicy": "PREVENT"}, protect=True),
        Case({"deletionPolicy": "PREVENT"}, protect=True),
        Case({"destroyScheduledDuration": "2592000s", "deletionPolicy": "DELETE"}, protect=True),
        Case({"destroyScheduledDuration": "2592000s"}, protect=True),
    ],
)
def no_destroy(key: Resource, destroy_days: int, deletion_policies: Sequence[str]) -> Iterator[str]:
    days = _days(key, "destroyScheduledDuration")
    if days is None or days < destroy_days:
        shown = key.shown("destroyScheduledDuration")
        yield f"destroyScheduledDuration is {shown}; at least {destroy_days * _DAY}s are needed"
    yield from must_be(key, "deletionPolicy", *deletion_policies)
    if not key.protect:
        yield "protect is not set"


@rule(
    "kms-purpose",
    title="Keys encrypt with AES-256, and Google holds them",
    severity=Severity.HIGH,
    types=[KEY],
    sources=["NIST 800-53: SC-12", "NIST 800-53: SC-13", "BAK-PG"],
    reason="stores take symmetric keys only, and a key that is held elsewhere fails when it is needed",
    fix="keep what infra/components/encryption.py declares; encryption.protectionLevel is SOFTWARE or HSM",
    parameters={"protection_levels": Parameter(("SOFTWARE", "HSM"), "Where keys may live")},
    good=[
        Case(
            {
                "purpose": "ENCRYPT_DECRYPT",
                "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": level},
            }
        )
        for level in ("SOFTWARE", "HSM")
    ],
    bad=[
        Case({"purpose": purpose, "versionTemplate": {"algorithm": algorithm, "protectionLevel": level}, **more})
        for purpose, algorithm, level, more in (
            ("ASYMMETRIC_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION", "SOFTWARE", {}),
            (None, "GOOGLE_SYMMETRIC_ENCRYPTION", "SOFTWARE", {}),
            ("ENCRYPT_DECRYPT", "AES_128_GCM", "SOFTWARE", {}),
            ("ENCRYPT_DECRYPT", None, "SOFTWARE", {}),
            ("ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION", "EXTERNAL", {}),
            ("ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION", None, {}),
            ("ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION", "HSM", {"importOnly": True}),
            ("ENCRYPT_DECRYPT", "GOOGLE_SYMMETRIC_ENCRYPTION", "HSM", {"skipInitialVersionCreation": True}),
        )
    ],
)
def purpose(key: Resource, protection_levels: Sequence[str]) -> Iterator[str]:
    yield from must_be(key, "purpose", "ENCRYPT_DECRYPT")
    yield from must_be(key, "versionTemplate.algorithm", "GOOGLE_SYMMETRIC_ENCRYPTION")
    yield from must_be(key, "versionTemplate.protectionLevel", *protection_levels)
    yield from must_be(key, "importOnly", None, False)
    yield from must_be(key, "skipInitialVersionCreation", None, False)


@rule(
    "kms-version-kept",
    title="No version of a key is switched off or destroyed by the program",
    severity=Severity.CRITICAL,
    types=[KEY_VERSION],
    sources=["NIST 800-53: SC-12", "NIST 800-53: CP-9"],
    reason="Atlas and every backup stay on the version that they were written with, long after the key has turned",
    fix="leave old versions alone; they cost a few cents a month",
    good=[Case({"state": "ENABLED"}, protect=True), Case({}, protect=True)],
    bad=[Case({"state": "DESTROYED"}, protect=True), Case({"state": "DISABLED"}, protect=True), Case({})],
)
def version_kept(version: Resource) -> Iterator[str]:
    yield from must_be(version, "state", "ENABLED", None)
    if not version.protect:
        yield "protect is not set"
