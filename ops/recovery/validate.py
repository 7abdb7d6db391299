"""Whether a copy holds what it should: tables and rows, valid constraints and indexes, what a person asks of it."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from ops.recovery import moments, schema_check
from ops.recovery.copies import databases, found, live_instance
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.postgres.databases import Connection
from ops.recovery.postgres.table import counts
from ops.recovery.steps import Run

Check = dict[str, Any]


def copy(run: Run) -> dict[str, Any]:
    """Check the run's copy; raises RefusedError with every check that failed, after all of them were made."""
    instance = found(run, run.value("copy"))
    with databases(run).connected(instance) as connection:
        checks = [
            _answers(connection),
            _tables(connection, run.journal.values.get("expected")),
            _constraints(connection),
            _indexes(connection),
            _heartbeat(connection, run),
        ]
        checks.append(_schema(connection, run))
        if query := run.option("check"):
            checks.append(_asked(connection, query))
    for check in checks:
        run.reporter.say(f"  {'holds' if check['holds'] else 'FAILS'}: {check['check']}: {check['found']}")
    run.journal.keep(checks=checks)
    if failed := [check for check in checks if not check["holds"]]:
        raise RefusedError(
            f"copy {instance.name}",
            "; ".join(f"{check['check']}: {check['found']}" for check in failed),
            fix="look at the copy; take an earlier moment or another source (the copy stays until it is removed)",
        )
    return {"checks": checks}


def _check(name: str, holds: bool, said: str) -> Check:
    return {"check": name, "holds": holds, "found": said}


def _answers(connection: Connection) -> Check:
    row = connection.execute("SELECT pg_is_in_recovery(), current_setting('server_version')").fetchone()
    is_primary = row is not None and row[0] is False
    return _check("takes writes", is_primary, f"PostgreSQL {row[1] if row else '?'}, recovery ended: {is_primary}")


def _tables(connection: Connection, expected: Mapping[str, int] | None) -> Check:
    """Rows by table: as many as the export counted, or at least some where nothing was counted."""
    there = counts(connection)
    if expected is None:
        rows = sum(there.values())
        return _check("has data", bool(there) and rows > 0, f"{len(there)} tables, {rows} rows")
    wrong = [
        f"{name} {there.get(name)} of {rows}" for name, rows in sorted(expected.items()) if there.get(name) != rows
    ]
    said = ", ".join(wrong) or f"{len(expected)} tables, {sum(expected.values())} rows, as the export counted"
    return _check("rows of every table", not wrong, said)


def _constraints(connection: Connection) -> Check:
    rows = connection.execute(
        "SELECT conrelid::regclass::text || ': ' || conname FROM pg_constraint WHERE NOT convalidated ORDER BY 1"
    ).fetchall()
    return _check("constraints are validated", not rows, ", ".join(row[0] for row in rows) or "all")


def _indexes(connection: Connection) -> Check:
    rows = connection.execute(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT (indisvalid AND indisready) ORDER BY 1"
    ).fetchall()
    return _check("indexes are valid", not rows, ", ".join(row[0] for row in rows) or "all")


def _heartbeat(connection: Connection, run: Run) -> Check:
    """The newest beat of the schema's heart is not after the moment; where there is no heart, nothing is said."""
    there = connection.execute("SELECT to_regclass('operations.heartbeat') IS NOT NULL").fetchone()
    until = run.journal.values.get("good_until")
    if there != (True,) or until is None or run.value("source") != "logs":
        return _check("newest commit", True, "no heartbeat to tell")
    row = connection.execute("SELECT beat_at FROM operations.heartbeat").fetchone()
    if row is None:
        return _check("newest commit", False, "the heartbeat has no row")
    return _check("newest commit", row[0] <= moments.from_rfc3339(until), f"heartbeat of {moments.both(row[0])}")


def _schema(connection: Connection, run: Run) -> Check:
    """The schema as the files say, or as the live database has it; told alone where an older moment was wanted."""
    live = run.google.sql.get(run.value("live"))
    try:
        with databases(run).connected(live) if live else nullcontext() as other:
            holds, said = schema_check.compared(connection, other, run.declared.plan)
    except RecoveryError:
        # The live database is what was lost.
        holds, said = schema_check.compared(connection, None, run.declared.plan)
    return _check("schema", holds or not run.option("kind"), said)


def _asked(connection: Connection, query: str) -> Check:
    """A query of the person's own, which must answer true."""
    row = connection.execute(query.encode()).fetchone()
    return _check(query, row is not None and row[0] is True, str(row[0] if row else None))


def last_good(run: Run, query: str) -> str:
    """The moment that a query on the live database answers, as RFC 3339; raises RecoveryError for another answer."""
    with databases(run).connected(found(run, live_instance(run))) as connection:
        connection.execute("SET default_transaction_read_only = on")
        row = connection.execute(query.encode()).fetchone()
    if row is None or not hasattr(row[0], "astimezone") or row[0].tzinfo is None:
        raise RecoveryError(
            "--last-good", f"answered {row[0] if row else 'no row'}", allowed="one timestamptz", fix="correct the query"
        )
    return moments.rfc3339(row[0])
