"""Continuous aggregates as compressed CSV in the backup bucket, and a marker of what is whole (TS-CAGG).

    timescale/<service>/<run>/<aggregate>.csv.gz     a header, then the rows by their key
    timescale/<service>/<run>/success.json           written last: rows, bytes and SHA-256 of each

All aggregates are read in one snapshot of the database. A run that was cut off has no marker and is nobody's copy.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from psycopg import sql
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from schema.kit import SchemaError, read_file, read_yaml
from schema.kit.bucket import Bucket
from schema.sql.session import Connection, advisory_lock

FOLDER = "timescale"
MARKER = "success.json"
RUN_FORM = "%Y%m%dT%H%M%SZ"
_EXPORTS = Path(__file__).with_name("exports.yaml")
_COLUMNS = """
SELECT attname::text FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
Clock = Callable[[], datetime]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Export(_Row):
    """What the catalogue says of one aggregate."""

    key: tuple[str, ...]


class Copied(_Row):
    """One aggregate of a run: bytes and SHA-256 are the object's; `newest` is its last bucket, RFC 3339, or empty."""

    name: str
    object: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    rows: int
    bytes: int
    sha256: str
    newest: str


class Marker(_Row):
    """A run that is whole; times are RFC 3339 in UTC."""

    service: str
    run: str
    started_at: datetime
    finished_at: datetime
    aggregates: tuple[Copied, ...]


def exports() -> Mapping[str, Export]:
    """The catalogue by aggregate; raises SchemaError naming the row that is wrong."""
    file = read_file(_EXPORTS)
    try:
        return TypeAdapter(dict[str, Export]).validate_python(read_yaml(file))
    except ValidationError as error:
        first = error.errors()[0]
        raise SchemaError(f"{file.path.as_posix()}: {'.'.join(map(str, first['loc']))}", first["msg"]) from None


def now() -> datetime:
    """The moment it is, in whole seconds of UTC."""
    return datetime.now(UTC).replace(microsecond=0)


def export(connection: Connection, bucket: Bucket, service: str, clock: Clock = now) -> Marker:
    """Copy every aggregate of the catalogue; raises SchemaError, with no marker written, when one cannot be copied.

    A run that finds another under way raises too: it would read the same rows twice.
    """
    started = clock()
    run = started.strftime(RUN_FORM)
    folder = f"{FOLDER}/{service}/{run}"
    with advisory_lock(connection, "the aggregates' export", 0), _snapshot(connection):
        copied = tuple(_copy(connection, bucket, folder, name, row.key) for name, row in sorted(exports().items()))
    marker = Marker(service=service, run=run, started_at=started, finished_at=clock(), aggregates=copied)
    with bucket.creating(f"{folder}/{MARKER}") as target:
        target.write(json.dumps(marker.model_dump(mode="json"), indent=2).encode() + b"\n")
    return marker


def markers(bucket: Bucket, service: str) -> Iterator[Marker]:
    """The runs that are whole, newest first; raises SchemaError when it comes to a marker that nobody can read."""
    found = [each.name for each in bucket.listed(f"{FOLDER}/{service}/") if each.name.endswith(f"/{MARKER}")]
    for name in sorted(found, reverse=True):
        yield _marker(bucket, name)


def _marker(bucket: Bucket, name: str) -> Marker:
    with bucket.reading(name) as source:
        content = source.read()
    try:
        return Marker.model_validate_json(content)
    except ValidationError as error:
        raise SchemaError(
            f"{bucket.address}/{name}", f"is no marker: {error.errors()[0]['msg']}", fix="take an older run"
        ) from None


def columns_of(connection: Connection, relation: str) -> tuple[str, ...]:
    """The columns of a table or view, in order."""
    return tuple(name for (name,) in connection.execute(_COLUMNS.encode(), (relation,)).fetchall())


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _copy(connection: Connection, bucket: Bucket, folder: str, name: str, key: tuple[str, ...]) -> Copied:
    relation, columns = sql.Identifier(name), columns_of(connection, name)
    if missing := set(key) - set(columns):
        raise SchemaError(f"schema/timescale/exports.yaml: {name}.key", f"names {min(missing)}, which {name} has not")
    by = sql.SQL(", ").join(map(sql.Identifier, key))
    row = connection.execute(
        sql.SQL("SELECT count(*), count(DISTINCT ({})), max({}) FROM {}").format(by, sql.Identifier(key[0]), relation)
    ).fetchone()
    rows, distinct, newest = row or (0, 0, None)
    if rows != distinct:
        raise SchemaError(
            f"schema/timescale/exports.yaml: {name}.key",
            f"is no key: {rows} rows have {distinct} values of it",
            fix="name every column that the aggregate groups by",
        )
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT WITH (FORMAT csv, HEADER)").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), relation, by
    )
    place = f"{folder}/{name}.csv.gz"
    with bucket.creating(place) as target:
        measured = _Measured(target)
        # Without a name and a time inside, the same rows are the same bytes.
        with (
            gzip.GzipFile(filename="", mode="wb", fileobj=measured, mtime=0) as packed,
            connection.cursor() as cursor,
            cursor.copy(query) as source,
        ):
            for block in source:
                packed.write(block)
    return Copied(
        name=name,
        object=place,
        columns=columns,
        key=key,
        rows=rows,
        bytes=measured.size,
        sha256=measured.digest.hexdigest(),
        newest=newest.astimezone(UTC).isoformat() if newest else "",
    )


class _Measured:
    """A file that is written to, with the size and checksum of what was."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, block: Any) -> int:
        self.size += len(block)
        self.digest.update(block)
        self._target.write(block)
        return len(block)

    def flush(self) -> None:
        """Nothing: an upload goes out in blocks of its own."""
