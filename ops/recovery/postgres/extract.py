"""A table out of a copy: laid flat into a schema of its own, dumped, and laid beside the live one."""

from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from ops.recovery.errors import RecoveryError
from ops.recovery.postgres import tools
from ops.recovery.postgres.databases import Connection
from ops.recovery.postgres.table import Table, fingerprint, read


def lay_flat(connection: Connection, table: Table, schema: str) -> dict[str, str]:
    """Copy a table, partitions and all, into one plain table of a new schema in the copy; returns its fingerprint.

    Without defaults, checks and generation, which may need functions that the live database does not have; with the
    key, which the comparison needs. Done again from the start when it was interrupted: the copy is the run's own.
    """
    place = sql.Identifier(schema)
    flat = sql.Identifier(schema, table.name)
    with connection.transaction():
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(place))
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(place))
        connection.execute(sql.SQL("CREATE TABLE {} (LIKE {})").format(flat, table.identifier))
        connection.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(flat, table.identifier))
        if table.key:
            key = sql.SQL(", ").join(map(sql.Identifier, table.key))
            connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(flat, key))
    made = read(connection, schema, table.name)
    if made is None:
        raise RecoveryError(str(table), "could not be laid flat", fix="run the command again")
    if fingerprint(connection, table) != fingerprint(connection, made, tuple(table.columns)):
        raise RecoveryError(str(table), "differs from its own copy on the temporary instance", fix="begin a new run")
    return fingerprint(connection, made)


def references(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """Foreign keys of other tables that point to a table, which go when it is dropped with CASCADE."""
    rows = connection.execute(
        """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype = 'f' AND confrelid = %s::regclass AND conrelid <> confrelid AND conparentid = 0 ORDER BY 1, 2
        """,
        (f'"{table.schema}"."{table.name}"',),
    ).fetchall()
    return [{"table": owner, "name": name, "definition": definition} for owner, name, definition in rows]


def views(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """Views that stand on a table or on each other, nearest first: they go with it when it is dropped with CASCADE."""
    rows = connection.execute(
        """
        WITH RECURSIVE found (id, depth) AS (
            SELECT %s::regclass::oid, 0
            UNION
            SELECT rule.ev_class, found.depth + 1 FROM found
            JOIN pg_depend AS link ON link.refclassid = 'pg_class'::regclass AND link.refobjid = found.id
            JOIN pg_rewrite AS rule ON link.classid = 'pg_rewrite'::regclass AND rule.oid = link.objid
            WHERE rule.ev_class <> found.id
        )
        SELECT nspname, relname, relkind = 'm' FROM found
        JOIN pg_class ON pg_class.oid = id JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE depth > 0 GROUP BY nspname, relname, relkind ORDER BY max(depth), nspname, relname
        """,
        (f'"{table.schema}"."{table.name}"',),
    ).fetchall()
    return [{"schema": schema, "name": name, "is_materialized": kept} for schema, name, kept in rows]


def dump(  # noqa: PLR0913, PLR0917 # what, from where, to where
    environment: dict[str, str], table: Table, over: list[dict[str, Any]], schema: str, folder: Path, release: int
) -> None:
    """Write two archives: the flat table with its rows, and the definition of the table and of the views over it."""
    common = ("--format=custom", "--no-password")
    rows = ("--no-owner", "--no-privileges", f"--schema={schema}")
    _write(environment, (*common, *rows), folder / "rows.dump", release)
    named = (f'--table="{view["schema"]}"."{view["name"]}"' for view in over)
    whole = ("--schema-only", f'--table-and-children="{table.schema}"."{table.name}"', *named)
    _write(environment, (*common, *whole), folder / "definition.dump", release)


def _write(environment: dict[str, str], arguments: tuple[str, ...], target: Path, release: int) -> None:
    made = target.with_suffix(".partial")
    tools.run("pg_dump", (*arguments, f"--file={made}"), environment, release)
    made.replace(target)


def lay_beside(  # noqa: PLR0913, PLR0917 # what, from where, to where
    connection: Connection, environment: dict[str, str], schema: str, table: Table, folder: Path, release: int
) -> None:
    """Load the rows into the live database's schema of the run, all or nothing; nothing where they are."""
    if read(connection, schema, table.name) is None:
        arguments = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password")
        database = f"--dbname={environment['PGDATABASE']}"
        tools.run("pg_restore", (*arguments, database, str(folder / "rows.dump")), environment, release)


def define_again(connection: Connection, environment: dict[str, str], table: Table, folder: Path, release: int) -> None:
    """Make a lost table again, empty, with partitions, indexes, rights, owner and its views; nothing where it is."""
    if read(connection, table.schema, table.name) is None:
        arguments = ("--single-transaction", "--exit-on-error", "--no-password")
        database = f"--dbname={environment['PGDATABASE']}"
        tools.run("pg_restore", (*arguments, database, str(folder / "definition.dump")), environment, release)


def fill_views(connection: Connection, over: list[dict[str, Any]]) -> None:
    """Fill materialized views that have no rows yet, nearest to the table first."""
    for view in over:
        name = f'"{view["schema"]}"."{view["name"]}"'
        row = connection.execute("SELECT relispopulated FROM pg_class WHERE oid = to_regclass(%s)", (name,)).fetchone()
        if view["is_materialized"] and row == (False,):
            place = sql.Identifier(view["schema"], view["name"])
            connection.execute(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(place))


def reconnect(connection: Connection, rows: list[dict[str, Any]]) -> list[str]:
    """Give other tables their foreign keys again; returns those that their rows do not allow, a line each."""
    findings = []
    for row in rows:
        there = connection.execute(
            "SELECT FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname = %s", (row["table"], row["name"])
        ).fetchone()
        if there is not None:
            continue
        statement = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
            sql.SQL(row["table"]), sql.Identifier(row["name"]), sql.SQL(row["definition"])
        )
        try:
            with connection.transaction():
                connection.execute(statement)
        except psycopg.Error as error:
            findings.append(f"{row['table']}: foreign key {row['name']} is not back: {error.diag.message_primary}")
    return findings
