"""What a database holds, object by object, and what the files left there: everything else was changed by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from schema.sql.session import Connection

_QUERY = (Path(__file__).parent / "catalogue.sql").read_text(encoding="utf-8")
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_ledger.objects (
    name text PRIMARY KEY,
    parent text NOT NULL,
    definition text NOT NULL,
    server integer NOT NULL
)
"""
_RECORD = """
INSERT INTO schema_ledger.objects (name, parent, definition, server) VALUES (%s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE SET
    parent = excluded.parent, definition = excluded.definition, server = excluded.server
"""
_SHOWN = 60


@dataclass(frozen=True)
class Entry:
    """An object: the name of what it is part of, or nothing, and its definition as the server writes it."""

    parent: str
    definition: str


Objects = Mapping[str, Entry]
"""Objects by what they are and their name: `column phone of table public.users`."""


@dataclass(frozen=True)
class Difference:
    """An object that is not as the files left it; None where it is not there, or was not."""

    name: str
    left: Entry | None
    found: Entry | None

    @property
    def parent(self) -> str:
        """What it is part of, or nothing."""
        entry = self.found or self.left
        return entry.parent if entry else ""

    def __str__(self) -> str:
        if self.left is None:
            return f"{self.name} is in no file"
        if self.found is None:
            return f"{self.name} is gone"
        before, now = _first_difference(self.left.definition, self.found.definition)
        return f"{self.name} was {before}, is {now}"


class Catalogue:
    """The objects of some schemas; `tables` are rows that count as definitions too: a query by the table it reads."""

    def __init__(self, connection: Connection, schemas: Sequence[str], tables: Mapping[str, str] | None = None) -> None:
        self._connection = connection
        self._schemas = list(schemas)
        self._tables = dict(tables or {})

    def read(self) -> Objects:
        """What is there."""
        # With nothing on its path the server writes every name in full, whatever a user has set for itself.
        path = self._one("SELECT current_setting('search_path')")
        self._one("SELECT set_config('search_path', '', false)")
        rows = self._connection.execute(_QUERY.encode(), {"schemas": self._schemas}).fetchall()
        for table, query in self._tables.items():
            if self._is_there(table):
                rows += self._connection.execute(query.encode()).fetchall()
        self._one("SELECT set_config('search_path', %s, false)", path)
        return {name: Entry(parent, definition) for name, parent, definition in rows}

    def differences(self) -> Sequence[Difference]:
        """What was changed by hand; of what is gone or in no file the whole alone.

        Nothing before the first apply, nor while the definitions are those of another version of the server, which may
        write the same otherwise.
        """
        left = self._left()
        if not left or self.older_server is not None:
            return ()
        found = self.read()
        differing = (Difference(name, left.get(name), found.get(name)) for name in sorted({*left, *found}))
        return tuple(
            each
            for each in differing
            if each.left != each.found and (not each.parent or (each.parent in left and each.parent in found))
        )

    def record(self, before: Objects) -> None:
        """Note what a file that has just run left otherwise than it was before."""
        after = self.read()
        self._connection.execute(_TABLE)
        gone = [name for name in before if name not in after]
        self._connection.execute("DELETE FROM schema_ledger.objects WHERE name = any(%s)", (gone,))
        self._write({name: entry for name, entry in after.items() if before.get(name) != entry})

    @property
    def older_server(self) -> int | None:
        """The major version of the server that wrote the definitions, where it is not this one's any more."""
        if not self._is_there("schema_ledger.objects"):
            return None
        row = self._connection.execute(
            "SELECT min(server) FROM schema_ledger.objects WHERE server <> %s", (self.server,)
        ).fetchone()
        return row[0] if row else None

    @property
    def server(self) -> int:
        """The major version of the server."""
        return self._connection.info.server_version // 10000

    def record_anew(self) -> None:
        """Note everything as this server writes it."""
        found = self.read()
        with self._connection.transaction():
            self._connection.execute("TRUNCATE schema_ledger.objects")
            self._write(found)

    def _left(self) -> Objects:
        if not self._is_there("schema_ledger.objects"):
            return {}
        rows = self._connection.execute("SELECT name, parent, definition FROM schema_ledger.objects")
        return {name: Entry(parent, definition) for name, parent, definition in rows}

    def _write(self, objects: Objects) -> None:
        rows = [(name, entry.parent, entry.definition, self.server) for name, entry in objects.items()]
        with self._connection.cursor() as cursor:
            cursor.executemany(_RECORD, rows)

    def _is_there(self, table: str) -> bool:
        return self._one("SELECT to_regclass(%s)::text", table) is not None

    def _one(self, query: str, *values: str | None) -> str | None:
        row = self._connection.execute(sql.SQL(query), values).fetchone()
        return None if row is None else row[0]


def _first_difference(before: str, now: str) -> tuple[str, str]:
    """Two definitions in short: whole where they are, else from where they begin to differ."""
    if max(len(before), len(now)) <= _SHOWN:
        return before, now
    start = next((at for at, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), min(len(before), len(now)))
    begin = max(0, start - 10)
    return _cut(before, begin), _cut(now, begin)


def _cut(text: str, begin: int) -> str:
    part = " ".join(text[begin : begin + _SHOWN].split())
    return f"{'…' if begin else ''}{part}{'…' if len(text) > begin + _SHOWN else ''}"
