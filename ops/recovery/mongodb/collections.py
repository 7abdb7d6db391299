"""A collection put back from an export: loaded beside, compared document by document, and merged into the live one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from ops.recovery.check import Check
from ops.recovery.mongodb.exports import documents
from schema.kit import SchemaError
from schema.mongodb.errors import translated

if TYPE_CHECKING:
    from pymongo.collection import Collection
    from pymongo.database import Database

    from ops.recovery.mongodb.exports import AtlasExport
    from schema.kit.bucket import Bucket

Document = Mapping[str, Any]
BATCH = 500
_DUPLICATE = 11000
_OWN = "_id_"
_TOLD = 3
_DIGEST_BITS = 256


class Rule(StrEnum):
    """What becomes of a document that is in both: what is live stays, or what was exported comes back."""

    MISSING = "missing"
    REPLACE = "replace"


class Digest:
    """A checksum of documents in any order: each one's SHA-256, added up."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, encoded: bytes) -> None:
        """Take a document in, as BSON."""
        self.count += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(encoded).digest(), "big")) % (1 << _DIGEST_BITS)

    @property
    def text(self) -> str:
        """The checksum as hexadecimal digits."""
        return f"{self._sum:064x}"


def beside(collection: str, run: str) -> str:
    """The collection that a run loads an export into."""
    return f"recovered_{run.lower()}_{collection}"


def load(database: Database[Document], bucket: Bucket, export: AtlasExport, collection: str, target: str) -> Digest:
    """Load a collection's files into one beside; again from the start when it was interrupted.

    Returns what was read. Raises SchemaError for a file that is cut off; nothing but `target` is ever touched.
    """
    digest, place = Digest(), database[target]
    with translated(f"loading {target}"):
        for name in export.of(database.name, collection):
            for batch in _batches(documents(bucket, name)):
                for document in batch:
                    digest.add(bson.encode(document))
                place.bulk_write([ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in batch], ordered=False)
    return digest


def compare(database: Database[Document], target: str, read: int, digest: str) -> Sequence[Check]:
    """Whether the collection beside holds every document of the export, byte by byte."""
    found = Digest()
    with translated(f"reading {target}"):
        raw: Any = database.get_collection(target, codec_options=bson.CodecOptions(document_class=RawBSONDocument))
        for document in raw.find():
            found.add(document.raw)
    return (
        Check("documents", found.count == read, f"{found.count}, the export has {read}"),
        Check("content", found.text == digest, "the same" if found.text == digest else "differs from the export's"),
    )


def missing(database: Database[Document], target: str, collection: str) -> int:
    """How many documents of the collection beside the live one lacks."""
    with translated(f"comparing {collection} with {target}"):
        return sum(len(absent) for _, absent in _absent(database, target, collection))


def merge(database: Database[Document], target: str, collection: str, rule: Rule) -> int:
    """Write the documents beside into the live collection; returns how many were written.

    The live collection's validator and unique indexes hold for them: what they refuse is told, in one SchemaError,
    after everything else is written. A run that was interrupted is gone on with by the next one.
    """
    written, refused = 0, list[str]()
    with translated(f"merging {target} into {collection}"):
        for batch, absent in _absent(database, target, collection):
            chosen = absent if rule is Rule.MISSING else batch
            made, problems = _written(database[collection], chosen, rule)
            written += made
            refused += problems
    if refused:
        raise SchemaError(
            f"collection {collection}",
            f"refuses {len(refused)} of the recovered documents; {written} are written: {'; '.join(refused[:_TOLD])}",
            fix=f"they are in {target}: mend them there by hand, and run the command again",
        )
    return written


def clear(database: Database[Document], target: str, run: str) -> None:
    """Drop a collection that this very run has made; raises SchemaError for any other."""
    if not target.startswith(beside("", run)):
        raise SchemaError(
            f"collection {target}", f"is none of run {run}", fix="only what a run has made is dropped by it"
        )
    with translated(f"dropping {target}"):
        database.drop_collection(target)


def _absent(
    database: Database[Document], target: str, collection: str
) -> Iterator[tuple[Sequence[Document], Sequence[Document]]]:
    """The documents beside, batch by batch, and those of each that the live collection has not."""
    for batch in _batches(database[target].find()):
        ids = [each["_id"] for each in batch]
        known = {_key(each["_id"]) for each in database[collection].find({"_id": {"$in": ids}}, {"_id": 1})}
        yield batch, [each for each in batch if _key(each["_id"]) not in known]


def _written(place: Collection[Document], chosen: Sequence[Document], rule: Rule) -> tuple[int, Sequence[str]]:
    if not chosen:
        return 0, ()
    requests: list[Any] = (
        [InsertOne(each) for each in chosen]
        if rule is Rule.MISSING
        else [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in chosen]
    )
    try:
        place.bulk_write(requests, ordered=False)
    except BulkWriteError as error:
        errors = error.details["writeErrors"]
        problems = [_problem(chosen[each["index"]], each) for each in errors if not _is_there_now(each)]
        return len(chosen) - len(errors), problems
    return len(chosen), ()


def _is_there_now(error: Mapping[str, Any]) -> bool:
    """Whether somebody has written the same document meanwhile, which then is the live one."""
    return error["code"] == _DUPLICATE and (
        list(error.get("keyPattern", ())) == ["_id"] or f"index: {_OWN} " in error.get("errmsg", "")
    )


def _problem(document: Document, error: Mapping[str, Any]) -> str:
    what = "has the key of another" if error["code"] == _DUPLICATE else "breaks the validator"
    return f"{document['_id']} {what} (code {error['code']})"


def _key(identity: Any) -> bytes:
    """An _id of any type as something that can be looked up; 1 and 1.0 are the same to the server, and rare."""
    return bson.encode({"": identity})


def _batches(source: Iterable[Document]) -> Iterator[Sequence[Document]]:
    rest = iter(source)
    while batch := list(islice(rest, BATCH)):
        yield batch
