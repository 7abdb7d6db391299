"""Who signs in to PostgreSQL: programs by their service accounts, with no more rights than the schema step grants."""

from collections.abc import Iterator, Sequence

from policies.kit import Case, Parameter, Resource, Severity, Stack, rule, stated
from policies.kit.types import SERVICE_ACCOUNT, SQL_USER
from policies.kit.waiting import about_each, some_of

_BUILT_IN = (None, "", "BUILT_IN")
_THROUGH_IAM = ("CLOUD_IAM_SERVICE_ACCOUNT", "CLOUD_IAM_GROUP")
_MIGHTY = ("cloudsqlsuperuser", "cloudsqladmin", "cloudsqlreplica", "postgres", "pg_read_all_data", "pg_write_all_data")
_ACCOUNT = (SERVICE_ACCOUNT, {"accountId": "triptrip-prod-reporting"})


def _iam_user(**inputs: object) -> dict[str, object]:
    return {"type": "CLOUD_IAM_SERVICE_ACCOUNT", "name": "triptrip-prod-reporting@triptrip-prod.iam", **inputs}


@rule(
    "usr-iam-only",
    title="Database users sign in through IAM",
    severity=Severity.HIGH,
    types=[SQL_USER],
    sources=["NIST 800-53: IA-2", "NIST 800-53: IA-5", "CONN"],
    reason="a user with a password can be used by whoever finds it, from anywhere and for ever",
    fix="give the program its service account: postgres.users in the stack file",
    parameters={
        "built_in": Parameter(("bigquery",), "Users that may have a password: what cannot sign in through IAM")
    },
    good=[
        Case(_iam_user()),
        Case({"type": "CLOUD_IAM_GROUP", "name": "analysts@triptrip.jp"}),
        Case({"type": "BUILT_IN", "name": "bigquery"}),
    ],
    bad=[
        Case({"type": "BUILT_IN", "name": "application"}),
        Case({"name": "application"}),
        Case({"type": "BUILT_IN"}),
        Case({"type": "CLOUD_IAM_USER", "name": "somebody@triptrip.jp"}),
        Case(_iam_user(password="secret")),  # noqa: S106 # an example of what is refused
        Case(_iam_user(passwordWo="secret")),
    ],
)
def iam_only(user: Resource, built_in: Sequence[str]) -> Iterator[str]:
    if user.get("type") in _BUILT_IN:
        if user.text("name") not in built_in:
            yield f"user {user.shown('name')} signs in with a password; only {', '.join(built_in) or 'nobody'} may"
        return
    if user.get("type") not in _THROUGH_IAM:
        yield stated(user, "type", " or ".join(_THROUGH_IAM))
    yield from (f"{path} is set for a user of IAM" for path in ("password", "passwordWo") if user.has(path))


@rule(
    "usr-no-superuser",
    title="No database user is an administrator",
    severity=Severity.HIGH,
    types=[SQL_USER],
    sources=["NIST 800-53: AC-6"],
    reason="Cloud SQL makes a user with a password a member of cloudsqlsuperuser unless its roles are named",
    fix="name the roles of a user with a password in databaseRoles, made before by the schema step",
    good=[
        Case(_iam_user()),
        Case(_iam_user(databaseRoles=["triptrip_read"])),
        Case({"type": "BUILT_IN", "databaseRoles": ["triptrip_read"]}),
    ],
    bad=[
        Case({"type": "BUILT_IN"}),
        Case({"databaseRoles": []}),
        Case({"type": "BUILT_IN", "databaseRoles": ["cloudsqlsuperuser"]}),
        Case(_iam_user(databaseRoles=["triptrip_read", "cloudsqlsuperuser"])),
    ],
)
def no_superuser(user: Resource) -> Iterator[str]:
    if user.get("type") in _BUILT_IN and not user.has("databaseRoles"):
        yield "databaseRoles is not set, so that the user becomes a member of cloudsqlsuperuser"
    elif mighty := [role for role in user.texts("databaseRoles") if role in _MIGHTY]:
        yield f"databaseRoles has {', '.join(mighty)}"


@rule(
    "usr-own-account",
    title="Every database user of IAM is a service account of this stack",
    severity=Severity.MEDIUM,
    types=[SQL_USER, SERVICE_ACCOUNT],
    sources=["NIST 800-53: AC-3"],
    reason="an account that is made elsewhere is guarded by other people, who may hand it out",
    fix="name the program in postgres.users in the stack file",
    good=[
        Case(stack={"account": _ACCOUNT, "user": (SQL_USER, _iam_user())}),
        Case(stack={"user": (SQL_USER, {"type": "BUILT_IN", "name": "bigquery"})}),
    ],
    bad=[
        Case(stack={"account": _ACCOUNT, "user": (SQL_USER, _iam_user(name="somebody@elsewhere.iam"))}),
        Case(stack={"account": _ACCOUNT, "user": (SQL_USER, _iam_user(name=None))}),
        Case(stack={"user": (SQL_USER, _iam_user())}),
    ],
)
def own_account(stack: Stack) -> Iterator[tuple[Resource, str]]:
    accounts = stack.of(SERVICE_ACCOUNT)

    def check(user: Resource) -> Iterator[tuple[Resource, str]]:
        if user.get("type") != "CLOUD_IAM_SERVICE_ACCOUNT":
            return
        name, _, project = user.text("name").partition("@")
        known = some_of(accounts, lambda account: account.text("accountId") == name)
        if not (name and known and project.endswith(".iam")):
            yield user, stated(user, "name", "that of a service account of this stack, <account>@<project>.iam")

    yield from about_each(stack.of(SQL_USER), check)
