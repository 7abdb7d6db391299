"""Passwords of stores: never in the state, and never missing where the only sign-in is a password."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.kit import Case, Node, Resource, Severity, rule
from policies.kit.types import (
    ATLAS_USER,
    BIGQUERY_CONNECTION,
    SQL_INSTANCE,
    SQL_USER,
    TIMESCALE_SERVICE,
)
from policies.kit.values import Secret
from policies.kit.waiting import about_each


@dataclass(frozen=True)
class _Password:
    """Where a type takes a password: the input that the state keeps, and the one that it does not."""

    kept: str
    write_only: str = ""


_PASSWORDS = {
    SQL_INSTANCE: (
        _Password("rootPassword", "rootPasswordWo"),
        _Password("replicaConfiguration.password"),
        _Password("replicaConfiguration.clientKey"),
    ),
    SQL_USER: (_Password("password", "passwordWo"),),
    ATLAS_USER: (_Password("password", "passwordWo"),),
    TIMESCALE_SERVICE: (_Password("password", "passwordWo"),),
    BIGQUERY_CONNECTION: (_Password("cloudSql.credential.password", "cloudSql.credential.passwordWo"),),
}

_SECRET = Secret("a password")


def _credential(**inputs: object) -> Case:
    return Case({"cloudSql": {"credential": inputs}}, BIGQUERY_CONNECTION)


@rule(
    "sql-no-plain-password",
    title="No password of a store is kept in the state",
    severity=Severity.CRITICAL,
    types=list(_PASSWORDS),
    sources=["NIST 800-53: IA-5", "NIST 800-53: SC-28", "NIST policy pack: cloudsql-secure-credentials"],
    reason="whoever reads the state, its backups or a preview reads the password",
    fix="give the password by the write-only input, marked as a secret, with a version; or let the user sign in by IAM",
    good=[
        Case({"passwordWo": _SECRET, "passwordWoVersion": 1}, SQL_USER),
        Case({"passwordWo": _SECRET, "passwordWoVersion": 1}, TIMESCALE_SERVICE),
        _credential(passwordWo=_SECRET, passwordWoVersion="1"),
        Case({}, ATLAS_USER),
        Case({}, SQL_INSTANCE),
    ],
    bad=[
        Case({"rootPassword": "p"}, SQL_INSTANCE),
        Case({"rootPassword": _SECRET}, SQL_INSTANCE),
        Case({"rootPasswordWo": "p", "rootPasswordWoVersion": 1}, SQL_INSTANCE),
        Case({"replicaConfiguration": {"password": _SECRET}}, SQL_INSTANCE),
        Case({"password": _SECRET}, SQL_USER),
        Case({"passwordWo": "p", "passwordWoVersion": 1}, SQL_USER),
        Case({"passwordWo": _SECRET}, SQL_USER),
        Case({"password": _SECRET}, ATLAS_USER),
        Case({"password": _SECRET}, TIMESCALE_SERVICE),
        Case({"passwordWo": "p", "passwordWoVersion": 1}, TIMESCALE_SERVICE),
        _credential(password=_SECRET),
        _credential(passwordWo="p", passwordWoVersion="1"),
    ],
)
def no_plain_password(resource: Resource) -> Iterator[str]:
    yield from about_each(_PASSWORDS[resource.type], lambda password: _kept_out(resource, password))


def _kept_out(resource: Node, password: _Password) -> Iterator[str]:
    if resource.has(password.kept):
        yield f"{password.kept} is set; the state keeps it"
    if not password.write_only or not resource.has(password.write_only):
        return
    if not resource.is_secret(password.write_only):
        yield f"{password.write_only} is not marked as a secret; a preview shows it"
    if not resource.has(f"{password.write_only}Version"):
        yield f"{password.write_only}Version is not set; a new password would not be sent"


@rule(
    "pwd-stated",
    title="Who signs in by password has one that we made",
    severity=Severity.HIGH,
    types=[SQL_USER, TIMESCALE_SERVICE, BIGQUERY_CONNECTION],
    sources=["NIST 800-53: IA-5"],
    reason="left out, a user has an empty password, or the vendor makes one that the state keeps",
    fix="give passwordWo from a generated password",
    good=[
        Case({"type": "CLOUD_IAM_SERVICE_ACCOUNT"}, SQL_USER),
        Case({"type": "BUILT_IN", "passwordWo": _SECRET}, SQL_USER),
        Case({"passwordWo": _SECRET}, TIMESCALE_SERVICE),
        _credential(passwordWo=_SECRET),
        Case({"cloudResource": {}}, BIGQUERY_CONNECTION),
    ],
    bad=[
        Case({"type": "BUILT_IN"}, SQL_USER),
        Case({}, SQL_USER),
        Case({}, TIMESCALE_SERVICE),
        _credential(username="bigquery"),
    ],
)
def password_stated(resource: Resource) -> Iterator[str]:
    if resource.type == SQL_USER and resource.text("type") not in ("", "BUILT_IN"):
        return
    if resource.type == BIGQUERY_CONNECTION and not resource.has("cloudSql"):
        return
    for password in _PASSWORDS[resource.type]:
        if not resource.has(password.write_only):
            yield f"{password.write_only} is not set"
