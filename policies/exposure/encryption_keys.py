"""Who uses the encryption keys: the services that encrypt with them, key by key."""

from collections.abc import Iterator, Sequence

from policies.exposure.members import PARTNERS, is_agent, is_partner, member_path, members
from policies.kit import Case, Resource, Severity, must_be, rule, stated
from policies.kit.types import KEY, KEY_BINDING, KEY_MEMBER, RING_BINDING, RING_MEMBER

_ENCRYPT = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
_AGENT = "serviceAccount:service-123456789012@gcp-sa-cloud-sql.iam.gserviceaccount.com"
_ATLAS = "serviceAccount:mongodb-atlas-1a2b@p-3c4d.iam.gserviceaccount.com"


@rule(
    "kms-no-public",
    title="Only services use the encryption keys, and only to encrypt and decrypt",
    severity=Severity.CRITICAL,
    types=[KEY_MEMBER, KEY_BINDING],
    sources=[
        "CIS GCP 5.0: 1.10",
        "CIS GCP 5.0: 1.12",
        "NIST 800-53: SC-12",
        "NIST 800-53: AC-6",
        "CKV_GCP_112",
        "CKV2_GCP_8",
        "prowler kms_key_not_publicly_accessible",
    ],
    reason="whoever can decrypt reads a stolen disk or backup, and whoever administers a key can destroy it",
    fix="grant encrypt and decrypt to the agent of the one service that stores data with the key",
    parameters={"partners": PARTNERS},
    good=[
        Case({"role": _ENCRYPT, "member": _AGENT}, KEY_MEMBER),
        Case({"role": _ENCRYPT, "member": _ATLAS}, KEY_MEMBER),
        Case({"role": "roles/cloudkms.viewer", "member": _ATLAS}, KEY_MEMBER),
    ],
    bad=[
        Case({"role": _ENCRYPT, "member": member}, KEY_MEMBER)
        for member in (
            "allUsers",
            "allAuthenticatedUsers",
            "user:somebody@triptrip.jp",
            "group:analysts@triptrip.jp",
            "serviceAccount:triptrip-prod-application@triptrip-prod.iam.gserviceaccount.com",
        )
    ]
    + [
        Case({"role": "roles/cloudkms.admin", "member": _AGENT}, KEY_MEMBER),
        Case({"role": "roles/cloudkms.viewer", "member": _AGENT}, KEY_MEMBER),
        Case({"role": "roles/owner", "member": _ATLAS}, KEY_MEMBER),
        Case({"role": _ENCRYPT, "members": [_AGENT, "allUsers"]}, KEY_BINDING),
        Case({}, KEY_MEMBER),
    ],
)
def no_public(grant: Resource, partners: Sequence[str]) -> Iterator[str]:
    named = members(grant)
    viewing = ("roles/cloudkms.viewer",) if named and all(is_partner(each, partners) for each in named) else ()
    yield from must_be(grant, "role", _ENCRYPT, *viewing)
    if not all(is_agent(member) or is_partner(member, partners) for member in named):
        yield stated(grant, member_path(grant), "the agent of a service")


@rule(
    "kms-key-by-key",
    title="Rights are granted on a key, never on a whole ring",
    severity=Severity.HIGH,
    types=[RING_MEMBER, RING_BINDING],
    sources=["NIST 800-53: AC-6", "NIST 800-53: SC-12"],
    reason="each store has a key of its own so that a lost right opens one store; a right on the ring opens all",
    fix="grant it on the one key",
    good=[Case({}, KEY)],
    bad=[Case({"role": _ENCRYPT, "member": _AGENT}, RING_MEMBER), Case({"role": _ENCRYPT}, RING_BINDING)],
)
def key_by_key(grant: Resource) -> Iterator[str]:
    yield f"{grant.shown('role')} is granted on ring {grant.shown('keyRingId')}"
