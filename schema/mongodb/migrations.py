"""Data migrations: Python files with a function `run(database)`, each run once, and the ledger of those that ran.

A migration may be killed anywhere and is run again from its start: what it has done already it must leave as it is, and
it works in batches that are each whole. It writes through the validators, like everybody.
"""

import ast
import runpy
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import PyMongoError

from schema.kit import File, Record, SchemaError
from schema.kit.files import ROOT

Run = Callable[[Database[Mapping[str, Any]]], None]


def check_form(file: File) -> None:
    """Raise SchemaError when a file is no Python or has no function `run` of one argument; runs nothing of it."""
    try:
        tree = ast.parse(file.content)
    except SyntaxError as error:
        raise SchemaError(file.path.as_posix(), f"is no Python: {error.msg} (line {error.lineno})") from None
    runs = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run"]
    if len(runs) != 1 or len(runs[0].args.args) != 1:
        raise SchemaError(file.path.as_posix(), "has no function run(database)", fix="give it one")


class Ledger:
    """The collection that remembers the migrations; its times are the server's."""

    def __init__(self, collection: Collection[Mapping[str, Any]], user: str) -> None:
        self._collection = collection
        self._user = user

    def records(self) -> Sequence[Record]:
        """What has run, in the order it was begun."""
        return [
            Record(
                entry["_id"],
                entry["checksum"],
                entry["started_at"].replace(tzinfo=UTC),
                entry["finished_at"].replace(tzinfo=UTC) if entry["finished_at"] else None,
                entry["applied_by"],
            )
            for entry in self._collection.find().sort([("started_at", 1), ("_id", 1)])
        ]

    def run(self, file: File, database: Database[Mapping[str, Any]]) -> None:
        """Run a file and remember it; one that was interrupted stays in the ledger without an end."""
        check_form(file)
        begun = {
            "checksum": file.checksum,
            "started_at": "$$NOW",
            "finished_at": None,
            "applied_by": {"$literal": self._user},
        }
        self._collection.update_one({"_id": file.name}, [{"$set": begun}], upsert=True)
        with _own_errors(file):
            run: Run = runpy.run_path(str(ROOT / file.path))["run"]
            run(database)
        self._collection.update_one({"_id": file.name}, [{"$set": {"finished_at": "$$NOW"}}])


@contextmanager
def _own_errors(file: File) -> Iterator[None]:
    """Turn what a file's own code raises into a SchemaError with its line; the client's errors are told elsewhere."""
    try:
        yield
    except (PyMongoError, SchemaError):
        raise
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(ROOT / file.path)]
        raise SchemaError(
            f"{file.path.as_posix()}:{lines[-1] if lines else 1}",
            " ".join(f"{type(error).__name__}: {error}".split()),
            fix="correct the file, which runs again from its start",
        ) from error
