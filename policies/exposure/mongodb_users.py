"""Who signs in to MongoDB: programs by their service accounts, on one cluster, with a role on one database."""

from collections.abc import Iterator, Sequence

from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, must_be_set, rule, stated
from policies.kit.types import ATLAS_CLUSTER, ATLAS_USER
from policies.kit.waiting import about_each, some_of

_SYSTEM = ("admin", "config", "local", "$external")


def _roles(*roles: dict[str, object]) -> Case:
    return Case({"roles": list(roles)})


@rule(
    "atl-users",
    title="A user of MongoDB has a role on one database, and no administrator's",
    severity=Severity.HIGH,
    types=[ATLAS_USER],
    sources=["NIST 800-53: AC-6"],
    reason="a role on every database, or on admin, makes a stolen sign-in the owner of the cluster",
    fix="set mongodb.users.<name>.roles in the stack file",
    parameters={"roles": Parameter(("read", "readWrite", "dbAdmin"), "Roles that a user may have")},
    good=[
        _roles({"roleName": "readWrite", "databaseName": "triptrip"}),
        _roles({"roleName": "read", "databaseName": "triptrip", "collectionName": "reviews"}),
    ],
    bad=[
        _roles({"roleName": "atlasAdmin", "databaseName": "admin"}),
        _roles({"roleName": "readWriteAnyDatabase", "databaseName": "admin"}),
        _roles({"roleName": "readAnyDatabase", "databaseName": "triptrip"}),
        _roles({"roleName": "readWrite", "databaseName": "triptrip"}, {"roleName": "root", "databaseName": "triptrip"}),
        _roles({"roleName": "readWrite", "databaseName": "admin"}),
        _roles({"roleName": "readWrite"}),
        _roles({"databaseName": "triptrip"}),
        _roles(),
        Case({}),
    ],
)
def users(user: Resource, roles: Sequence[str]) -> Iterator[str]:
    yield from must_be_set(user, "roles")

    def check(role: Node) -> Iterator[str]:
        if role.get("roleName") not in roles:
            yield stated(role, "roleName", " or ".join(roles))
        if role.text("databaseName") in ("", *_SYSTEM):
            yield stated(role, "databaseName", "a database of the platform")

    yield from about_each(user.nodes("roles"), check)


_WAYS = (
    ("oidcAuthType", ("USER",), "$external"),
    ("oidcAuthType", ("IDP_GROUP",), "admin"),
    ("x509Type", ("MANAGED", "CUSTOMER"), "$external"),
)
"""How somebody signs in without a password: input, its values, and the database that Atlas looks the user up in."""


def _program(**inputs: object) -> Case:
    return Case({"username": "66a1/3085", "oidcAuthType": "USER", "authDatabaseName": "$external", **inputs})


@rule(
    "atl-users-no-password",
    title="Users of MongoDB have no passwords",
    severity=Severity.HIGH,
    types=[ATLAS_USER],
    sources=["NIST 800-53: IA-2", "NIST 800-53: IA-5", "CONN"],
    reason="a password leaks, is shared, and works from anywhere until somebody changes it",
    fix="set mongodb.workloadIdentityProvider in the stack file and name the program in mongodb.users",
    good=[
        _program(),
        _program(oidcAuthType="IDP_GROUP", authDatabaseName="admin"),
        _program(oidcAuthType=None, x509Type="MANAGED", username="CN=application"),
    ],
    bad=[
        _program(password="secret"),  # noqa: S106 # an example of what is refused
        _program(passwordWo="secret"),
        _program(oidcAuthType="NONE"),
        _program(oidcAuthType=None),
        _program(oidcAuthType=None, x509Type="NONE"),
        _program(authDatabaseName="admin"),
        _program(authDatabaseName=None),
        _program(username="application"),
    ],
)
def no_password(user: Resource) -> Iterator[str]:
    yield from (f"{path} is set" for path in ("password", "passwordWo") if user.has(path))
    if not any(
        user.get(path) in values and user.get("authDatabaseName") == database for path, values, database in _WAYS
    ):
        yield "the user signs in by no identity provider and no certificate"
    if user.get("oidcAuthType") == "USER" and "/" not in user.text("username"):
        yield stated(user, "username", "<identity provider>/<number of the service account>")


def _scoped(*scopes: dict[str, object]) -> Case:
    return Case(
        stack={
            "cluster": (ATLAS_CLUSTER, {"name": "triptrip-prod-mongodb"}),
            "user": (ATLAS_USER, {"scopes": list(scopes)}),
        }
    )


@rule(
    "atl-users-scoped",
    title="A user of MongoDB signs in to this stack's cluster and to no other",
    severity=Severity.MEDIUM,
    types=[ATLAS_USER, ATLAS_CLUSTER],
    sources=["NIST 800-53: AC-6"],
    reason="a user without a scope signs in to every cluster that the project will ever have",
    fix="set scopes to the cluster, with type CLUSTER",
    good=[_scoped({"name": "triptrip-prod-mongodb", "type": "CLUSTER"})],
    bad=[
        _scoped(),
        _scoped({"name": "another", "type": "CLUSTER"}),
        _scoped({"name": "triptrip-prod-mongodb", "type": "DATA_LAKE"}),
        _scoped({"type": "CLUSTER"}),
    ],
)
def scoped(stack: Stack) -> Iterator[tuple[Resource, str]]:
    clusters = stack.of(ATLAS_CLUSTER)

    def is_ours(name: str) -> bool:
        return bool(name) and some_of(clusters, lambda cluster: cluster.text("name") == name)

    def check(user: Resource) -> Iterator[tuple[Resource, str]]:
        scopes = user.nodes("scopes")
        if not scopes:
            yield user, "scopes is not set"
        for scope in scopes:
            if scope.get("type") != "CLUSTER" or not is_ours(scope.text("name")):
                yield user, stated(scope, "name", "a cluster of this stack, with type CLUSTER")

    yield from about_each(stack.of(ATLAS_USER), check)
