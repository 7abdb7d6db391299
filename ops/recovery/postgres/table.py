"""A table as recovery sees it: columns, key, and a fingerprint that two databases can be compared by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from ops.recovery.errors import RecoveryError
from ops.recovery.postgres.databases import Connection


@dataclass(frozen=True)
class Table:
    """A table: `columns` with their types, without generated ones; `key` is the primary key's columns, in order."""

    schema: str
    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]

    @property
    def identifier(self) -> sql.Identifier:
        """Its name, to be put into a statement."""
        return sql.Identifier(self.schema, self.name)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def split(given: str) -> tuple[str, str]:
    """Schema and name of a table as a person writes it; raises RecoveryError."""
    schema, point, name = given.partition(".")
    if not point:
        schema, name = "public", schema
    if not schema or not name or "." in name:
        raise RecoveryError("--table", f"{given!r} is no table", allowed="schema.table, e.g. public.bookings")
    return schema, name


def read(connection: Connection, schema: str, name: str) -> Table | None:
    """A table; None where there is none."""
    found = connection.execute(
        """
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p')
        """,
        (schema, name),
    ).fetchone()
    if found is None:
        return None
    columns = connection.execute(
        """
        SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
        """,
        found,
    ).fetchall()
    key = connection.execute(
        """
        SELECT a.attname FROM pg_index i
        CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE i.indrelid = %s AND i.indisprimary ORDER BY k.place
        """,
        found,
    ).fetchall()
    return Table(schema, name, dict(columns), tuple(column for (column,) in key))


def fingerprint(connection: Connection, table: Table, columns: Sequence[str] | None = None) -> dict[str, str]:
    """Rows, and of each column how many values there are and a checksum that does not depend on their order."""
    names = sorted(table.columns if columns is None else columns)
    parts: list[sql.Composable] = [sql.SQL("count(*)")]
    for name in names:
        column = sql.Identifier(name)
        parts.append(
            sql.SQL("count({0}) || ':' || coalesce(sum(hashtextextended({0}::text, 0)::numeric), 0)").format(column)
        )
    # Text of times and numbers depends on the session.
    with connection.transaction():
        connection.execute("SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL extra_float_digits = 1")
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(parts), table.identifier)
        row = connection.execute(query).fetchone()
    values = [str(value) for value in row or ()]
    return dict(zip(("rows", *names), values, strict=True))


def counts(connection: Connection) -> dict[str, int]:
    """Rows of every table that is no partition, outside PostgreSQL's own schemas and recoveries' own."""
    tables = connection.execute(
        """
        SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
            AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT LIKE 'recovered\\_%' AND n.nspname <> 'information_schema'
        ORDER BY 1, 2
        """
    ).fetchall()
    found = {}
    for schema, name in tables:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))
        row = connection.execute(query).fetchone()
        found[f"{schema}.{name}"] = int(row[0]) if row else 0
    return found
