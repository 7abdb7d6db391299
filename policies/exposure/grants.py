"""Who is granted what anywhere at Google: nobody at large, no person, no stranger, and no more than is needed."""

import re
from collections.abc import Iterator, Sequence

from policies.exposure.members import (
    OWN_ROLES,
    PARTNERS,
    PUBLIC,
    WRITERS,
    is_agent,
    is_own_account,
    is_own_role,
    is_partner,
    kind_of_grant,
    member_path,
    members,
    project_of,
)
from policies.kit import Case, Parameter, Resource, Severity, rule, stated
from policies.kit.types import (
    BUCKET,
    BUCKET_MEMBER,
    KEY_MEMBER,
    PROJECT_MEMBER,
    REPOSITORY_MEMBER,
    SECRET_MEMBER,
    TOPIC,
    TOPIC_MEMBER,
)

_OWN = "serviceAccount:triptrip-prod-reporting@triptrip-prod.iam.gserviceaccount.com"
_AGENT = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
_PROVIDER = {"project": "triptrip-prod"}
_BINDING = "gcp:cloudrun/iamBinding:IamBinding"
_POLICY = "gcp:projects/iAMPolicy:IAMPolicy"


@rule(
    "iam-no-public",
    title="Nobody is let in without signing in",
    severity=Severity.CRITICAL,
    sources=[
        "CIS GCP 5.0: 1.10",
        "CIS GCP 5.0: 5.1",
        "CIS GCP 5.0: 7.1",
        "NIST 800-53: AC-3",
        "CKV_GCP_28",
        "CKV_GCP_100",
        "CKV_GCP_101",
        "CKV_GCP_112",
        "CKV2_GCP_6",
        "trivy GCP-0001",
    ],
    reason="allUsers is the whole internet, allAuthenticatedUsers everybody with a Google account",
    fix="name the service account of the program that needs it",
    good=[Case({"member": _OWN}, SECRET_MEMBER), Case({"members": [_OWN]}, _BINDING)],
    bad=[
        Case({"member": "allUsers"}, SECRET_MEMBER),
        Case({"member": "allAuthenticatedUsers"}, PROJECT_MEMBER),
        Case({"members": [_OWN, "allUsers"]}, _BINDING),
        Case({"policyData": '{"bindings": [{"members": ["allUsers"]}]}'}, _POLICY),
    ],
)
def no_public(grant: Resource) -> Iterator[str]:
    kind = kind_of_grant(grant)
    if kind == "Policy" and any(each in grant.text("policyData") for each in PUBLIC):
        yield "policyData lets everybody in"
    elif kind and any(each in PUBLIC for each in members(grant)):
        yield f"{grant.shown('role')} is granted to everybody"


@rule(
    "iam-known-members",
    title="Only this project's service accounts, Google's own agents and our groups are let in",
    severity=Severity.HIGH,
    sources=["NIST 800-53: AC-3", "NIST 800-53: AC-6", "trivy GCP-0003", "trivy GCP-0006"],
    reason="a person's rights outlive the job, and an account of another project is guarded by others",
    fix="grant it to a service account of this project, or to a group",
    parameters={
        "domains": Parameter(("triptrip.jp",), "Domains whose groups may be let in"),
        "partners": PARTNERS,
        "writers": WRITERS,
    },
    good=[
        Case({"member": "serviceAccount:mongodb-atlas-1a2b@p-3c4d.iam.gserviceaccount.com"}, BUCKET_MEMBER),
        Case({"member": _OWN}, SECRET_MEMBER, provider=_PROVIDER),
        Case({"member": _AGENT, "project": "triptrip-prod"}, PROJECT_MEMBER),
        Case({"member": "group:analysts@triptrip.jp"}, PROJECT_MEMBER, provider=_PROVIDER),
        Case({"member": "serviceAccount:mongodb-atlas-1a2b@p-3c4d.iam.gserviceaccount.com"}, KEY_MEMBER),
        Case({"member": "serviceAccount:service-1@compute-system.iam.gserviceaccount.com"}, KEY_MEMBER),
        Case({"member": _OWN, "project": "triptrip-images"}, REPOSITORY_MEMBER, provider=_PROVIDER),
    ],
    bad=[
        Case({"member": each}, SECRET_MEMBER, provider=_PROVIDER)
        for each in (
            "user:somebody@triptrip.jp",
            "domain:triptrip.jp",
            "group:everybody@elsewhere.example",
            "serviceAccount:triptrip-prod-reporting@triptrip-dev.iam.gserviceaccount.com",
            "serviceAccount:123456789012-compute@developer.gserviceaccount.com",
            "serviceAccount:mongodb-atlas-1a2b@p-3c4d.iam.gserviceaccount.com",
            "projectEditor:triptrip-prod",
            "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
        )
    ]
    + [Case({}, SECRET_MEMBER), Case({"members": []}, _BINDING)],
)
def known_members(
    grant: Resource, domains: Sequence[str], partners: Sequence[str], writers: Sequence[str]
) -> Iterator[str]:
    if kind_of_grant(grant) not in ("Member", "Binding"):
        return
    named = members(grant)
    if not named:
        yield "nobody is named as its member"
    # What a writer may do on a bucket is gcs-members' to bound.
    allowed = {KEY_MEMBER: partners, BUCKET_MEMBER: writers}.get(grant.type, ())
    # A repository of images may lie in another project; whoever reads it is of this one.
    project = grant.provider.text("project") if grant.type == REPOSITORY_MEMBER else project_of(grant)
    known = (_is_known(member, project, domains, allowed) for member in named if member not in PUBLIC)
    if not all(known):
        wanted = "a service account of this project, an agent of Google or a group of ours"
        yield stated(grant, member_path(grant), wanted)


def _is_known(member: str, project: str, domains: Sequence[str], partners: Sequence[str]) -> bool:
    kind, _, address = member.partition(":")
    return (
        is_own_account(member, project)
        or is_agent(member)
        or (kind == "group" and address.rpartition("@")[2] in domains)
        or is_partner(member, partners)
    )


@rule(
    "iam-single-grants",
    title="Each grant names one member and takes nobody's away",
    severity=Severity.HIGH,
    sources=["NIST 800-53: AC-6", "NIST 800-53: CM-2"],
    reason="a binding or a policy replaces what others were granted, Google's own agents too, and hides who has what",
    fix="use the resource whose name ends in IAMMember",
    good=[Case({"member": _OWN, "role": "roles/bigquery.jobUser"}, PROJECT_MEMBER), Case({}, TOPIC)],
    bad=[
        Case({"members": [_OWN]}, _BINDING),
        Case({"policyData": "{}"}, _POLICY),
        Case({"members": [_OWN]}, "gcp:projects/iAMBinding:IAMBinding"),
    ],
)
def single_grants(grant: Resource) -> Iterator[str]:
    kind = kind_of_grant(grant)
    if kind in ("Binding", "Policy"):
        yield f"it is a {kind.lower()}, which takes away whatever it does not name"


_ADMIN = re.compile(r"roles/(owner|editor|viewer|browser)|.*admin.*", re.IGNORECASE)


@rule(
    "iam-least",
    title="Grants name a role with few rights",
    severity=Severity.HIGH,
    sources=[
        "CIS GCP 5.0: 1.6",
        "NIST 800-53: AC-6",
        "CIS GCP 5.0: 1.7",
        "CKV_GCP_41",
        "CKV_GCP_49",
        "trivy GCP-0007",
        "trivy GCP-0011",
    ],
    reason="a basic or administrator's role lets a stolen account read, change and delete everything",
    fix="grant the one role that the program needs, on the one resource that it uses",
    parameters={
        "project_roles": Parameter(
            (
                "roles/bigquery.jobUser",
                "roles/cloudsql.client",
                "roles/cloudsql.instanceUser",
                "roles/logging.logWriter",
                "roles/memorystore.dbConnectionUser",
                "roles/monitoring.metricWriter",
                "roles/monitoring.viewer",
            ),
            "Roles that may be granted on the whole project",
        ),
        "admin_roles": Parameter(("roles/storage.objectAdmin",), "Roles named admin that may be granted on a resource"),
        "own_roles": OWN_ROLES,
    },
    good=[
        Case({"role": "roles/bigquery.jobUser"}, PROJECT_MEMBER),
        Case({"role": "roles/logging.logWriter"}, PROJECT_MEMBER),
        Case({"role": "roles/pubsub.publisher"}, TOPIC_MEMBER),
        Case({"role": "roles/storage.objectAdmin"}, BUCKET_MEMBER),
        Case({"role": "projects/p/roles/triptrip_prod_export_postgres_1"}, PROJECT_MEMBER),
        Case({"role": "projects/p/roles/triptrip_prod_copies_marker_1"}, BUCKET_MEMBER),
    ],
    bad=[
        Case({"role": role}, PROJECT_MEMBER)
        for role in (
            "roles/owner",
            "roles/editor",
            "roles/secretmanager.secretAccessor",
            "roles/storage.objectAdmin",
            "projects/p/roles/by_hand",
            "organizations/1/roles/triptrip_prod_export_postgres_1",
            "",
        )
    ]
    + [
        Case({"role": role}, TOPIC_MEMBER)
        for role in ("roles/owner", "roles/viewer", "roles/pubsub.admin", "projects/p/roles/ours", None)
    ]
    + [Case({"role": "roles/bigquery.jobUser"}, "gcp:organizations/iAMMember:IAMMember")],
)
def least(
    grant: Resource, project_roles: Sequence[str], admin_roles: Sequence[str], own_roles: Sequence[str]
) -> Iterator[str]:
    if kind_of_grant(grant) not in ("Member", "Binding"):
        return
    role = grant.text("role")
    if grant.type.startswith(("gcp:organizations/", "gcp:folder/", "gcp:billing/")):
        yield f"{grant.shown('role')} is granted on more than the project"
    elif is_own_role(role, own_roles):
        return
    elif grant.type.startswith("gcp:projects/"):
        if role not in project_roles:
            yield f"role is {grant.shown('role')}; on the project it must be {' or '.join(project_roles)}"
    elif not role.startswith("roles/") or (_ADMIN.fullmatch(role) and role not in admin_roles):
        yield stated(grant, "role", "one of Google's roles with few rights")


_INSTANCES = re.compile(
    r'(resource\.service == "[a-z]+\.googleapis\.com" && )?'
    r'resource\.name\.startsWith\("projects/[a-z0-9-]+/(locations/[a-z0-9-]+/)?instances/[a-z0-9-]+"\)'
)
_SIGN_IN_ROLES = ("roles/cloudsql.client", "roles/cloudsql.instanceUser", "roles/memorystore.dbConnectionUser")


def _sign_in(expression: object) -> Case:
    return Case({"role": "roles/cloudsql.client", "condition": {"expression": expression}}, PROJECT_MEMBER)


@rule(
    "iam-own-instances",
    title="A sign-in to a store is limited to this platform's instances",
    severity=Severity.MEDIUM,
    types=[PROJECT_MEMBER],
    sources=["NIST 800-53: AC-6"],
    reason="these roles are granted on the project: without a condition they open every instance in it",
    fix="give the grant a condition that names the instances by the start of their names",
    good=[
        _sign_in('resource.name.startsWith("projects/p/instances/triptrip-prod-postgres")'),
        _sign_in(
            'resource.service == "sqladmin.googleapis.com" && '
            'resource.name.startsWith("projects/p/instances/triptrip-prod-postgres")'
        ),
        Case({"role": "roles/bigquery.jobUser"}),
    ],
    bad=[
        Case({"role": "roles/cloudsql.client"}),
        Case({"role": "roles/memorystore.dbConnectionUser", "condition": {}}),
        _sign_in("true"),
        _sign_in('resource.name.startsWith("projects/p/instances/a") || true'),
        _sign_in('resource.name.startsWith("projects/p/")'),
    ],
)
def own_instances(grant: Resource) -> Iterator[str]:
    if grant.text("role") in _SIGN_IN_ROLES and not _INSTANCES.fullmatch(grant.text("condition.expression")):
        yield stated(grant, "condition.expression", "the start of the name of this platform's instances")


@rule(
    "iam-own-project",
    title="Everything stands in the project of the stack",
    severity=Severity.MEDIUM,
    sources=["NIST 800-53: AC-4", "NIST 800-53: CM-2"],
    reason="what stands in another project is outside of this one's audit logs, grants and guards",
    fix="leave project out, or set it to project.gcpProject of the stack file",
    parameters={
        "images": Parameter(("triptrip-images",), "Projects of images, whose repositories may be granted to be read")
    },
    good=[
        Case({"project": "triptrip-prod"}, PROJECT_MEMBER, provider=_PROVIDER),
        Case({}, BUCKET, provider=_PROVIDER),
        Case({"project": "triptrip-prod"}, BUCKET),
        Case({"project": "triptrip-images"}, REPOSITORY_MEMBER, provider=_PROVIDER),
    ],
    bad=[
        Case({"project": "triptrip-dev"}, PROJECT_MEMBER, provider=_PROVIDER),
        Case({"project": "triptrip-dev"}, REPOSITORY_MEMBER, provider=_PROVIDER),
        Case({"project": "triptrip-images"}, BUCKET, provider=_PROVIDER),
    ],
)
def own_project(resource: Resource, images: Sequence[str]) -> Iterator[str]:
    wanted = resource.provider.text("project") if resource.provider.known("project") else ""
    allowed = ("", wanted, *(images if resource.type == REPOSITORY_MEMBER else ()))
    if resource.type.startswith("gcp:") and wanted and resource.text("project") not in allowed:
        yield stated(resource, "project", wanted)
