"""Encryption of secrets, and reminders to turn them."""

from collections.abc import Iterator

from policies.kit import Case, Level, Parameter, Resource, Severity, must_be_set, rule
from policies.kit.types import REGIONAL_SECRET, SECRET
from policies.kit.waiting import about_each

_DAY = 86400
_CMEK = "customerManagedEncryption.kmsKeyName"
_KEY = {"customerManagedEncryption": {"kmsKeyName": "projects/p/locations/l/keyRings/r/cryptoKeys/secrets"}}


def _replicas(*replicas: object) -> Case:
    return Case({"replication": {"userManaged": {"replicas": list(replicas)}}})


@rule(
    "sec-cmek",
    title="Every copy of a secret is encrypted with a key of ours",
    severity=Severity.HIGH,
    types=[SECRET, REGIONAL_SECRET],
    sources=["NIST 800-53: SC-28", "NIST 800-53: SC-12", "NIST 800-53: IA-5"],
    reason="secrets open every store; their key must be one that can be taken away",
    fix="give each replica the key of its region; a secret's replication cannot be changed later",
    good=[
        _replicas({"location": "asia-northeast1", **_KEY}),
        Case({"replication": {"auto": _KEY}}),
        Case(_KEY, REGIONAL_SECRET),
    ],
    bad=[
        _replicas({"location": "asia-northeast1"}),
        _replicas({"location": "asia-northeast1", **_KEY}, {"location": "asia-northeast2"}),
        _replicas(),
        Case({"replication": {"auto": {}}}),
        Case({}),
        Case({}, REGIONAL_SECRET),
    ],
)
def cmek(secret: Resource) -> Iterator[str]:
    if secret.type == REGIONAL_SECRET:
        yield from must_be_set(secret, _CMEK)
    elif secret.has("replication.auto"):
        yield from must_be_set(secret, f"replication.auto.{_CMEK}")
    elif replicas := secret.nodes("replication.userManaged.replicas"):
        yield from about_each(replicas, lambda replica: must_be_set(replica, _CMEK))
    else:
        yield "replication names no place with a key"


@rule(
    "sec-rotation-cmek",
    title="A secret that is to be turned is turned in time, and somebody is told",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=[SECRET, REGIONAL_SECRET],
    sources=["NIST 800-53: IA-5", "prowler secretmanager_secret_rotation_enabled"],
    reason="Secret Manager turns nothing itself: it tells a topic, and without one the reminder reaches nobody",
    fix="set rotation.rotationPeriod, rotation.nextRotationTime and topics together",
    parameters={"rotation_days": Parameter(90, "Longest time in days after which a secret is turned")},
    good=[
        Case({}),
        Case(
            {
                "rotation": {"rotationPeriod": "7776000s", "nextRotationTime": "2027-01-01T00:00:00Z"},
                "topics": [{"name": "projects/p/topics/rotation"}],
            }
        ),
    ],
    bad=[
        Case({"rotation": {"rotationPeriod": "31536000s", "nextRotationTime": "x"}, "topics": [{"name": "t"}]}),
        Case({"rotation": {"nextRotationTime": "x"}, "topics": [{"name": "t"}]}),
        Case({"rotation": {"rotationPeriod": "7776000s"}, "topics": [{"name": "t"}]}),
        Case({"rotation": {"rotationPeriod": "7776000s", "nextRotationTime": "x"}}),
    ],
)
def rotation(secret: Resource, rotation_days: int) -> Iterator[str]:
    if not secret.has("rotation"):
        return
    seconds = secret.text("rotation.rotationPeriod").removesuffix("s")
    if not seconds.isdecimal() or int(seconds) > rotation_days * _DAY:
        shown = secret.shown("rotation.rotationPeriod")
        yield f"rotation.rotationPeriod is {shown}; at most {rotation_days * _DAY}s are allowed"
    yield from must_be_set(secret, "rotation.nextRotationTime")
    yield from must_be_set(secret, "topics")
