"""What the client of MongoDB raises, as one clear error; addresses are told, users and passwords never."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteError,
)

from schema.kit import SchemaError

ROLES = ("readWrite", "dbAdmin")
"""What the schema's user needs on the database: documents, and collections with their validators and indexes."""

_UNAUTHORIZED, _SIGN_IN_REFUSED, _REFUSED_BY_ATLAS, _INVALID_DOCUMENT = 13, 18, 8000, 121
_REFUSED = re.compile(r"execute command \{ ?(\w+):|\(action: (\w+)\)|do action \[(\w+)\]")
"""What a user may not do, as MongoDB 8.0 tells it, as SecantusDB does, and as Atlas' proxy does."""
_OF_DOCUMENTS = frozenset({"aggregate", "count", "delete", "find", "findAndModify", "insert", "remove", "update"})
_USER_INFO = re.compile(r"//[^/\s]*@")
_LONGEST = 400


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn every error of the client into a SchemaError; `where` is what was being done, or to what."""
    try:
        yield
    except PyMongoError as error:
        raise schema_error(where, error) from error


def schema_error(where: str, error: PyMongoError) -> SchemaError:
    """The error that a person reads."""
    if isinstance(error, InvalidURI):
        # Its text may quote the part that holds the password.
        return SchemaError(
            where,
            "is no URI that a client of MongoDB can read",
            allowed="mongodb+srv://<host>/<database>?<options>",
            fix="take it from the secret mongodb-connection; a user or password in it must be percent-encoded",
        )
    if isinstance(error, ConfigurationError):
        return SchemaError(
            where, _text(error), fix="look at the URI's host and options; `host HOST` tells if it is known"
        )
    if isinstance(error, ServerSelectionTimeoutError):
        return SchemaError(
            where,
            f"cannot be reached: {_text(error).split(', Timeout:')[0]}",
            fix="run it inside the VPC, where the private endpoint is (docs/runbooks/mongodb-atlas.md)",
        )
    if isinstance(error, AutoReconnect):
        return SchemaError(where, f"the connection was lost: {_text(error)}", fix="see that the cluster is up")
    if isinstance(error, OperationFailure):
        return _of_the_server(where, error)
    return SchemaError(where, f"{type(error).__name__}: {_text(error)}")


def _of_the_server(where: str, error: OperationFailure) -> SchemaError:
    details: Mapping[str, Any] = error.details or {}
    text = str(details.get("errmsg", "")) or _text(error)
    refused = _REFUSED.search(text)
    if error.code == _SIGN_IN_REFUSED or (error.code == _REFUSED_BY_ATLAS and not refused):
        return SchemaError(
            where,
            f"the sign-in was refused: {_clean(text)}",
            allowed="a database user of the cluster",
            fix="declare the job's account below triptrip:mongodb.users, and run it as that service account",
        )
    if error.code in (_UNAUTHORIZED, _REFUSED_BY_ATLAS):
        role = ROLES[0] if refused and _OF_DOCUMENTS & set(refused.groups()) else ROLES[1]
        return SchemaError(
            where,
            f"the role {role} is missing: {_clean(text)}",
            allowed=f"a user with the roles {' and '.join(ROLES)} on the database",
            fix="give it the roles below triptrip:mongodb.users, and deploy",
        )
    if isinstance(error, DuplicateKeyError):
        return SchemaError(
            where, f"two documents have the same key: {_clean(text)}", fix="change or delete one of them"
        )
    if isinstance(error, BulkWriteError):
        first: Mapping[str, Any] = next(iter(details.get("writeErrors", ())), {})
        text = str(first.get("errmsg", text))
        details = first
    if error.code == _INVALID_DOCUMENT or details.get("code") == _INVALID_DOCUMENT:
        identity = details.get("errInfo", {}).get("failingDocumentId", "?")
        return SchemaError(where, f"the document {identity} breaks its collection's validator", fix="see its errInfo")
    kind = "a write was refused" if isinstance(error, WriteError) else "the server refused it"
    return SchemaError(where, f"{kind}: {_clean(text)} (code {error.code})")


def _text(error: PyMongoError) -> str:
    return _clean(str(error))


def _clean(text: str) -> str:
    shown = _USER_INFO.sub("//", " ".join(text.split()))
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
