"""Drills: what their account may do to instances reaches throw-away ones alone."""

import re
from collections.abc import Iterator, Sequence

from policies.exposure.members import kind_of_grant, project_of
from policies.kit import Case, Parameter, Resource, Severity, Stack, Undecided, last_part, rule, stated
from policies.kit.types import CUSTOM_ROLE, PROJECT_MEMBER
from policies.kit.waiting import about_each_resource, fitting

_ROLE = (CUSTOM_ROLE, {"roleId": "drill_copy", "permissions": ["cloudsql.instances.delete"]})
_OTHER = (CUSTOM_ROLE, {"roleId": "drill_source", "permissions": ["cloudsql.instances.get"]})
_COPIES = re.compile(
    r'resource\.service == "sqladmin\.googleapis\.com" && '
    r'resource\.name\.startsWith\("projects/([^/"]+)/instances/[a-z][a-z0-9-]*-drill-"\)'
)
_MIGHTY = (
    "cloudsql.databases.create",
    "cloudsql.instances.connect",
    "cloudsql.instances.create",
    "cloudsql.instances.delete",
    "cloudsql.instances.import",
    "cloudsql.instances.login",
    "cloudsql.instances.restoreBackup",
    "cloudsql.instances.update",
    "cloudsql.users.create",
)


def _granted(expression: object, role: str = "drill_copy", project: str = "p") -> Case:
    member = "serviceAccount:recovery@p.iam.gserviceaccount.com"
    grant = {"project": project, "role": f"projects/p/roles/{role}", "member": member}
    condition = {} if expression is None else {"condition": {"title": "t", "expression": expression}}
    return Case(stack={"role": _ROLE, "other": _OTHER, "grant": (PROJECT_MEMBER, {**grant, **condition})})


_NAMED = 'resource.service == "sqladmin.googleapis.com" && resource.name.startsWith("projects/p/instances/{}")'


@rule(
    "iam-copies-only",
    title="What changes, enters or deletes instances is granted for throw-away instances alone",
    severity=Severity.HIGH,
    types=[CUSTOM_ROLE, PROJECT_MEMBER],
    sources=["NIST 800-53: AC-6", "NIST 800-53: CP-4"],
    reason="a drill runs without anybody looking: without the condition one wrong name deletes the live database",
    fix='keep the condition resource.name.startsWith("projects/<project>/instances/<primary>-drill-")',
    parameters={"bounded": Parameter(_MIGHTY, "Permissions that a role of ours holds under that condition alone")},
    good=[
        _granted(_NAMED.format("triptrip-postgres-1-drill-")),
        _granted(None, "drill_source"),
    ],
    bad=[
        _granted(None),
        _granted(""),
        _granted(_NAMED.format("triptrip-postgres-1")),
        _granted(_NAMED.format("triptrip-postgres-1-recovery-")),
        _granted(_NAMED.format("-drill-")),
        _granted(_NAMED.format("triptrip-postgres-1-drill-") + " || true"),
        _granted(_NAMED.format("triptrip-postgres-1-drill-").replace("&&", "||")),
        _granted(_NAMED.format("triptrip-postgres-1-drill-"), project="other"),
    ],
)
def copies_only(stack: Stack, bounded: Sequence[str]) -> Iterator[tuple[Resource, str]]:
    mighty = fitting(stack.of(CUSTOM_ROLE), lambda role: bool(set(role.texts("permissions")) & set(bounded)))

    def grants_one(grant: Resource) -> bool:
        try:
            named = last_part(grant.text("role"))
        except Undecided:
            if not any(role.urn in grant.dependencies for role in stack.of(CUSTOM_ROLE)):
                raise
            return any(role.urn in grant.dependencies for role in mighty)
        return any(role.text("roleId") == named for role in mighty)

    def check(grant: Resource) -> Iterator[str]:
        if kind_of_grant(grant) and grants_one(grant):
            found = _COPIES.fullmatch(grant.text("condition.expression"))
            if not found or found[1] != project_of(grant):
                yield stated(grant, "condition.expression", "one that only throw-away instances of this project meet")

    yield from about_each_resource(stack.of(PROJECT_MEMBER), check)
