"""What goes wrong with a server is one error that says who can mend it, and shows no password."""

from collections.abc import Mapping

import pytest
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
from schema.mongodb.errors import schema_error, translated
from schema.mongodb.privileges import check_privileges

CASES = {
    "the password is not shown": (InvalidURI("Invalid URI host: 'someone:hidden@host'"), "is no URI"),
    "nor in a text": (
        ConfigurationError("no host in mongodb+srv://someone:hidden@host/"),
        "no host in mongodb+srv://host/",
    ),
    "no answer": (
        ServerSelectionTimeoutError("host:27017: timed out, Timeout: 10s"),
        "cannot be reached: host:27017: timed out\n",
    ),
    "cut off": (AutoReconnect("connection closed"), "the connection was lost: connection closed"),
    "wrong password": (
        OperationFailure("Authentication failed.", 18),
        "the sign-in was refused: Authentication failed.",
    ),
    "no such user at Atlas": (OperationFailure("bad auth : authentication failed", 8000), "the sign-in was refused"),
    "no collMod": (
        OperationFailure('not authorized on triptrip to execute command { collMod: "pages", find: 1 }', 13),
        "the role dbAdmin is missing",
    ),
    "no insert": (
        OperationFailure('not authorized on triptrip to execute command { insert: "schema_ledger" }', 13),
        "the role readWrite is missing",
    ),
    "no update at Atlas": (
        OperationFailure("user is not allowed to do action [update] on [triptrip.schema_lock]", 8000),
        "the role readWrite is missing",
    ),
    "no createIndex at Atlas": (
        OperationFailure("user is not allowed to do action [createIndex] on [triptrip.pages]", 8000),
        "the role dbAdmin is missing",
    ),
    "twice the same": (
        DuplicateKeyError("E11000", 11000, {"errmsg": "E11000 dup key: { slug: 1 }"}),
        "two documents have the same key: E11000 dup key: { slug: 1 }",
    ),
    "broken validator": (
        WriteError("Document failed validation", 121, {"code": 121, "errInfo": {"failingDocumentId": "r-1"}}),
        "the document r-1 breaks its collection's validator",
    ),
    "broken validator in a batch": (
        BulkWriteError({"writeErrors": [{"code": 121, "errmsg": "x", "errInfo": {"failingDocumentId": "r-2"}}]}),
        "the document r-2 breaks its collection's validator",
    ),
    "anything else": (
        OperationFailure("Index build failed", 276),
        "the server refused it: Index build failed (code 276)",
    ),
    "anything of the client": (PyMongoError("odd"), "PyMongoError: odd"),
}


@pytest.mark.parametrize("name", CASES)
def test_error(name: str) -> None:
    error, said = CASES[name]
    with pytest.raises(SchemaError) as caught, translated("here"):
        raise error
    assert f"here: {said}" in f"{caught.value}\n"
    assert "hidden" not in str(caught.value)


def test_a_long_text_is_cut() -> None:
    assert len(schema_error("here", PyMongoError("x" * 9999)).given) < 500


READ_WRITE = [
    "find",
    "insert",
    "update",
    "remove",
    "createCollection",
    "createIndex",
    "dropIndex",
    "listCollections",
    "listIndexes",
]
ADMINISTER = [
    "bypassDocumentValidation",
    "collMod",
    "collStats",
    "createCollection",
    "createIndex",
    "dropIndex",
    "listCollections",
    "listIndexes",
]


def status(*privileges: tuple[Mapping[str, object], list[str]]) -> dict[str, object]:
    told = [{"resource": resource, "actions": actions} for resource, actions in privileges]
    return {
        "authInfo": {"authenticatedUsers": [{"user": "job", "db": "$external"}], "authenticatedUserPrivileges": told}
    }


def refusal(whoever: dict[str, object]) -> str:
    """What somebody is refused with; empty for who may do everything."""
    try:
        check_privileges(whoever, "triptrip")
    except SchemaError as error:
        return str(error)
    return ""


WHOLE = {"db": "triptrip", "collection": ""}


@pytest.mark.parametrize(
    "whoever",
    [
        status((WHOLE, READ_WRITE), (WHOLE, ADMINISTER)),
        status(({"db": "", "collection": ""}, READ_WRITE + ADMINISTER)),
        status(({"anyResource": True}, READ_WRITE + ADMINISTER)),
        status(),  # a server without access control
    ],
)
def test_who_may_do_everything_passes(whoever: dict[str, object]) -> None:
    assert refusal(whoever) == ""


@pytest.mark.parametrize(
    ("whoever", "fix"),
    [
        (status((WHOLE, READ_WRITE)), "give it dbAdmin below"),
        (status((WHOLE, ADMINISTER)), "give it readWrite below"),
        (status((WHOLE, ["find"])), "give it readWrite and dbAdmin below"),
        (status(({"db": "other", "collection": ""}, READ_WRITE + ADMINISTER)), "give it readWrite and dbAdmin below"),
        (status(({"db": "triptrip", "collection": "pages"}, READ_WRITE + ADMINISTER)), "give it readWrite and dbAdmin"),
    ],
)
def test_who_lacks_a_role_is_told_which(whoever: dict[str, object], fix: str) -> None:
    told = refusal(whoever)
    assert "user job: may not " in told
    assert fix in told
