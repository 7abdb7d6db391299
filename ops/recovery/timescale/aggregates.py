"""Putting a continuous aggregate back from its export: loaded beside, compared, and what is missing merged.

Rows of an aggregate cannot be inserted through its view. They go into the hypertable behind it, whose columns are the
view's own (finalized aggregates, TimescaleDB 2.7 and newer). Before that, what raw rows can still tell is made of them
by a refresh.

A refresh of hours whose raw rows have gone takes these hours away: it is what a retention policy leaves to be done, and
the reason why nobody may refresh a whole aggregate by hand. An aggregate that has nothing left of that past is
refreshed whole, once, before the export is merged: TimescaleDB then holds the past for looked at, and later refreshes
leave the restored hours alone.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from psycopg import sql

from ops.recovery.check import Check
from schema.kit import SchemaError, ordered_files
from schema.sql.statements import statements
from schema.timescale.export import columns_of
from schema.timescale.store import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from schema.kit.bucket import Bucket
    from schema.sql.session import Connection
    from schema.timescale.export import Copied

_BLOCK = 1024 * 1024
_BEHIND = """
SELECT materialization_hypertable_schema::text, materialization_hypertable_name::text
FROM timescaledb_information.continuous_aggregates WHERE view_name = %s
"""
_OLDEST = """
SELECT min(range_start) FROM timescaledb_information.chunks
JOIN timescaledb_information.continuous_aggregates USING (hypertable_schema, hypertable_name) WHERE view_name = %s
"""
_COMMENT = "Restored from "


def beside(aggregate: str) -> str:
    """The table that an export is loaded into."""
    return f"recovered_{aggregate}"


def is_there(connection: Connection, aggregate: str) -> bool:
    """Whether the continuous aggregate exists."""
    return _behind(connection, aggregate) is not None


def define(connection: Connection, aggregate: str, folder: Path = FOLDER) -> None:
    """Make a lost aggregate anew as its migration does, empty; raises SchemaError when no file makes it."""
    form = re.compile(rf"CREATE MATERIALIZED VIEW\s+{re.escape(aggregate)}\b", re.IGNORECASE)
    for file in ordered_files(folder / "migrations", ".sql"):
        for statement in statements(file):
            if form.match(statement.text):
                connection.execute(statement.text.encode())
                return
    raise SchemaError(f"aggregate {aggregate}", "is made by no file of schema/timescale/migrations")


def load(connection: Connection, bucket: Bucket, copied: Copied) -> None:
    """Load an export into a table beside the aggregate; an older attempt's table is made anew.

    Raises SchemaError, and leaves no table, when the object is not what its marker says.
    """
    table = sql.Identifier(beside(copied.name))
    if different := set(columns_of(connection, copied.name)) ^ set(copied.columns):
        raise SchemaError(
            f"aggregate {copied.name}",
            f"has other columns than its export: {', '.join(sorted(different))}",
            fix="check out the commit of the export's day, restore, and change the aggregate by a migration after it",
        )
    columns = sql.SQL(", ").join(map(sql.Identifier, copied.columns))
    with connection.transaction(), bucket.reading(copied.object) as source:
        clear(connection, copied.name)
        connection.execute(sql.SQL("CREATE TABLE {} (LIKE {})").format(table, sql.Identifier(copied.name)))
        connection.execute(
            sql.SQL("COMMENT ON TABLE {} IS {}").format(table, f"{_COMMENT}{bucket.address}/{copied.object}")
        )
        read = _Checked(source)
        query = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, HEADER)").format(table, columns)
        try:
            with (
                gzip.GzipFile(fileobj=read, mode="rb") as packed,
                connection.cursor() as cursor,
                cursor.copy(query) as target,
            ):
                while block := packed.read(_BLOCK):
                    target.write(block)
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            raise _broken(bucket, copied, f"is cut off or broken: {error}") from None
        if (read.digest.hexdigest(), read.size) != (copied.sha256, copied.bytes):
            raise _broken(bucket, copied, f"has {read.size} bytes of another content than its marker's {copied.bytes}")


def compare(connection: Connection, copied: Copied) -> Sequence[Check]:
    """Whether the table beside is what the marker says of the export."""
    key = sql.SQL(", ").join(map(sql.Identifier, copied.key))
    row = connection.execute(
        sql.SQL("SELECT count(*), count(DISTINCT ({})) FROM {}").format(key, sql.Identifier(beside(copied.name)))
    ).fetchone()
    rows, distinct = row or (0, 0)
    return (
        Check(f"rows of {copied.name}", rows == copied.rows, f"{rows}, the marker says {copied.rows}"),
        Check(f"key of {copied.name}", distinct == rows, f"{distinct} of {rows} rows differ in it"),
    )


def merge(connection: Connection, copied: Copied) -> int:
    """Bring the aggregate up to what its raw rows tell, then add the exported rows that are missing; returns how many.

    Rows that are there stay as they are: they are newer, or made of the same raw rows.
    """
    behind = _behind(connection, copied.name)
    if behind is None:
        raise SchemaError(f"aggregate {copied.name}", "is not there", fix="run the command again, it makes it anew")
    connection.execute(
        "CALL refresh_continuous_aggregate(%s, %s::timestamptz, NULL)", (copied.name, _from(connection, copied))
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, copied.columns))
    added = connection.execute(
        sql.SQL("INSERT INTO {} ({columns}) SELECT {columns} FROM {} AS copy WHERE NOT EXISTS ({})").format(
            sql.Identifier(*behind),
            sql.Identifier(beside(copied.name)),
            _same(copied, sql.Identifier(copied.name)),
            columns=columns,
        )
    )
    return added.rowcount


def _from(connection: Connection, copied: Copied) -> datetime | None:
    """Where a refresh may begin: at the oldest raw row, or at none where the aggregate has nothing older to lose."""
    raw = connection.execute(_OLDEST.encode(), (copied.name,)).fetchone()
    oldest: datetime = raw[0] if raw and raw[0] else datetime.now(UTC)
    older = connection.execute(
        sql.SQL("SELECT FROM {} WHERE {} < %s LIMIT 1").format(
            sql.Identifier(copied.name), sql.Identifier(copied.key[0])
        ),
        (oldest,),
    ).fetchone()
    return None if older is None else oldest


def missing(connection: Connection, copied: Copied) -> int:
    """How many exported rows the aggregate lacks."""
    row = connection.execute(
        sql.SQL("SELECT count(*) FROM {} AS copy WHERE NOT EXISTS ({})").format(
            sql.Identifier(beside(copied.name)), _same(copied, sql.Identifier(copied.name))
        )
    ).fetchone()
    return int(row[0]) if row else 0


def clear(connection: Connection, aggregate: str) -> None:
    """Drop the table beside, where it is there; raises SchemaError when no recovery has made it."""
    name = beside(aggregate)
    row: Any = connection.execute(
        "SELECT to_regclass(%s) IS NOT NULL, obj_description(to_regclass(%s), 'pg_class')", (name, name)
    ).fetchone()
    exists, comment = row
    if not exists:
        return
    if not str(comment or "").startswith(_COMMENT):
        raise SchemaError(f"table {name}", "was made by no recovery", fix="look at what it is, and rename or drop it")
    connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))


def _same(copied: Copied, relation: sql.Identifier) -> sql.Composed:
    """A query for a row of the aggregate with the key of the row `copy`; a group of nulls is the same as another."""
    conditions = (
        sql.SQL("own.{name} IS NOT DISTINCT FROM copy.{name}").format(name=sql.Identifier(name)) for name in copied.key
    )
    return sql.SQL("SELECT FROM {} AS own WHERE {}").format(relation, sql.SQL(" AND ").join(conditions))


def _behind(connection: Connection, aggregate: str) -> tuple[str, str] | None:
    row: Any = connection.execute(_BEHIND.encode(), (aggregate,)).fetchone()
    return (row[0], row[1]) if row else None


def _broken(bucket: Bucket, copied: Copied, what: str) -> SchemaError:
    return SchemaError(f"{bucket.address}/{copied.object}", what, fix="take an older run: --export, --new")


class _Checked:
    """A file that is read, with the size and checksum of what was."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.size = 0
        self.digest = hashlib.sha256()

    def seek(self, _: int) -> object:
        raise OSError("is read from its start to its end")

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self.size += len(block)
        self.digest.update(block)
        return block
