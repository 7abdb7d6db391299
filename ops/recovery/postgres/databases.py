"""The way into a database of an instance: one connection string for the environment, the instance's address in it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import google.auth
import google.auth.transport.requests
import psycopg
from google.auth.exceptions import GoogleAuthError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.derive.drills import CONNECTION_VARIABLE
from ops.recovery.cloud.sql import Instance
from ops.recovery.errors import RecoveryError

VARIABLE = CONNECTION_VARIABLE
"""How recovery signs in: a connection string of libpq, whose host is replaced by the instance that is meant."""

Connection = psycopg.Connection[tuple[Any, ...]]
_EXAMPLE = "postgresql://recovery@pg-primary.prod.triptrip.internal:5432/triptrip?sslmode=verify-ca"
_ACCOUNT = ".iam"
_LOGIN_SCOPE = "https://www.googleapis.com/auth/sqlservice.login"
_TOOLS: Mapping[str, str] = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


class Databases:
    """Connections to the instances of one environment; `folder` takes the certificates of their CAs."""

    def __init__(self, database: str, folder: Path, text: str | None = None) -> None:
        given = os.environ.get(VARIABLE, "") if text is None else text
        if not given.strip():
            fix = "set it for a user that may read, or for a merge change, the tables"
            raise RecoveryError(f"environment variable {VARIABLE}", "is not set", allowed=_EXAMPLE, fix=fix)
        try:
            self._given = {**conninfo_to_dict(given), "dbname": database}
        except psycopg.ProgrammingError:
            raise RecoveryError(
                f"environment variable {VARIABLE}", "is no connection string of libpq", allowed=_EXAMPLE
            ) from None
        self._folder = folder

    @property
    def token_user(self) -> str:
        """The user, where it is a service account that signs in with a token; else empty."""
        user = str(self._given.get("user", ""))
        return user if user.endswith(_ACCOUNT) and not self._given.get("password") else ""

    @contextmanager
    def connected(self, instance: Instance) -> Iterator[Connection]:
        """A connection that commits each statement by itself; what the server refuses inside is a RecoveryError."""
        where = f"database of {instance.name}"
        try:
            text = make_conninfo(**self._parameters(instance), connect_timeout="10", application_name="recovery")
            with psycopg.connect(text, autocommit=True) as connection:
                yield connection
        except psycopg.Error as error:
            said = error.diag.message_primary or str(error).strip().splitlines()[0]
            detail = f" ({error.diag.message_detail})" if error.diag.message_detail else ""
            raise RecoveryError(where, said + detail, fix=_fix(error)) from error

    def environment(self, instance: Instance) -> dict[str, str]:
        """What PostgreSQL's own tools need in order to connect."""
        found = self._parameters(instance)
        return {variable: str(found[name]) for name, variable in _TOOLS.items() if found.get(name)}

    def _parameters(self, instance: Instance) -> dict[str, Any]:
        if not instance.address:
            raise RecoveryError(f"instance {instance.name}", "has no private address", fix="run the command again")
        found = {**self._given, "host": instance.address}
        if instance.authority and str(found.get("sslmode", "")).startswith("verify"):
            # Each instance has a CA of its own; a copy's is not the live one's.
            file = self._folder / f"{instance.name}.pem"
            file.write_text(instance.authority, encoding="ascii")
            found |= {"sslmode": "verify-ca", "sslrootcert": str(file)}
        if self.token_user:
            found["password"] = _token()
        return found


def _fix(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.errors.DiskFull):
        return "give the instance more disk, then run the command again: it goes on here"
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return f"let the user of {VARIABLE} do this (docs/runbooks/recovery-postgres.md)"
    if isinstance(error, psycopg.IntegrityError):
        return "nothing of this statement was done; mend the rows that it names, then run the command again"
    return "run the command again: it goes on here"


def _token() -> str:
    try:
        credentials, _ = google.auth.default(scopes=[_LOGIN_SCOPE])
        credentials.refresh(google.auth.transport.requests.Request())  # type: ignore[no-untyped-call] # its signature
    except GoogleAuthError as error:
        fix = "run it as an account of the platform"
        raise RecoveryError(VARIABLE, f"its user signs in with a token, and there is none: {error}", fix=fix) from None
    return str(credentials.token)
