"""One connection to the store: signing in, the lock that only one holds, and errors that name file and line."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import google.auth
import google.auth.exceptions
import google.auth.transport.requests
import psycopg
from psycopg.conninfo import conninfo_to_dict

from schema.kit import SchemaError, reached
from schema.sql.statements import Statement

_CONNECT_SECONDS = 10
_RETRY_SECONDS = 0.2
_LOGIN_SCOPE = "https://www.googleapis.com/auth/sqlservice.login"
IAM_USER = ".iam"
"""What the name of a service account's user ends with."""

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def connected(text: str, where: str) -> Iterator[Connection]:
    """A connection to what a connection string names, each statement committed by itself.

    A service account's database user signs in with a token of the account that this process runs as, instead of a
    password (docs/adr/0005). Raises SchemaError, also for whatever the server refuses inside the block and nobody has
    told more of; its text never holds the string.
    """
    try:
        with _connect(text, where) as connection:
            yield connection
    except psycopg.Error as error:
        raise SchemaError(where, _said(error), fix=_remedy(error)) from error


def _connect(text: str, where: str) -> Connection:
    try:
        given = conninfo_to_dict(text)
    except psycopg.ProgrammingError:
        raise SchemaError(
            where, "is no connection string of libpq", allowed="postgresql://user@host:5432/database"
        ) from None
    if not given.get("password") and str(given.get("user", "")).endswith(IAM_USER):
        given["password"] = _token(where)
    given = {"connect_timeout": _CONNECT_SECONDS, "application_name": "schema", **given}
    try:
        return reached(lambda: psycopg.connect(autocommit=True, **given), _is_no_way)  # type: ignore[arg-type,unused-ignore]  # libpq's own names
    except psycopg.OperationalError as error:
        # A password with an @ that was not written as %40 makes its rest a part of the host's name.
        host = str(given.get("host")).rpartition("@")[2]
        raise SchemaError(
            where,
            f"{given.get('user')} cannot connect to {given.get('dbname')} on {host}: "
            f"{_first_line(error).replace(str(given.get('host')), host)}",
            fix="run it where the store can be reached, as a user that may sign in",
        ) from None


def _is_no_way(error: Exception) -> bool:
    """Whether nobody answered: a server that refuses, which libpq calls FATAL, would do so again."""
    return isinstance(error, psycopg.OperationalError) and "FATAL" not in str(error)


def _token(where: str) -> str:
    try:
        credentials, _ = google.auth.default(scopes=[_LOGIN_SCOPE])
        credentials.refresh(google.auth.transport.requests.Request())  # type: ignore[no-untyped-call]  # has no types
    except google.auth.exceptions.GoogleAuthError as error:
        raise SchemaError(
            where,
            f"its user signs in with a token, and this process has no account: {error}",
            fix="run it in the job, or `gcloud auth application-default login --impersonate-service-account=…`",
        ) from None
    return str(credentials.token)


@contextmanager
def advisory_lock(connection: Connection, name: str, wait_seconds: float) -> Iterator[None]:
    """Hold the lock of a name on this connection, which loses it when it ends; raises SchemaError naming the holder."""
    key = int.from_bytes(hashlib.sha256(f"schema of {name}".encode()).digest()[:8], signed=True)
    end = time.monotonic() + wait_seconds
    while connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone() != (True,):
        if time.monotonic() >= end:
            raise SchemaError(
                name,
                f"is being changed by {_holder(connection, key)}",
                allowed="one at a time",
                fix="wait for it, or give --wait a longer time; a holder that is gone loses its lock by itself",
            )
        time.sleep(_RETRY_SECONDS)
    try:
        yield
    finally:
        if not connection.closed and not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s)", (key,))


def _holder(connection: Connection, key: int) -> str:
    """Who holds the lock: what the server shows of a user that is not one's own."""
    row = connection.execute(
        "SELECT usename, pid FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND (classid::bigint << 32) | objid::bigint = %s",
        (key,),
    ).fetchone()
    return "somebody who has just ended" if row is None else f"{row[0]} (server process {row[1]})"


@contextmanager
def limited(connection: Connection, lock: str = "5s", statement: str = "10min") -> Iterator[None]:
    """Let no statement wait for a lock, and hold up what waits behind it, or run, longer than so."""
    for name, value in (("lock_timeout", lock), ("statement_timeout", statement)):
        connection.execute("SELECT set_config(%s, %s, false)", (name, value.replace(" ", "")))
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("RESET lock_timeout")
            connection.execute("RESET statement_timeout")


def watch_client(connection: Connection) -> None:
    """Let the server see that this client died: else it goes on, and holds the lock, to the end of the statement."""
    with suppress(psycopg.errors.InvalidParameterValue):  # a server on a system that cannot see it
        connection.execute("SET client_connection_check_interval = '1s'")


@contextmanager
def told(path: Path | str, statement: Statement | None = None) -> Iterator[None]:
    """Turn an error of the server into a SchemaError at the statement's line, with what the server says and advises.

    `path` is the file that is being followed, or the place in it.
    """
    try:
        yield
    except psycopg.Error as error:
        raise SchemaError(_place(path, statement, error), _said(error), fix=_remedy(error)) from error


def _place(path: Path | str, statement: Statement | None, error: psycopg.Error) -> str:
    """The file, and the line where one is known: of the error if the server says it, of the statement otherwise."""
    if statement is None:
        return str(path)
    position = error.diag.statement_position
    return f"{path}:{statement.line_of(int(position)) if position else statement.line}"


def _said(error: psycopg.Error) -> str:
    text = _first_line(error)
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return f"waited too long for a lock: {text}"
    if error.sqlstate is None or isinstance(error, psycopg.errors.AdminShutdown):
        return f"the connection was lost: {text}"
    return f"{text} ({error.sqlstate})"


def _remedy(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return "look who holds it in pg_stat_activity, and run it again when that has ended"
    if isinstance(error, psycopg.errors.QueryCanceled):
        return "raise its statement_timeout, or cut the work into smaller files"
    return error.diag.message_hint or ""


def _first_line(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error).strip().partition("\n")[0]
    detail = error.diag.message_detail
    return f"{text}; {detail}" if detail else text
