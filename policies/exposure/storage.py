"""Who reads the buckets: named service accounts, by the bucket's grants alone."""

from collections.abc import Iterator, Sequence

from policies.exposure.audit_logs import is_audited
from policies.exposure.members import (
    OWN_ROLES,
    WRITERS,
    is_agent,
    is_own_account,
    is_own_role,
    is_partner,
    member_path,
    members,
    project_of,
)
from policies.kit import Case, Level, Parameter, Resource, Severity, Stack, must_be, rule, stated
from policies.kit.types import AUDIT_CONFIG, BUCKET, BUCKET_MEMBER
from policies.kit.waiting import about_each

_ACCOUNT = "serviceAccount:snapshots-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"
_PROVIDER = {"project": "triptrip-prod"}
_ATLAS = "serviceAccount:mongodb-atlas-1a2b@p-3c4d.iam.gserviceaccount.com"
_MEMORYSTORE = "serviceAccount:123456789012-compute@developer.gserviceaccount.com"


def _on(bucket: str, role: str, member: str = _ACCOUNT) -> Case:
    return Case({"bucket": bucket, "role": role, "member": member}, provider=_PROVIDER)


_LISTS = tuple(
    f"gcp:storage/{name[0].lower()}{name[1:]}:{name}"
    for name in (
        "BucketACL",
        "BucketAccessControl",
        "DefaultObjectACL",
        "DefaultObjectAccessControl",
        "ObjectACL",
        "ObjectAccessControl",
    )
)


@rule(
    "gcs-no-public",
    title="A bucket can never be made public",
    severity=Severity.CRITICAL,
    types=[BUCKET],
    sources=[
        "CIS GCP 5.0: 5.1",
        "NIST 800-53: AC-3",
        "CKV_GCP_114",
        "trivy GCP-0001",
        "prowler cloudstorage_bucket_public_access",
    ],
    reason="one grant by mistake opens snapshots of the stores to the internet",
    fix="set publicAccessPrevention to enforced",
    good=[Case({"publicAccessPrevention": "enforced"})],
    bad=[Case({"publicAccessPrevention": "inherited"}), Case({})],
    remedy=lambda inputs: {**inputs, "publicAccessPrevention": "enforced"},
)
def no_public(bucket: Resource) -> Iterator[str]:
    yield from must_be(bucket, "publicAccessPrevention", "enforced")


@rule(
    "gcs-ubla",
    title="A bucket's grants hold for all its objects",
    severity=Severity.MEDIUM,
    types=[BUCKET],
    sources=["CIS GCP 5.0: 5.2", "NIST 800-53: AC-3", "CKV_GCP_29", "trivy GCP-0002"],
    reason="objects with access lists of their own can be open in a bucket that looks closed",
    fix="set uniformBucketLevelAccess to true",
    good=[Case({"uniformBucketLevelAccess": True})],
    bad=[Case({"uniformBucketLevelAccess": False}), Case({})],
    remedy=lambda inputs: {**inputs, "uniformBucketLevelAccess": True},
)
def uniform_access(bucket: Resource) -> Iterator[str]:
    yield from must_be(bucket, "uniformBucketLevelAccess", True)


@rule(
    "gcs-no-lists",
    title="Buckets and objects have no access lists of their own",
    severity=Severity.HIGH,
    types=_LISTS,
    sources=["CIS GCP 5.0: 5.2", "NIST 800-53: AC-3"],
    reason="an access list grants beside the project's IAM, where nobody looks for it",
    fix="grant a role on the bucket",
    good=[Case({}, BUCKET)],
    bad=[Case({"bucket": "b", "predefinedAcl": "publicRead"}, each) for each in _LISTS],
)
def no_lists(access: Resource) -> Iterator[str]:
    yield f"{access.shown('bucket')} has an access list"


@rule(
    "gcs-members",
    title="A bucket is used by named service accounts, for its objects alone",
    severity=Severity.HIGH,
    types=[BUCKET_MEMBER],
    sources=["NIST 800-53: AC-6"],
    reason="snapshots hold whole stores: who reads the bucket reads everything",
    fix="grant a role on objects to the one service account that writes them",
    parameters={
        "roles": Parameter(
            ("roles/storage.objectCreator", "roles/storage.objectViewer"), "Roles that may be granted on any bucket"
        ),
        "admins": Parameter(
            ("-search-snapshots",), "Endings of the names of buckets whose writer must also overwrite and delete"
        ),
        "own_roles": OWN_ROLES,
        "writers": WRITERS,
    },
    good=[
        _on("p-search-snapshots", "roles/storage.objectAdmin"),
        _on("p-1-backups", "roles/storage.objectViewer"),
        _on("p-1-backups", "projects/triptrip-prod/roles/triptrip_prod_copies_marker_1"),
        _on("p-1-backups", "roles/storage.objectCreator", _ATLAS),
        _on("p-1-cache-exports", "projects/triptrip-prod/roles/triptrip_prod_copies_redis_1", _MEMORYSTORE),
    ],
    bad=[
        _on("p-1-backups", "roles/storage.objectAdmin"),
        _on("p-1-backups", "projects/triptrip-prod/roles/by_hand"),
        _on("p-1-backups", "roles/storage.objectViewer", _ATLAS),
        _on("p-search-snapshots", "roles/storage.objectAdmin", _MEMORYSTORE),
        _on("p-1-backups", "roles/storage.objectCreator", "serviceAccount:somebody@elsewhere.iam.gserviceaccount.com"),
        Case({"role": "roles/storage.admin", "member": _ACCOUNT}, provider=_PROVIDER),
        Case({"role": "roles/storage.objectViewer", "member": "allUsers"}, provider=_PROVIDER),
        Case({"role": "roles/storage.objectViewer", "member": "group:analysts@triptrip.jp"}, provider=_PROVIDER),
        Case({}, provider=_PROVIDER),
    ],
)
def bucket_members(
    grant: Resource,
    roles: Sequence[str],
    admins: Sequence[str],
    own_roles: Sequence[str],
    writers: Sequence[str],
) -> Iterator[str]:
    role, project = grant.text("role"), project_of(grant)
    is_admin = role == "roles/storage.objectAdmin" and grant.text("bucket").endswith(tuple(admins))
    if role not in roles and not is_admin and not is_own_role(role, own_roles):
        yield stated(grant, "role", " or ".join(roles))
    creates = role == "roles/storage.objectCreator" or is_own_role(role, own_roles)
    for member in members(grant):
        is_writer = creates and is_partner(member, writers)
        if not (is_own_account(member, project) or is_agent(member) or is_writer):
            yield stated(grant, member_path(grant), "a service account of this project")


@rule(
    "gcs-access-log",
    title="Who reads a bucket is recorded",
    severity=Severity.LOW,
    level=Level.MANDATORY,
    types=[BUCKET, AUDIT_CONFIG],
    sources=["NIST 800-53: AU-2", "CKV_GCP_62", "CKV_GCP_63", "trivy GCP-0077"],
    reason="without a record nobody can tell whether a snapshot was copied",
    fix="switch on the audit logs of storage.googleapis.com, or set the bucket's logging to another bucket",
    good=[
        Case(stack={"bucket": (BUCKET, {"name": "b", "logging": {"logBucket": "logs"}})}),
        Case(
            stack={
                "bucket": (BUCKET, {"name": "b"}),
                "audit": (
                    AUDIT_CONFIG,
                    {
                        "service": "storage.googleapis.com",
                        "auditLogConfigs": [{"logType": each} for each in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")],
                    },
                ),
            }
        ),
    ],
    bad=[
        Case(stack={"bucket": (BUCKET, {"name": "b"})}),
        Case(stack={"bucket": (BUCKET, {"name": "b", "logging": {"logBucket": "b"}})}),
    ],
)
def access_log(stack: Stack) -> Iterator[tuple[Resource, str]]:
    if is_audited(stack, "storage.googleapis.com"):
        return

    def check(bucket: Resource) -> Iterator[tuple[Resource, str]]:
        if not bucket.has("logging.logBucket") or bucket.get("logging.logBucket") == bucket.get("name"):
            yield (
                bucket,
                f"logging.logBucket is {bucket.shown('logging.logBucket')}, and no audit log records its reads",
            )

    yield from about_each(stack.of(BUCKET), check)
