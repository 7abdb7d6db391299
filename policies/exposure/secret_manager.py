"""Who reads the secrets: the one program that each is for."""

from collections.abc import Iterator, Sequence

from policies.exposure.members import is_own_account, member_path, members, project_of
from policies.kit import Case, Parameter, Resource, Severity, last_part, must_be, must_be_set, rule, stated
from policies.kit.types import SECRET_MEMBER

_PROGRAM = "serviceAccount:triptrip-prod-application@triptrip-prod.iam.gserviceaccount.com"
_READ = "roles/secretmanager.secretAccessor"
_FILL = ("roles/secretmanager.secretVersionAdder", "roles/secretmanager.viewer")
_API_KEY = "projects/p/secrets/triptrip-prod-elasticsearch-application-api-key"
_PROVIDER = {"project": "triptrip-prod"}


def _reader(**inputs: object) -> Case:
    kept = {"role": _READ, "member": _PROGRAM, "secretId": "projects/p/secrets/triptrip-prod-cache-auth"}
    return Case({**kept, **inputs}, provider=_PROVIDER)


@rule(
    "sec-readers",
    title="A secret is read by single programs; roles that fill one without reading it are for programs' keys alone",
    severity=Severity.HIGH,
    types=[SECRET_MEMBER],
    sources=["NIST 800-53: AC-6", "NIST 800-53: AC-3", "prowler secretmanager_secret_not_publicly_accessible"],
    reason="a secret that a group or another role reaches is known to more people than can be told",
    fix="grant roles/secretmanager.secretAccessor to the service account of the one program",
    parameters={
        "filled": Parameter(("-api-key",), "Endings of the names of secrets that the schema step fills"),
    },
    good=[_reader(), *(_reader(secretId=_API_KEY, role=role) for role in (_READ, *_FILL))],
    bad=[
        _reader(member="allUsers"),
        _reader(member="allAuthenticatedUsers"),
        _reader(member="group:analysts@triptrip.jp"),
        _reader(member="user:somebody@triptrip.jp"),
        _reader(member="serviceAccount:triptrip-dev-application@triptrip-dev.iam.gserviceaccount.com"),
        _reader(role="roles/secretmanager.admin"),
        *(_reader(role=role) for role in _FILL),
        _reader(secretId=_API_KEY, role="roles/secretmanager.secretVersionManager"),
        _reader(role=None),
        Case({"role": _READ, "member": _PROGRAM}, provider=_PROVIDER),
    ],
)
def readers(grant: Resource, filled: Sequence[str]) -> Iterator[str]:
    yield from must_be_set(grant, "secretId")
    if grant.get("role") in _FILL:
        if not last_part(grant.text("secretId")).endswith(tuple(filled)):
            yield f"{grant.shown('role')} is for secrets whose names end in {' or '.join(filled)}"
    else:
        yield from must_be(grant, "role", _READ)
    if not all(is_own_account(member, project_of(grant)) for member in members(grant)):
        yield stated(grant, member_path(grant), "a service account of this project")


@rule(
    "sec-operators",
    title="No program reads the secrets of operators",
    severity=Severity.HIGH,
    types=[SECRET_MEMBER],
    sources=["NIST 800-53: AC-6"],
    reason="Elastic's own user may do everything: a program that signs in as it can delete every index",
    fix="give the program an API key from the schema step; people read the secret with a right for the hour",
    parameters={"endings": Parameter(("-operator",), "Endings of the names of secrets that are for operators alone")},
    good=[_reader()],
    bad=[_reader(secretId="projects/p/secrets/triptrip-prod-elasticsearch-operator")],
)
def operators(grant: Resource, endings: Sequence[str]) -> Iterator[str]:
    if last_part(grant.text("secretId")).endswith(tuple(endings)):
        yield f"{grant.shown('secretId')} is for operators alone"
