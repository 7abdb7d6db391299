"""Whether the documents of a collection let a change be made, seen before it is made."""

from collections.abc import Mapping
from typing import Any

from pymongo.database import Database

from schema.kit import SchemaError
from schema.mongodb.change import Conforming, Distinct

Documents = Database[Mapping[str, Any]]


def check(database: Documents, needs: Conforming | Distinct) -> None:
    """Raise SchemaError with the number of documents that stand in the way, and one to begin with."""
    if isinstance(needs, Conforming):
        _check_conforming(database, needs)
    else:
        _check_distinct(database, needs)


def _check_conforming(database: Documents, needs: Conforming) -> None:
    breaking = {"$nor": [needs.validator]}
    collection = database[needs.collection]
    count = collection.count_documents(breaking)
    first = collection.find_one(breaking, {"_id": True}) if count else None
    if first is None:
        return
    raise SchemaError(
        f"validator {needs.collection}",
        f"{count} document{' breaks' if count == 1 else 's break'} it, such as _id {first['_id']!r}",
        fix=f"find them with db.{needs.collection}.find({{$nor: [<the validator>]}}) and mend them by a file in "
        "schema/mongodb/migrations; or let the validator in with `validationAction: warn` first",
    )


def _check_distinct(database: Documents, needs: Distinct) -> None:
    """Keys in arrays are compared as whole arrays here; the server, which compares their items, has the last word."""
    key = [{"$ifNull": [f"${path}", None]} for path in needs.keys]
    groups = database[needs.collection].aggregate(
        [
            {"$match": needs.filter},
            {"$group": {"_id": key, "count": {"$sum": 1}, "first": {"$first": "$_id"}}},
            {"$match": {"count": {"$gt": 1}}},
            {"$group": {"_id": None, "keys": {"$sum": 1}, "first": {"$first": "$first"}}},
        ],
        allowDiskUse=True,
    )
    for found in groups:
        count = found["keys"]
        raise SchemaError(
            f"index {needs.collection}.{needs.index}",
            f"cannot be unique: {count} key{' is' if count == 1 else 's are'} in more than one document, such as in "
            f"_id {found['first']!r}",
            fix=f"merge or change the documents, whose keys are {', '.join(needs.keys)}, by a file in "
            "schema/mongodb/migrations",
        )
