"""The lock of the schema: a document with an owner and a lease, by the server's clock.

Who holds it renews it while it works; who dies lets it run out. Who cannot renew it in time has lost it, and must not
begin another step.
"""

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from schema import kit
from schema.kit import SchemaError, holder

LEASE_SECONDS = 30.0
"""How long a holder may be silent; whoever waits for longer than this is not kept out by one that died."""

_ID = "schema"
_POLL_SECONDS = 0.5
# Compared as milliseconds, which every server of the protocol does alike.
_IS_OVER = {"$lte": [{"$toLong": "$expires_at"}, {"$toLong": "$$NOW"}]}


class Lock(kit.Lease):
    """One process's claim to the lock; `user` is the database's own name of it."""

    def __init__(
        self, collection: Collection[Mapping[str, Any]], user: str, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        super().__init__(lease_seconds, min(_POLL_SECONDS, lease_seconds / kit.RENEWALS))
        self._collection = collection
        self._owner = holder(user)
        self._token = uuid.uuid4().hex

    def confirm(self) -> None:
        """Renew it; raises SchemaError when another has taken it over since."""
        if not self._move_on():
            taker = self._collection.find_one({"_id": _ID})
            raise SchemaError(
                "the schema's lock",
                f"was lost to {taker['owner'] if taker else 'another, who has ended since'}: this process was silent "
                f"for longer than its lease of {self.seconds:g} s",
                fix="see what the other one has done",
            )

    def take(self) -> bool:
        """Write this holder's mark where there is none, or one whose time is over."""
        free = {"$or": [{"$eq": [{"$type": "$token"}, "missing"]}, _IS_OVER]}
        mine = {
            "token": self._token,
            "owner": {"$literal": self._owner},
            "taken_at": "$$NOW",
            "expires_at": self._end_of_lease(),
        }
        try:
            found = self._collection.find_one_and_update(
                {"_id": _ID},
                _set({name: {"$cond": [free, value, f"${name}"]} for name, value in mine.items()}),
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:
            return False  # another was quicker at making the document
        return found is not None and found["token"] == self._token

    def taken(self) -> SchemaError:
        """Who has it, by the document."""
        mark = self._collection.find_one({"_id": _ID})
        return SchemaError(
            "the schema's lock",
            f"is held by {mark['owner']} since {mark['taken_at']:%Y-%m-%d %H:%M:%S} UTC; its lease ends at "
            f"{mark['expires_at']:%H:%M:%S} UTC"
            if mark
            else "was held by others, one after the other, all the while",
            fix="let the other one end, or wait longer with --wait; a holder that died loses it by itself",
        )

    def renew(self) -> bool:
        """Move the end on; whether it was lost in the meantime is asked before each step."""
        with contextlib.suppress(PyMongoError):
            self._move_on()
        return True

    def give_back(self) -> None:
        """Delete the document if it is still this one's."""
        with contextlib.suppress(PyMongoError):
            self._collection.delete_one({"_id": _ID, "token": self._token})

    def _move_on(self) -> bool:
        found = self._collection.find_one_and_update(
            {"_id": _ID, "token": self._token}, _set({"expires_at": self._end_of_lease()})
        )
        return found is not None

    def _end_of_lease(self) -> Mapping[str, Any]:
        return {"$add": ["$$NOW", int(self.seconds * 1000)]}


def _set(fields: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [{"$set": fields}]
