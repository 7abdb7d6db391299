"""The table in which a database remembers the files that have run in it."""

from collections.abc import Sequence

from schema.kit import File, Record
from schema.sql.session import Connection

_TABLE = """
CREATE SCHEMA IF NOT EXISTS schema_ledger;
CREATE TABLE IF NOT EXISTS schema_ledger.files (
    kind text NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    applied_by text NOT NULL DEFAULT session_user,
    PRIMARY KEY (kind, name)
)
"""
_BEGIN = """
INSERT INTO schema_ledger.files (kind, name, checksum) VALUES (%s, %s, %s)
ON CONFLICT (kind, name) DO UPDATE SET
    checksum = excluded.checksum, started_at = excluded.started_at, finished_at = NULL, applied_by = excluded.applied_by
"""
_END = "UPDATE schema_ledger.files SET finished_at = clock_timestamp() WHERE kind = %s AND name = %s"
_READ = """
SELECT name, checksum, started_at, finished_at, applied_by FROM schema_ledger.files WHERE kind = any(%s)
ORDER BY started_at, name
"""


class Ledger:
    """The ledger of one database; it is made by the first file that runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self) -> None:
        """Make the table when it is not there."""
        self._connection.execute(_TABLE)

    def records(self, *kinds: str) -> Sequence[Record]:
        """The rows of some kinds of files, in the order they were begun."""
        if self._connection.execute("SELECT to_regclass('schema_ledger.files')").fetchone() == (None,):
            return ()
        return tuple(Record(*row) for row in self._connection.execute(_READ, (list(kinds),)))

    def begin(self, kind: str, file: File) -> None:
        """Note that a file is begun."""
        self._connection.execute(_BEGIN, (kind, file.name, file.checksum))

    def end(self, kind: str, file: File) -> None:
        """Note that a file has run to its end."""
        self._connection.execute(_END, (kind, file.name))
