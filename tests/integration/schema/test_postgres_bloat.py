"""Dead and empty space, as the functions of the schema estimate it, against pgstattuple, which reads every page."""

from collections.abc import Mapping
from typing import LiteralString

import psycopg
import pytest

from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.workspace import Workspace
from schema.postgres.roles import become_owner
from tests.integration.schema.databases import CONFIGURATION, Database

MEASURED = ("wide", "narrow", "compact", "months_1", "months_2")

TABLES = """
CREATE TABLE wide (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n bigint GENERATED ALWAYS AS IDENTITY, is_open boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(), name text NOT NULL, price numeric(12, 2), day date, story text,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX wide_n ON wide (n);
CREATE INDEX wide_name ON wide (lower(name));
CREATE INDEX wide_day ON wide (day);
CREATE INDEX wide_details ON wide USING gin (details);
INSERT INTO wide (is_open, name, price, day, story)
SELECT i % 2 = 0, 'name ' || i || repeat('x', i % 40), nullif(i % 3, 0) * 1.5, date '2026-01-01' + i % 300,
    CASE WHEN i % 10 = 0 THEN repeat(md5(i::text), 100) END
FROM generate_series(1, 260000) AS i;
CREATE TABLE narrow (id integer, n bigint);
INSERT INTO narrow SELECT i, i FROM generate_series(1, 450000) AS i;
CREATE INDEX narrow_n ON narrow (n);
CREATE TABLE compact (id bigint, name text) WITH (fillfactor = 70);
INSERT INTO compact SELECT i, md5(i::text) FROM generate_series(1, 150000) AS i;
CREATE TABLE months (at timestamptz NOT NULL, id bigint, name text) PARTITION BY RANGE (at);
CREATE TABLE months_1 PARTITION OF months FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE months_2 PARTITION OF months FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO months
SELECT timestamptz '2026-01-01' + i * interval '20 s', i, md5(i::text) FROM generate_series(1, 250000) AS i;
CREATE INDEX months_id ON months (id);
CREATE TABLE repeated (n bigint);
INSERT INTO repeated SELECT i % 1000 FROM generate_series(1, 1400000) AS i;
CREATE INDEX repeated_n ON repeated (n);
CREATE TABLE empty (id integer, name text);
CREATE TABLE columnless ();
INSERT INTO columnless SELECT FROM generate_series(1, 400000);
CREATE TABLE small (id integer);
INSERT INTO small SELECT generate_series(1, 1000);
"""
DELETE = """
DELETE FROM wide WHERE n % 5 < 3;
DELETE FROM narrow WHERE n % 5 < 3;
UPDATE compact SET name = reverse(name) WHERE id % 5 < 3;
DELETE FROM months WHERE id % 5 < 3 AND at < '2026-02-01';
"""


@pytest.fixture(scope="module")
def filled(module_workspace: Workspace, postgres_programs: Installed) -> Database:
    """The tables as the owner's, never touched by autovacuum."""
    server = PostgresServer(module_workspace, postgres_programs, "postgres", {**CONFIGURATION, "autovacuum": "off"})
    server.start()
    made = Database(server)
    made.prepare()
    made.apply()
    with made.connect() as connection:
        connection.execute("CREATE EXTENSION pgstattuple SCHEMA extensions")
    with made.connect("owner") as connection:
        become_owner(connection)
        connection.execute(TABLES.encode())
        connection.execute("ANALYZE")
    return made


_ESTIMATES: Mapping[str, LiteralString] = {
    "table": "SELECT relname, ratio FROM operations.table_bloat()",
    "index": "SELECT indexrelname, ratio FROM operations.index_bloat()",
}


def estimated(connection: psycopg.Connection, kind: str) -> dict[str, float]:
    return dict(connection.execute(_ESTIMATES[kind]).fetchall())


def dead_share(connection: psycopg.Connection, table: str) -> float:
    """What pgstattuple finds, without the space that a fill factor keeps free in any case."""
    query = """
        SELECT (tuple_len + tuple_count * 4)::float8 / (table_len * coalesce(
            (
                SELECT option_value::float8 / 100 FROM pg_class, pg_options_to_table(reloptions)
                WHERE oid = %(table)s::regclass
            ), 1
        )) FROM extensions.pgstattuple(%(table)s::regclass)
    """
    [(live,)] = connection.execute(query, {"table": table}).fetchall()
    return max(0.0, 1 - float(live))


def loose_share(connection: psycopg.Connection, index: str) -> float:
    """How far the leaf pages of an index are from the nine tenths that PostgreSQL fills them to."""
    [(density,)] = connection.execute("SELECT avg_leaf_density FROM extensions.pgstatindex(%s::regclass)", (index,))
    return max(0.0, 1 - float(density) / 90)


def compare_indexes(connection: psycopg.Connection) -> None:
    loose = estimated(connection, "index")
    assert {"wide_pkey", "wide_name", "narrow_n", "repeated_n"} <= loose.keys()
    for name, share in loose.items():
        assert share == pytest.approx(loose_share(connection, name), abs=0.12), name


def test_an_estimate_is_what_pgstattuple_finds_through_a_tables_life(filled: Database) -> None:
    with filled.connect() as connection:
        fresh = estimated(connection, "table")
        assert {name: fresh[name] for name in MEASURED} == pytest.approx(dict.fromkeys(MEASURED, 0), abs=0.05)
        compare_indexes(connection)
        assert estimated(connection, "index")["narrow_n"] == pytest.approx(0, abs=0.05)
        connection.execute(DELETE.encode())
        connection.execute("ANALYZE")
        bloated = estimated(connection, "table")
        for name in MEASURED:
            assert bloated[name] == pytest.approx(dead_share(connection, name), abs=0.1), name
        assert bloated["wide"] == pytest.approx(0.6, abs=0.1)
        assert bloated["months_2"] == pytest.approx(0, abs=0.05)
        assert "months" not in bloated
        connection.execute("VACUUM")
        compare_indexes(connection)
        assert estimated(connection, "index")["narrow_n"] == pytest.approx(0.6, abs=0.1)
        connection.execute("DELETE FROM narrow")
        connection.execute("ANALYZE narrow")
        assert estimated(connection, "table")["narrow"] == 1
        assert estimated(connection, "index")["narrow_n"] == pytest.approx(1, abs=0.01)
        connection.execute("VACUUM FULL")
        connection.execute("ANALYZE")
        assert max(estimated(connection, "table").values()) == pytest.approx(0, abs=0.05)
        assert max(estimated(connection, "index").values(), default=0) == pytest.approx(0, abs=0.1)


def test_what_is_empty_small_or_without_statistics_is_left_out(filled: Database) -> None:
    with filled.connect() as connection:
        names = estimated(connection, "table").keys() | estimated(connection, "index").keys()
    assert not names & {"empty", "small", "columnless", "months", "wide_details"}


def test_the_monitoring_role_may_ask_and_read_nothing(filled: Database) -> None:
    with filled.connect("monitor") as connection:
        assert estimated(connection, "table")
        for table in ("wide", "hotels", "users"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT FROM {table}".encode())
        assert connection.execute("SELECT FROM pg_stats WHERE schemaname = 'public'").fetchone() is None
