"""Recovered rows against the live table: what a merge would do, and what would stop it."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from ops.recovery.errors import RefusedError
from ops.recovery.postgres.databases import Connection
from ops.recovery.postgres.table import Table


@dataclass(frozen=True)
class Comparison:
    """Rows by key: only recovered, in both but different, only live."""

    missing: int
    different: int
    extra: int


@dataclass(frozen=True)
class Pair:
    """A live table and its recovered rows; `columns` are those that both have."""

    live: Table
    recovered: Table

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that can be merged."""
        return tuple(name for name in self.live.columns if name in self.recovered.columns)

    def same_key(self) -> sql.Composable:
        """The condition that a live row `l` and a recovered row `r` are the same one."""
        return sql.SQL(" AND ").join(sql.SQL("l.{0} = r.{0}").format(sql.Identifier(name)) for name in self.live.key)

    def differs(self) -> sql.Composable:
        """The condition that their columns differ; as text, since json has no equality."""
        left, right = (
            sql.SQL(", ").join(
                sql.SQL("{}.{}::text").format(sql.SQL(side), sql.Identifier(name)) for name in self.columns
            )
            for side in ("l", "r")
        )
        return sql.SQL("ROW({}) IS DISTINCT FROM ROW({})").format(left, right)


def check_shape(pair: Pair) -> None:
    """Raise RefusedError where recovered rows cannot go into the live table as it is today."""
    where = f"table {pair.live}"
    other = [
        f"{name} is {kind}, recovered {pair.recovered.columns[name]}"
        for name, kind in pair.live.columns.items()
        if name in pair.recovered.columns and pair.recovered.columns[name] != kind
    ]
    gone = [name for name in pair.recovered.columns if name not in pair.live.columns]
    if pair.live.key != pair.recovered.key:
        other.append(f"key is {pair.live.key}, recovered {pair.recovered.key}")
    if other:
        raise RefusedError(
            where,
            f"has changed since: {'; '.join(other)}",
            fix=f"take what is needed out of {pair.recovered} by hand; it stays there",
        )
    if gone and len(gone) == len(pair.recovered.columns):
        raise RefusedError(where, "has no column in common with the recovered rows")


def compare(connection: Connection, pair: Pair) -> Comparison:
    """Count by key; without a key the rows are compared as a whole, and none is `different`."""
    tables = {"live": pair.live.identifier, "recovered": pair.recovered.identifier}
    if not pair.live.key:
        columns = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in pair.columns)
        sides = [
            sql.SQL("(SELECT count(*) FROM (SELECT {} FROM {} EXCEPT ALL SELECT {} FROM {}) AS rest)").format(
                columns, first, columns, second
            )
            for first, second in (
                (tables["recovered"], tables["live"]),
                (tables["live"], tables["recovered"]),
            )
        ]
        row = connection.execute(sql.SQL("SELECT {}, {}").format(*sides)).fetchone() or (0, 0)
        return Comparison(row[0], 0, row[1])
    query = sql.SQL(
        """
        SELECT count(*) FILTER (WHERE l.{key} IS NULL),
            count(*) FILTER (WHERE l.{key} IS NOT NULL AND r.{key} IS NOT NULL AND {differs}),
            count(*) FILTER (WHERE r.{key} IS NULL)
        FROM {recovered} AS r FULL JOIN {live} AS l ON {same}
        """
    ).format(key=sql.Identifier(pair.live.key[0]), differs=pair.differs(), same=pair.same_key(), **tables)
    row = connection.execute(query).fetchone() or (0, 0, 0)
    return Comparison(*row)


def broken_rules(connection: Connection, pair: Pair) -> Sequence[str]:
    """The live table's checks and foreign keys that recovered rows would break, a line each."""
    rows = connection.execute(
        """
        SELECT conname, pg_get_constraintdef(oid), pg_get_expr(conbin, conrelid), confrelid::regclass::text,
            confrelid = conrelid,
            (SELECT array_agg(attname ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS k(number, place)
                JOIN pg_attribute ON attrelid = conrelid AND attnum = number),
            (SELECT array_agg(attname ORDER BY place) FROM unnest(confkey) WITH ORDINALITY AS k(number, place)
                JOIN pg_attribute ON attrelid = confrelid AND attnum = number)
        FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f') ORDER BY conname
        """,
        (f'"{pair.live.schema}"."{pair.live.name}"',),
    ).fetchall()
    found = []
    for name, definition, expression, target, is_own, columns, targets in rows:
        if not set(columns or ()) <= set(pair.columns):
            continue
        if expression is not None:
            query = sql.SQL("SELECT count(*) FROM {} AS r WHERE NOT ({})").format(
                pair.recovered.identifier, sql.SQL(expression)
            )
        else:
            query = _orphans(pair, target, columns, targets, own=is_own)
        row = connection.execute(query).fetchone()
        if row and row[0]:
            found.append(f"{row[0]} recovered rows break {name}: {definition}")
    return found


def _orphans(pair: Pair, target: str, columns: Sequence[str], targets: Sequence[str], *, own: bool) -> sql.Composed:
    """Rows whose foreign key points to nothing; a table that points to itself may point to a recovered row too."""
    same = sql.SQL(" AND ").join(
        sql.SQL("t.{} = r.{}").format(sql.Identifier(there), sql.Identifier(here))
        for here, there in zip(columns, targets, strict=True)
    )
    given = sql.SQL(" AND ").join(sql.SQL("r.{} IS NOT NULL").format(sql.Identifier(here)) for here in columns)
    orphans = sql.SQL("SELECT count(*) FROM {} AS r WHERE {} AND NOT EXISTS (SELECT FROM {} AS t WHERE {})").format(
        pair.recovered.identifier, given, sql.SQL(target), same
    )
    if not own:
        return orphans
    there = sql.SQL("{} AND NOT EXISTS (SELECT FROM {} AS t WHERE {})")
    return there.format(orphans, pair.recovered.identifier, same)
