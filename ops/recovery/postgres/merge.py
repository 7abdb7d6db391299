"""Recovered rows into the live table by a rule, in one transaction; live rows that it overwrites are kept beside."""

from collections.abc import Mapping
from enum import StrEnum

from psycopg import sql

from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.postgres.compare import Pair
from ops.recovery.postgres.databases import Connection

_LOCK_SECONDS = 30


class Rule(StrEnum):
    """What becomes of live rows."""

    MISSING = "missing"
    CHANGED = "changed"
    REPLACE = "replace"


MEANING: Mapping[Rule, str] = {
    Rule.MISSING: "rows that the live table has lost come back; nothing that it has is touched",
    Rule.CHANGED: "as missing, and rows that differ become as they were; rows that are new stay",
    Rule.REPLACE: "the table becomes exactly as it was; rows that are new go",
}


def kept_table(pair: Pair) -> sql.Identifier:
    """Where the live rows that a merge overwrites or deletes are kept."""
    return sql.Identifier(pair.recovered.schema, f"{pair.recovered.name}_before")


def _mark(pair: Pair) -> sql.Identifier:
    return sql.Identifier(pair.recovered.schema, "merged")


def check_rule(pair: Pair, rule: Rule) -> None:
    """Raise RefusedError for a rule that needs a primary key where there is none."""
    if not pair.live.key and rule is not Rule.REPLACE:
        raise RefusedError(
            f"table {pair.live}",
            f"has no primary key, by which {rule} would tell rows apart",
            allowed=str(Rule.REPLACE),
            fix=f"choose it, or take rows out of {pair.recovered} by hand",
        )


def merge(connection: Connection, pair: Pair, rule: Rule, changed_column: str = "", since: str = "") -> dict[str, int]:
    """Merge once; returns how many rows were inserted, updated and deleted, of the merge before when there was one.

    With a `changed_column` only rows are set back whose live value of it is at or after `since`. Writers wait, readers
    do not. Raises RecoveryError when the lock is not had in time; nothing is done then.
    """
    check_rule(pair, rule)
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
        connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(pair.live.identifier))
        if before := _merged(connection, pair):
            return before
        _keep(connection, pair, rule, _since(pair, changed_column, since))
        done = {
            "deleted": _delete(connection, pair, rule),
            "updated": _update(connection, pair, rule, _since(pair, changed_column, since)),
            "inserted": _insert(connection, pair),
        }
        _raise_sequences(connection, pair)
        connection.execute(
            sql.SQL(
                "CREATE TABLE {} AS SELECT %s::text AS rule, %s::int AS inserted, %s::int AS updated, "
                "%s::int AS deleted, now() AS merged_at"
            ).format(_mark(pair)),
            (str(rule), done["inserted"], done["updated"], done["deleted"]),
        )
    return done


def _merged(connection: Connection, pair: Pair) -> dict[str, int] | None:
    """What the merge of this run did, when it was committed and its answer lost."""
    there = connection.execute("SELECT to_regclass(%s)", (f'"{pair.recovered.schema}"."merged"',)).fetchone()
    if there is None or there[0] is None:
        return None
    row = connection.execute(sql.SQL("SELECT inserted, updated, deleted FROM {}").format(_mark(pair))).fetchone()
    if row is None:
        raise RecoveryError(f"table {pair.live}", "was merged, and nothing tells how", fix="look at its schema")
    return {"inserted": row[0], "updated": row[1], "deleted": row[2]}


def _since(pair: Pair, column: str, since: str) -> sql.Composable:
    if not column:
        return sql.SQL("true")
    if column not in pair.live.columns:
        raise RefusedError(f"table {pair.live}", f"has no column {column}", allowed=", ".join(pair.live.columns))
    return sql.SQL("l.{} >= {}").format(sql.Identifier(column), sql.Literal(since))


def _keep(connection: Connection, pair: Pair, rule: Rule, since: sql.Composable) -> None:
    tables = {"live": pair.live.identifier, "recovered": pair.recovered.identifier}
    if rule is Rule.MISSING:
        chosen: sql.Composable = sql.SQL("SELECT l.* FROM {live} AS l WHERE false").format(**tables)
    elif not pair.live.key:
        chosen = sql.SQL("SELECT l.* FROM {live} AS l").format(**tables)
    else:
        changed = sql.SQL("EXISTS (SELECT FROM {recovered} AS r WHERE {same} AND {differs} AND {since})").format(
            same=pair.same_key(), differs=pair.differs(), since=since, **tables
        )
        gone = sql.SQL("NOT EXISTS (SELECT FROM {recovered} AS r WHERE {same})").format(same=pair.same_key(), **tables)
        condition = sql.SQL("{} OR {}").format(changed, gone) if rule is Rule.REPLACE else changed
        chosen = sql.SQL("SELECT l.* FROM {live} AS l WHERE {condition}").format(condition=condition, **tables)
    connection.execute(sql.SQL("CREATE TABLE {} AS {}").format(kept_table(pair), chosen))


def _delete(connection: Connection, pair: Pair, rule: Rule) -> int:
    if rule is not Rule.REPLACE:
        return 0
    condition: sql.Composable = sql.SQL("true")
    if pair.live.key:
        condition = sql.SQL("NOT EXISTS (SELECT FROM {} AS r WHERE {})").format(
            pair.recovered.identifier, pair.same_key()
        )
    return connection.execute(sql.SQL("DELETE FROM {} AS l WHERE {}").format(pair.live.identifier, condition)).rowcount


def _update(connection: Connection, pair: Pair, rule: Rule, since: sql.Composable) -> int:
    rest = [name for name in pair.columns if name not in pair.live.key]
    if rule is Rule.MISSING or not pair.live.key or not rest:
        return 0
    statement = sql.SQL("UPDATE {live} AS l SET {sets} FROM {recovered} AS r WHERE {same} AND {differs} AND {since}")
    sets = sql.SQL(", ").join(sql.SQL("{0} = r.{0}").format(sql.Identifier(name)) for name in rest)
    return connection.execute(
        statement.format(
            live=pair.live.identifier,
            sets=sets,
            recovered=pair.recovered.identifier,
            same=pair.same_key(),
            differs=pair.differs(),
            since=since,
        )
    ).rowcount


def _insert(connection: Connection, pair: Pair) -> int:
    columns = sql.SQL(", ").join(map(sql.Identifier, pair.columns))
    condition: sql.Composable = sql.SQL("true")
    if pair.live.key:
        condition = sql.SQL("NOT EXISTS (SELECT FROM {} AS l WHERE {})").format(pair.live.identifier, pair.same_key())
    statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} AS r WHERE {}")
    return connection.execute(
        statement.format(pair.live.identifier, columns, columns, pair.recovered.identifier, condition)
    ).rowcount


def _raise_sequences(connection: Connection, pair: Pair) -> None:
    """Let no sequence of the table give a number that has come back."""
    for column in pair.live.columns:
        row = connection.execute(
            "SELECT pg_get_serial_sequence(%s, %s)", (f'"{pair.live.schema}"."{pair.live.name}"', column)
        ).fetchone()
        if row is None or row[0] is None:
            continue
        # Never lower: numbers that were given and rolled back are gone too.
        statement = sql.SQL(
            "SELECT setval({name}, greatest((SELECT last_value FROM {sequence}), (SELECT max({column}) FROM {table})))"
        )
        connection.execute(
            statement.format(
                name=sql.Literal(row[0]),
                sequence=sql.SQL(row[0]),
                column=sql.Identifier(column),
                table=pair.live.identifier,
            )
        )
