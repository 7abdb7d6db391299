"""What somebody changed in the database by hand: put back where a file states it, told where none does."""

import json

import psycopg
import pytest

from schema.kit import Action
from schema.postgres.roles import become_owner
from tests.integration.schema.databases import Database, book, user

PUT_BACK = {
    "GRANT SELECT ON public.users TO triptrip_report": (
        "rights of triptrip_report on table public.users is in no file",
        "has_table_privilege('triptrip_report', 'public.users', 'SELECT')",
    ),
    "GRANT SELECT (phone) ON public.users TO PUBLIC": (
        "rights of everybody on column phone of table public.users is in no file",
        "has_column_privilege('triptrip_report', 'public.users', 'phone', 'SELECT')",
    ),
    "REVOKE SELECT ON public.hotels FROM triptrip_read": (
        "rights of triptrip_read on table public.hotels is gone",
        "NOT has_table_privilege('triptrip_read', 'public.hotels', 'SELECT')",
    ),
    "GRANT EXECUTE ON FUNCTION operations.beat() TO PUBLIC": (
        "rights of everybody on routine operations.beat() is in no file",
        "has_function_privilege('triptrip_report', 'operations.beat()', 'EXECUTE')",
    ),
    "GRANT USAGE ON SCHEMA operations TO PUBLIC": (
        "rights of everybody on schema operations is in no file",
        "EXISTS (SELECT FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'operations' AND grantee = 0)",
    ),
    "DROP PROCEDURE operations.maintain()": (
        "routine operations.maintain() is gone",
        "to_regproc('operations.maintain') IS NULL",
    ),
    "CREATE OR REPLACE FUNCTION operations.replay_delay() RETURNS interval LANGUAGE sql AS 'SELECT interval ''0 s'''": (
        "routine operations.replay_delay() was ",
        "pg_get_functiondef('operations.replay_delay'::regproc) LIKE '%0 s%'",
    ),
}
"""A statement, what is told of it, and a condition that holds until it is put back."""

TOLD = {
    "DROP TABLE public.user_emails": "table public.user_emails is gone",
    "DROP MATERIALIZED VIEW public.hotel_listing": "materialized view public.hotel_listing is gone",
    "DROP INDEX public.users_country_idx": "index users_country_idx of table public.users is gone",
    "CREATE INDEX by_hand ON public.hotels (stars)": "index by_hand of table public.hotels is in no file",
    "CREATE TABLE public.by_hand (id integer PRIMARY KEY)": "table public.by_hand is in no file",
    "ALTER TABLE public.users ADD COLUMN by_hand text": "column by_hand of table public.users is in no file",
    "ALTER TABLE public.order_items ALTER line TYPE bigint": (
        "column line of table public.order_items was integer not null, is bigint not null"
    ),
    "ALTER TABLE public.users ALTER locale SET DEFAULT 'en'": "column locale of table public.users was ",
    "ALTER TABLE public.orders DROP CONSTRAINT orders_status_check": (
        "constraint orders_status_check of table public.orders is gone"
    ),
    "ALTER TABLE public.orders DISABLE TRIGGER orders_touch": "trigger orders_touch of table public.orders was ",
    "ALTER TABLE public.hotels SET (autovacuum_enabled = off)": "table public.hotels was ",
    "ALTER TABLE public.users OWNER TO postgres": "table public.users was owner triptrip_owner, is owner postgres",
    "CREATE OR REPLACE FUNCTION operations.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'": (
        "routine operations.touch() was "
    ),
    "UPDATE partman.part_config SET premake = 1 WHERE parent_table = 'public.bookings'": (
        "upkeep of table public.bookings was "
    ),
    "UPDATE operations.refreshes SET every = '1 hour' WHERE view_name = 'public.hotel_listing'": (
        "refresh of materialized view public.hotel_listing was 00:05:00, is 01:00:00"
    ),
    "ALTER DEFAULT PRIVILEGES FOR ROLE triptrip_owner GRANT SELECT ON TABLES TO PUBLIC": (
        "default rights of triptrip_owner for kind r is in no file"
    ),
}
"""A statement and what is told of it, and left, as nobody can know whether rows depend on it."""


def told(connection: psycopg.Connection, database: Database) -> tuple[list[str], list[str]]:
    """The steps and the findings as the schema step sees them in a transaction that is not ended."""
    become_owner(connection)
    store = database.store(connection)
    steps = [f"{step.what}  {step.detail}" for step in store.steps()]
    return steps, [line for line in store.findings() if "pgaudit" not in line]


def test_nothing_is_told_of_what_the_files_made_nor_of_what_the_upkeep_does(applied: Database) -> None:
    with applied.connect() as connection:
        book(connection)
    assert applied.run("maintain").returncode == 0
    with applied.opened() as store:
        assert store.steps() == ()
        assert [line for line in store.findings() if "pgaudit" not in line] == []


@pytest.mark.parametrize("statement", PUT_BACK)
def test_what_a_file_states_is_put_back(applied: Database, statement: str) -> None:
    line, condition = PUT_BACK[statement]
    query = f"SELECT {condition}".encode()
    with applied.undone() as connection:
        connection.execute(statement.encode())
        assert connection.execute(query).fetchone() == (True,)
        become_owner(connection)
        store = applied.store(connection)
        [step] = store.steps()
        assert step.action is Action.RERUN
        assert step.detail.startswith(f"by hand: {line}")
        step.run()
        assert connection.execute(query).fetchone() == (False,)
        assert store.steps() == ()
        assert [each for each in store.findings() if "pgaudit" not in each] == []


@pytest.mark.parametrize("statement", TOLD)
def test_what_no_file_states_is_told_and_left(applied: Database, statement: str) -> None:
    with applied.undone() as connection:
        connection.execute(statement.encode())
        steps, findings = told(connection, applied)
    assert steps == []
    assert [line.startswith(TOLD[statement]) for line in findings] == [True], findings
    assert findings[0].endswith("put it back by hand; what shall stay is a new migration's to make")


def test_what_is_told_is_told_until_it_is_put_back_whatever_runs_between(applied: Database) -> None:
    with applied.connect() as connection:
        connection.execute("SET ROLE triptrip_owner")
        connection.execute("CREATE INDEX by_hand ON public.hotels (stars)")
        connection.execute("GRANT SELECT ON public.users TO triptrip_report")
        made = applied.run("apply")
        assert "run again  repeatable grants.sql" in made.stdout
        assert "index by_hand of table public.hotels is in no file" in made.stderr
        assert "index by_hand of table public.hotels is in no file" in applied.run("verify").stderr
        connection.execute("DROP INDEX public.by_hand")
    applied.apply()


def test_another_version_of_the_server_writes_its_own_words_first(applied: Database) -> None:
    with applied.connect() as connection:
        connection.execute("UPDATE schema_ledger.objects SET server = 15, definition = definition || ' of 15'")
    plan = json.loads(applied.run("plan", "--format", "json").stdout)
    assert [(step["what"], step["detail"]) for step in plan] == [
        ("record of what the files left", "in the words of version 16 instead of 15")
    ]
    applied.apply()
    assert json.loads(applied.run("plan", "--format", "json").stdout) == []


def test_rows_that_have_no_partition_are_told(applied: Database) -> None:
    with applied.undone() as connection:
        connection.execute("INSERT INTO users (display_name) VALUES ('a')")
        connection.execute(
            "INSERT INTO user_activities (user_id, activity, occurred_at)"
            " SELECT id, 'early', now() + interval '3 years' FROM users LIMIT 1"
        )
        steps, findings = told(connection, applied)
    assert steps == []
    assert [line.partition(":")[0] for line in findings] == ["user_activities has rows in user_activities_default"]


def test_the_settings_of_the_database_are_told_when_they_are_gone(applied: Database) -> None:
    with applied.undone() as connection:
        connection.execute("ALTER DATABASE triptrip RESET effective_io_concurrency")
        assert told(connection, applied)[1] == [
            "the database has no effective_io_concurrency of 200: run the bootstrap again"
        ]


def test_somebody_in_a_group_whom_the_stack_does_not_know_is_told(applied: Database) -> None:
    with applied.undone() as connection:
        connection.execute("CREATE ROLE mallory LOGIN")
        connection.execute("CREATE ROLE cloudsqlsuperuser")
        connection.execute(f'GRANT triptrip_write TO mallory; GRANT cloudsqlsuperuser TO "{user("owner")}"'.encode())
        steps, findings = told(connection, applied)
    assert steps == []
    assert [line.partition(" was ")[0] for line in findings] == [
        "membership of mallory in triptrip_write",
        f"membership of {user('owner')} in cloudsqlsuperuser",
    ]
