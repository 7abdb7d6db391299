"""Every query of the alerts' runbooks on a server with the platform's schema, as who is to run it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.workspace import Workspace
from schema.postgres.roles import become_owner
from tests.integration.schema.databases import CONFIGURATION, Database
from tests.runbooks.collect import block, blocks

_MONITOR = "monitor"
"""The role of the exporters' user, as which whoever is on call asks."""

_PRIMARYS_OWN = "pg_current_wal_lsn"
"""What a server that follows does not answer."""


@pytest.fixture(scope="module")
def replica(applied: Database, module_workspace: Workspace, postgres_programs: Installed) -> Database:
    """A standby that follows it."""
    server = PostgresServer(module_workspace, postgres_programs, "replica", CONFIGURATION)
    server.create_from(applied.server)
    server.start()
    return Database(server)


def _read(database: Database, query: str) -> list[dict[str, Any]]:
    """What a query that only reads answers, row by row."""
    return _answered(database, query)[1]


def _answered(database: Database, query: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The names of the columns that a query answers with, and its rows; the server is told to let nobody write."""
    with database.connect(_MONITOR) as connection, connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        rows = cursor.execute(query.encode()).fetchall()
        return [column.name for column in cursor.description or ()], rows


def test_whoever_asks_sees_what_others_do(applied: Database) -> None:
    with applied.connect(_MONITOR) as connection:
        assert connection.execute("SELECT pg_has_role('pg_monitor', 'USAGE')").fetchone() == (True,)


@pytest.mark.parametrize("query", blocks("sql"))
def test_a_query_runs_as_who_sees_no_row(applied: Database, query: str) -> None:
    columns, rows = _answered(applied, query)
    # A person reads a table whose every column has a name of its own.
    assert columns
    assert "?column?" not in columns
    assert len(set(columns)) == len(columns)
    assert all(list(row) == columns for row in rows)


@pytest.mark.parametrize("query", [each for each in blocks("sql") if _PRIMARYS_OWN not in str(each)])
def test_it_runs_on_a_replica_too(applied: Database, replica: Database, query: str) -> None:
    assert _answered(replica, query)[0] == _answered(applied, query)[0]


def test_who_follows_and_what_is_kept_for_whom_is_found(applied: Database, replica: Database) -> None:
    followers, slots = block("postgres-replica-lag-bytes", "sql"), block("postgres-replication-stopped", "sql")
    replica.server.workspace.wait_for("a replica that follows", lambda: bool(_read(applied, followers)), 30)
    (row,) = _read(applied, followers)
    assert (row["application_name"], row["state"]) == ("replica", "streaming")
    (row,) = _read(applied, slots)
    assert (row["slot_name"], row["active"]) == ("replica", True)


def test_who_waits_and_who_holds_is_found(applied: Database) -> None:
    query = block("postgres-deadlocks", "sql")
    with applied.connect() as holder, applied.connect() as waiting, ThreadPoolExecutor(1) as pool:
        expected = (waiting.info.backend_pid, holder.info.backend_pid, "idle in transaction")
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE public.hotels IN ACCESS EXCLUSIVE MODE")
        asked = pool.submit(waiting.execute, "SELECT FROM public.hotels")
        try:
            applied.server.workspace.wait_for("a session that waits", lambda: bool(_read(applied, query)), 30)
            found = [(row["pid"], row["held_by"], row["state"]) for row in _read(applied, query)]
        finally:
            holder.execute("ROLLBACK")
        asked.result(30)
    assert found == [expected]
    assert _read(applied, query) == []


def test_a_transaction_that_keeps_dead_rows_is_found(applied: Database) -> None:
    query = block("postgres-old-transaction", "sql")
    with applied.connect("write") as forgotten:
        session = forgotten.info.backend_pid
        forgotten.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        forgotten.execute("SELECT FROM hotels")
        found = {row["pid"]: row["state"] for row in _read(applied, query)}
        forgotten.execute("ROLLBACK")
        assert found[session] == "idle in transaction"
        assert session not in {row["pid"] for row in _read(applied, query)}


@pytest.mark.parametrize("statement", blocks("sql owner"))
def test_upkeep_runs_as_the_owner(applied: Database, statement: str) -> None:
    with applied.connect("owner") as connection:
        become_owner(connection)
        done = connection.execute(statement.encode()).statusmessage
    assert done is not None
    assert done.split()[0] == statement.split(maxsplit=1)[0]


@pytest.mark.parametrize("statement", blocks("sql administrator"))
def test_what_ends_sessions_runs_as_an_administrator_and_ends_none_that_is_well(
    applied: Database, statement: str
) -> None:
    with applied.connect("write") as other, applied.connect() as connection:
        other.execute("BEGIN")
        other.execute("SELECT FROM hotels")
        assert connection.execute(statement.encode()).fetchall() == []
        assert other.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT pid, waits FROM pg_stat_activity", psycopg.errors.UndefinedColumn),
        ("SELECT FROM extensions.pg_stat_statement", psycopg.errors.UndefinedTable),
        ("SELECT display_name FROM public.users", psycopg.errors.InsufficientPrivilege),
        ("CREATE TABLE public.mine ()", psycopg.errors.ReadOnlySqlTransaction),
        (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
            psycopg.errors.InsufficientPrivilege,
        ),
    ],
)
def test_a_query_that_is_wrong_fails(applied: Database, query: str, error: type[psycopg.Error]) -> None:
    with pytest.raises(error):
        _read(applied, query)
