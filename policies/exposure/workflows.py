"""Workflows and custom roles: who a workflow is, what a role of ours may hold, and that it is one of this stack."""

import re
from collections.abc import Iterator, Sequence

from policies.exposure.members import is_own_address, kind_of_grant, project_of
from policies.kit import Case, Parameter, Resource, Severity, Stack, Undecided, last_part, rule, stated
from policies.kit.types import (
    BUCKET_MEMBER,
    CUSTOM_ROLE,
    PROJECT_MEMBER,
    SERVICE_ACCOUNT,
    WORKFLOW,
)
from policies.kit.waiting import about_each, about_each_resource, some_of

_ACCOUNT = (SERVICE_ACCOUNT, {"accountId": "export-pg-triptrip-prod"})
_ADDRESS = "projects/triptrip-prod/serviceAccounts/export-pg-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"


def _acting(account: object) -> Case:
    return Case(stack={"account": _ACCOUNT, "workflow": (WORKFLOW, {"serviceAccount": account})})


@rule(
    "wf-own-account",
    title="A workflow acts as a service account of this stack",
    severity=Severity.HIGH,
    types=[WORKFLOW, SERVICE_ACCOUNT],
    sources=["NIST 800-53: AC-6"],
    reason="without one it acts as the default account, which may edit the whole project",
    fix="set serviceAccount to the workflow's own account",
    good=[_acting(_ADDRESS)],
    bad=[
        _acting(None),
        _acting("123456789012-compute@developer.gserviceaccount.com"),
        _acting(_ADDRESS.replace("export-pg", "somebody")),
        Case(stack={"workflow": (WORKFLOW, {"serviceAccount": _ADDRESS})}),
    ],
)
def own_account(stack: Stack) -> Iterator[tuple[Resource, str]]:
    accounts = stack.of(SERVICE_ACCOUNT)

    def is_ours(workflow: Resource) -> bool:
        try:
            address = last_part(workflow.text("serviceAccount"))
        except Undecided:
            if any(account.urn in workflow.dependencies for account in accounts):
                return True
            raise
        named = address.partition("@")[0]
        known = some_of(accounts, lambda account: account.text("accountId") == named)
        return known and is_own_address(address, project_of(workflow))

    def check(workflow: Resource) -> Iterator[tuple[Resource, str]]:
        if not is_ours(workflow):
            yield workflow, stated(workflow, "serviceAccount", "a service account of this stack")

    yield from about_each(stack.of(WORKFLOW), check)


_DRILLS = (
    "cloudsql.backupRuns.get",
    "cloudsql.backupRuns.list",
    "cloudsql.databases.create",
    "cloudsql.databases.get",
    "cloudsql.instances.clone",
    "cloudsql.instances.connect",
    "cloudsql.instances.create",
    "cloudsql.instances.delete",
    "cloudsql.instances.import",
    "cloudsql.instances.list",
    "cloudsql.instances.login",
    "cloudsql.instances.restoreBackup",
    "cloudsql.instances.update",
    "cloudsql.users.create",
    "dns.resourceRecordSets.list",
)
"""What a drill needs beside; iam-copies-only bounds what of it changes anything."""

_PERMISSIONS = (
    *_DRILLS,
    "cloudsql.databases.list",
    "cloudsql.instances.export",
    "cloudsql.instances.get",
    "compute.globalOperations.get",
    "compute.urlMaps.get",
    "compute.urlMaps.invalidateCache",
    "logging.logEntries.create",
    "redis.instances.export",
    "redis.instances.get",
    "redis.operations.get",
    "storage.buckets.get",
    "storage.objects.create",
    "storage.objects.get",
    "storage.objects.list",
    "workflows.executions.create",
    "workflows.executions.get",
    "workflows.executions.list",
)


@rule(
    "iam-custom-role",
    title="A role of ours holds only permissions that are known to be harmless, or bounded",
    severity=Severity.HIGH,
    types=[CUSTOM_ROLE],
    sources=["NIST 800-53: AC-6", "prowler iam custom roles"],
    reason="a role of ours has an innocent name: one permission more lets a writer of copies delete them",
    fix="leave the permission out; infra/catalog/recovery.yaml and infra/catalog/invalidation.yaml say what ours need",
    parameters={"permissions": Parameter(_PERMISSIONS, "Permissions that a custom role may hold")},
    good=[Case({"permissions": ["storage.objects.create"]})],
    bad=[
        Case({"permissions": ["storage.objects.create", "storage.objects.delete"]}),
        Case({"permissions": ["cloudsql.instances.promoteReplica"]}),
        Case({"permissions": ["storage.buckets.update"]}),
        Case({"permissions": ["storage.objects.*"]}),
        Case({"permissions": []}),
        Case({}),
    ],
)
def custom_role(role: Resource, permissions: Sequence[str]) -> Iterator[str]:
    held = role.texts("permissions")
    if not held:
        yield "permissions is not set"
    if more := sorted(set(held) - set(permissions)):
        yield f"permissions holds {', '.join(more)}"


_ROLE = (CUSTOM_ROLE, {"roleId": "triptrip_prod_export", "permissions": ["cloudsql.instances.export"]})
_OURS = re.compile(r"projects/[^/]+/roles/([^/]+)")


def _granting(role: object, type_: str = PROJECT_MEMBER) -> Case:
    return Case(stack={"role": _ROLE, "grant": (type_, {"role": role})})


@rule(
    "iam-own-role",
    title="A role that is not Google's is one of this stack",
    severity=Severity.HIGH,
    types=[CUSTOM_ROLE, PROJECT_MEMBER, BUCKET_MEMBER],
    sources=["NIST 800-53: AC-6", "NIST 800-53: CM-2"],
    reason="a role that somebody made by hand may hold anything, and changes without a review",
    fix="declare the role here, or grant one of Google's",
    good=[
        _granting("projects/p/roles/triptrip_prod_export"),
        _granting("projects/p/roles/triptrip_prod_export", BUCKET_MEMBER),
        _granting("roles/bigquery.jobUser"),
    ],
    bad=[
        _granting("projects/p/roles/by_hand"),
        _granting("organizations/1/roles/triptrip_prod_export"),
        Case(stack={"grant": (BUCKET_MEMBER, {"role": "projects/p/roles/triptrip_prod_export"})}),
    ],
)
def own_role(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def is_known(grant: Resource) -> bool:
        try:
            role = grant.text("role")
        except Undecided:
            if any(each.urn in grant.dependencies for each in stack.of(CUSTOM_ROLE)):
                return True
            raise
        if role.startswith("roles/") or not role:
            return True
        named = _OURS.fullmatch(role)
        return named is not None and some_of(stack.of(CUSTOM_ROLE), lambda each: each.text("roleId") == named[1])

    def check(grant: Resource) -> Iterator[str]:
        if kind_of_grant(grant) and not is_known(grant):
            yield stated(grant, "role", "a role of this stack, or one of Google's")

    yield from about_each_resource(stack.of(PROJECT_MEMBER, BUCKET_MEMBER), check)
