"""The query that counts every table for an export, run as Cloud SQL runs it, and a restore that is checked by it."""

import csv
import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql

from infra.catalog.workflow_rows import row_counts
from sandbox.servers.postgres import PostgresServer
from tests.integration.schema.databases import NAME, Database, book

COPY = f"COPY ({row_counts()}) TO STDOUT (FORMAT csv)"
"""An export of fileType CSV is a COPY of its selectQuery."""

ODD = """
CREATE SCHEMA empty;
CREATE SCHEMA "Mixed Case";
CREATE SCHEMA pgx;
CREATE TABLE public.nothing (id int);
CREATE TABLE public.some AS SELECT generate_series(1, 7) AS id;
CREATE TABLE "Mixed Case"."a ""quoted"", 100 %I <name>" AS SELECT generate_series(1, 3) AS id;
CREATE TABLE pgx.near_a_reserved_name AS SELECT generate_series(1, 2) AS id;
CREATE TABLE public."表" AS SELECT 1 AS id;
CREATE UNLOGGED TABLE public.unlogged AS SELECT 1 AS id;
CREATE TABLE public.parent AS SELECT generate_series(1, 4) AS id;
CREATE TABLE public.child () INHERITS (public.parent);
INSERT INTO public.child VALUES (1), (2);
CREATE TABLE public.parts (id int) PARTITION BY RANGE (id);
CREATE TABLE public.parts_low PARTITION OF public.parts FOR VALUES FROM (0) TO (100);
CREATE TABLE public.parts_high PARTITION OF public.parts FOR VALUES FROM (100) TO (200) PARTITION BY LIST (id);
CREATE TABLE public.parts_highest PARTITION OF public.parts_high DEFAULT;
INSERT INTO public.parts SELECT generate_series(90, 119);
CREATE VIEW public.seen AS SELECT id FROM public.some;
CREATE MATERIALIZED VIEW public.kept AS SELECT id FROM public.some;
CREATE TEMP TABLE passing AS SELECT 1 AS id;
CREATE TABLE public.of_an_extension AS SELECT 1 AS id;
ALTER EXTENSION plpgsql ADD TABLE public.of_an_extension;
"""
ODD_COUNTS = {
    ("Mixed Case", 'a "quoted", 100 %I <name>'): 3,
    ("pgx", "near_a_reserved_name"): 2,
    ("public", "child"): 2,
    ("public", "nothing"): 0,
    ("public", "parent"): 4,
    ("public", "parts_highest"): 20,
    ("public", "parts_low"): 10,
    ("public", "some"): 7,
    ("public", "unlogged"): 1,
    ("public", "表"): 1,
}


def counts(connection: psycopg.Connection) -> dict[tuple[str, str], int]:
    """What the export's file says, in the file's order."""
    with connection.cursor() as cursor, cursor.copy(COPY.encode()) as copied:
        text = b"".join(bytes(part) for part in copied).decode()
    return {(schema, table): int(count) for schema, table, count in csv.reader(text.splitlines())}


def counted_one_by_one(
    connection: psycopg.Connection, tables: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    found = {}
    for schema, table in tables:
        words = sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(schema, table))
        row = connection.execute(words).fetchone()
        assert row is not None
        found[schema, table] = int(row[0])
    return found


@pytest.fixture
def server(postgres: PostgresServer) -> PostgresServer:
    postgres.start()
    return postgres


def test_every_table_whatever_its_name_or_kind(server: PostgresServer) -> None:
    with server.connect() as connection:
        connection.execute(ODD.encode())
        found = counts(connection)
        assert found == ODD_COUNTS
        assert list(found) == list(ODD_COUNTS)
        assert counted_one_by_one(connection, found) == found


def test_partitions_and_children_add_up_to_what_their_parents_show(server: PostgresServer) -> None:
    with server.connect() as connection:
        connection.execute(ODD.encode())
        found = counts(connection)
        shown = connection.execute("SELECT (SELECT count(*) FROM parts), (SELECT count(*) FROM parent)").fetchone()
    assert shown == (
        found["public", "parts_low"] + found["public", "parts_highest"],
        found["public", "parent"] + found["public", "child"],
    )


def test_an_empty_database(server: PostgresServer) -> None:
    with server.connect() as connection:
        assert counts(connection) == {}


def test_all_counts_are_of_one_moment(server: PostgresServer) -> None:
    with server.connect() as reader, server.connect() as writer, server.connect() as holder:
        writer.execute("CREATE TABLE one (id int); CREATE TABLE three (id int); CREATE TABLE two (id int)")
        holder.execute("BEGIN; LOCK TABLE three")
        with ThreadPoolExecutor(1) as beside:
            counting = beside.submit(counts, reader)
            server.workspace.wait_for("the count waits for a lock", lambda: _is_waiting(writer), 30, server.log)
            writer.execute("INSERT INTO one VALUES (1); INSERT INTO two VALUES (1)")
            holder.execute("COMMIT")
            found = counting.result(60)
        assert found == {("public", name): 0 for name in ("one", "three", "two")}
        assert counts(reader)["public", "two"] == 1


def _is_waiting(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (1,)


def test_a_restore_of_the_platforms_schema_is_checked_by_its_counts(applied: Database) -> None:
    with applied.connect() as connection:
        book(connection, 25)
        expected = counts(connection)
        assert expected == counted_one_by_one(connection, expected)
        assert sum(expected.values()) > 25
        assert not [name for name in expected if name[0].startswith("pg_") or name[0] == "information_schema"]
    restored = restore(applied.server, "restored")
    with restored as connection:
        assert counts(connection) == expected
        connection.execute("DELETE FROM bookings WHERE id = (SELECT min(id::text)::uuid FROM bookings)")
        changed = counts(connection)
    differing = {name for name in expected if changed[name] != expected[name]}
    assert [table.startswith("bookings") for _, table in differing] == [True]


def restore(server: PostgresServer, name: str) -> psycopg.Connection:
    """The platform's database dumped and loaded into a new one, as an export and an import do."""
    programs, environment = server.programs, {**os.environ, **server.environment(NAME)}
    with server.connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    dump = subprocess.run(programs.command("pg_dump"), env=environment, capture_output=True, check=True)  # noqa: S603 # ours
    words = (*programs.command("psql"), "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1")
    subprocess.run(  # noqa: S603 # ours
        words, env={**environment, "PGDATABASE": name}, input=dump.stdout, capture_output=True, check=True
    )
    return server.connect(name)
