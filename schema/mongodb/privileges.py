"""Whether the signed-in user may do all that the schema needs, seen before anything is begun.

readWrite alone may build indexes, but not change a validator; dbAdmin alone may not read a document. Source:
github.com/mongodb/mongo, src/mongo/db/auth/builtin_roles.yml, read 2026-11-26.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schema.kit import SchemaError
from schema.mongodb.errors import ROLES

_NEEDED: Mapping[str, frozenset[str]] = {
    "readWrite": frozenset({"find", "insert", "update", "remove"}),
    "dbAdmin": frozenset(
        {
            "bypassDocumentValidation",
            "collMod",
            "collStats",
            "createCollection",
            "createIndex",
            "dropIndex",
            "listCollections",
            "listIndexes",
        }
    ),
}


def check_privileges(status: Mapping[str, Any], database: str) -> None:
    """Raise SchemaError naming the roles that are missing; `status` is what connectionStatus answers.

    A server without access control tells no user and no privileges, and lets everybody do everything.
    """
    told = status["authInfo"]
    if not told.get("authenticatedUserPrivileges"):
        return
    granted = {
        action
        for privilege in told["authenticatedUserPrivileges"]
        if _covers(privilege["resource"], database)
        for action in privilege["actions"]
    }
    missing = {role: sorted(actions - granted) for role, actions in _NEEDED.items() if actions - granted}
    if missing:
        raise SchemaError(
            f"user {user_of(status)}",
            f"may not {', '.join(action for actions in missing.values() for action in actions)} in database {database}",
            allowed=f"a user with the roles {' and '.join(ROLES)} on the database",
            fix=f"give it {' and '.join(missing)} below triptrip:mongodb.users, and deploy",
        )


def user_of(status: Mapping[str, Any]) -> str:
    """The name of the signed-in user."""
    users: Sequence[Mapping[str, str]] = status["authInfo"].get("authenticatedUsers", ())
    return users[0]["user"] if users else "anonymous"


def _covers(resource: Mapping[str, Any], database: str) -> bool:
    """Whether a privilege is for every collection of the database."""
    return bool(resource.get("anyResource")) or (
        resource.get("db") in (database, "") and resource.get("collection") == ""
    )
