"""What exists in the simulated cloud: one SQLite file, or memory.

Several processes may share the file (write-ahead log, busy timeout); every write happens inside `transaction()`, which
takes the write lock before the rules are asked, so that check and change are one step.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.cloud.errors import CloudError

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA = """
create table if not exists resource (
  type text not null, id text not null, project text not null, name text not null,
  outputs text not null, created real not null, primary key (type, id)) without rowid;
create table if not exists deleted (
  type text not null, id text not null, project text not null, name text not null,
  outputs text not null, at real not null, primary key (type, id)) without rowid;
create table if not exists clock (offset_seconds real not null);
"""
_DAY = 86_400.0


@dataclass(frozen=True)
class Record:
    """One existing resource: `type` as rules write it, `outputs` its whole state, `created` in seconds since 1970."""

    type: str
    id: str
    project: str
    name: str
    outputs: dict[str, Any]
    created: float


class State:
    """The resources of every project, and the names the cloud still remembers.

    `clock` gives seconds since 1970; `advance()` moves the cloud's own time on and is kept in the file.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        try:
            self._connection = _connect(path)
        except (OSError, sqlite3.Error) as error:
            raise CloudError(
                f"the cloud's file {path} cannot be opened ({error}): name another, or remove it"
            ) from error

    def close(self) -> None:
        """Close the file; the state stays."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """One atomic step: other writers wait, an exception undoes it."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def now(self) -> float:
        """The cloud's time, in seconds since 1970."""
        moved = self._rows("select coalesce(sum(offset_seconds), 0) from clock")[0][0]
        return self._clock() + float(moved)

    def advance(self, days: float) -> None:
        """Let the cloud's time pass, for names that stay blocked after a deletion."""
        self._rows("insert into clock values (?)", days * _DAY)

    def get(self, kind: str, identifier: str) -> Record | None:
        """The resource of that type and id, if it exists."""
        rows = self._rows(f"select {_COLUMNS} from resource where type = ? and id = ?", kind, identifier)  # noqa: S608
        return _record(rows[0]) if rows else None

    def find(self, kind: str, project: str | None, reference: str) -> Record | None:
        """The resource a reference means: an id, a self link, or a bare name inside the project (None: in any)."""
        tail = reference[reference.index("projects/") :] if "projects/" in reference else reference
        rows = self._rows(
            f"select {_COLUMNS} from resource where type = ?1"  # noqa: S608
            " and (id in (?2, ?3) or (name = ?2 and (?4 is null or project = ?4))) order by id limit 1",
            kind,
            reference,
            tail,
            project,
        )
        return _record(rows[0]) if rows else None

    def all(self, kind: str | None = None) -> list[Record]:
        """Every existing resource (of one type), in the order of ids."""
        wanted = "select type, id, project, name, outputs, created from resource where ?1 is null or type = ?1"
        return [_record(row) for row in self._rows(f"{wanted} order by type, id", kind)]

    def put(self, record: Record) -> None:
        """Write a resource, new or changed."""
        self._rows(
            "insert or replace into resource values (?, ?, ?, ?, ?, ?)",
            record.type,
            record.id,
            record.project,
            record.name,
            json.dumps(record.outputs),
            record.created,
        )

    def remove(self, kind: str, identifier: str) -> None:
        """Delete a resource and remember when."""
        self._rows(
            "insert or replace into deleted select type, id, project, name, outputs, ?3 from resource"
            " where type = ?1 and id = ?2",
            kind,
            identifier,
            self.now(),
        )
        self._rows("delete from resource where type = ? and id = ?", kind, identifier)

    def deleted_within(self, kind: str, days: float) -> list[Record]:
        """The resources of a type that were deleted in the last so many days."""
        since = self.now() - days * _DAY
        rows = self._rows(
            "select type, id, project, name, outputs, at from deleted where type = ? and at > ?", kind, since
        )
        return [_record(row) for row in rows]

    def days_since_deletion(self, kind: str, identifier: str) -> float | None:
        """Days since the last deletion of that id; None when it never was deleted."""
        rows = self._rows("select at from deleted where type = ? and id = ?", kind, identifier)
        return (self.now() - float(rows[0][0])) / _DAY if rows else None

    def ever(self, kind: str, prefix: str) -> int:
        """How many resources of a type there are or were whose id starts so."""
        found = self._rows(
            "select id from resource where type = ?1 and substr(id, 1, length(?2)) = ?2"
            " union select id from deleted where type = ?1 and substr(id, 1, length(?2)) = ?2",
            kind,
            prefix,
        )
        return len(found)

    def reset(self) -> int:
        """Forget everything; gives the number of resources there were."""
        with self.transaction():
            count = int(self._rows("select count(*) from resource")[0][0])
            for table in ("resource", "deleted", "clock"):
                self._rows(f"delete from {table}")  # noqa: S608 - the table names stand above
        return count

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path or ":memory:", timeout=60, isolation_level=None, check_same_thread=False)
    # A killed process loses nothing that was committed to the log; only a power cut could, and this is a sandbox.
    connection.executescript("pragma journal_mode=wal; pragma synchronous=off;" + _SCHEMA)
    return connection


_COLUMNS = "type, id, project, name, outputs, created"


def _record(row: tuple[Any, ...]) -> Record:
    return Record(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5])
