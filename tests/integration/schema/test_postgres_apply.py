"""Applying PostgreSQL's schema by the command: from nothing, again, side by side, and interrupted anywhere."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.workspace import Workspace
from schema.kit import SchemaError
from schema.postgres.roles import become_owner
from schema.postgres.store import FOLDER
from tests.integration.schema.databases import CONFIGURATION, NAME, USERS, Database, book, copied, user

FILES = [path.stem for kind in ("migrations", "repeatable") for path in sorted((FOLDER / kind).glob("*.sql"))]
CONCURRENT = "0009_users_by_country"

HOLD = """
CREATE FUNCTION public.hold() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
BEGIN
    IF to_regclass('schema_ledger.files') IS NOT NULL THEN
        PERFORM pg_sleep(60) FROM schema_ledger.files
        WHERE name = current_setting('test.hold') AND finished_at IS NULL;
    END IF;
END
$body$;
CREATE EVENT TRIGGER hold ON ddl_command_end EXECUTE FUNCTION public.hold();
"""
RELEASE = "DROP EVENT TRIGGER hold; DROP FUNCTION public.hold()"


@pytest.fixture(scope="module")
def expected(module_workspace: Workspace, postgres_programs: Installed) -> str:
    """The definition of a database that was never interrupted."""
    server = PostgresServer(module_workspace, postgres_programs, "expected", CONFIGURATION)
    server.start()
    database = Database(server)
    database.prepare()
    database.apply()
    return database.dump()


def apply(database: Database, folder: Path = FOLDER) -> list[str]:
    """Apply in this process, which is quicker than the command; returns what was made."""
    with database.opened(folder) as store, store.lock(60):
        steps = store.steps()
        for step in steps:
            step.run()
    return [step.what for step in steps]


def wait_for_activity(database: Database, condition: str) -> None:
    """Wait until a server process of the schema's user is in some state."""
    query = f"SELECT FROM pg_stat_activity WHERE application_name = 'schema' AND {condition}"

    def is_there() -> bool:
        with database.connect() as connection:
            return connection.execute(query).rowcount > 0

    database.server.workspace.wait_for(condition, is_there, 30)


def wait_until_gone(database: Database) -> None:
    """Wait until the server has seen that the client is gone."""

    def is_gone() -> bool:
        with database.connect() as connection:
            return connection.execute("SELECT FROM pg_stat_activity WHERE application_name = 'schema'").rowcount == 0

    database.server.workspace.wait_for("the server forgets the client", is_gone, 30)


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def test_an_empty_database_becomes_what_the_files_say_and_a_second_run_changes_nothing(
    database: Database, expected: str
) -> None:
    plan = database.run("plan", "--expect-no-changes")
    assert plan.returncode == 1
    assert [name for name in FILES if f" {name}.sql" in plan.stdout] == FILES
    assert "schema_ledger" not in database.dump()
    first = database.apply()
    assert f"{len(FILES) + len(USERS) - 1} changes made" in first
    assert database.dump() == expected
    assert "no changes made" in database.apply()
    assert database.dump() == expected
    assert database.run("plan", "--expect-no-changes").returncode == 0
    status = database.run("status").stdout
    assert all(name in status for name in FILES)
    assert "interrupted" not in status


@pytest.mark.parametrize("name", [name for name in FILES if name != CONCURRENT])
def test_a_kill_in_the_middle_of_a_file_leaves_nothing_of_it(database: Database, expected: str, name: str) -> None:
    with database.connect() as connection:
        connection.execute(HOLD)
        connection.execute(f"ALTER DATABASE {NAME} SET test.hold = '{name}'")
    process = database.start("apply")
    wait_for_activity(database, "wait_event = 'PgSleep'")
    kill(process)
    with database.connect() as connection:
        connection.execute(RELEASE)
        connection.execute(f"ALTER DATABASE {NAME} RESET test.hold")
    made = apply(database)
    assert made[0].endswith(f" {name}.sql")
    assert database.dump() == expected


def test_a_kill_while_an_index_is_built_beside_writers_leaves_a_broken_one_that_the_next_run_builds_anew(
    database: Database, expected: str, tmp_path: Path
) -> None:
    apply(database, copied(FOLDER, tmp_path / "before", migrations=8))
    with database.connect() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT FROM public.users")
        process = database.start("apply")
        wait_for_activity(database, "wait_event_type = 'Lock'")
        kill(process)
        wait_until_gone(database)
    with database.connect() as connection:
        index = connection.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.users_country_idx'::regclass"
        )
        assert index.fetchone() == (False,)
    assert "interrupted" in database.run("status").stdout
    assert f"run again  migration {CONCURRENT}.sql  was interrupted, no transaction" in database.apply()
    assert database.dump() == expected


def test_two_at_once_do_the_work_once(database: Database, expected: str) -> None:
    both = [database.start("apply") for _ in range(2)]
    told = sorted(process.communicate(timeout=120)[0].splitlines()[-1] for process in both)
    assert [process.returncode for process in both] == [1, 1]
    assert told[1].endswith("no changes made")
    assert told[0].endswith(f"{len(FILES) + len(USERS) - 1} changes made")
    assert database.dump() == expected


def test_who_does_not_wait_is_told_who_holds_it(database: Database) -> None:
    with database.opened() as store, store.lock(0):
        refused = database.run("apply", "--wait", "0")
    assert refused.returncode == 2
    assert "is being changed by" in refused.stderr
    assert re.search(rf"by {re.escape(user('owner'))} \(server process \d+\)", refused.stderr)
    with database.connect() as connection:
        assert connection.execute("SELECT to_regclass('schema_ledger.files')").fetchone() == (None,)


def test_a_schema_of_an_earlier_version_goes_on_with_its_rows(
    database: Database, expected: str, tmp_path: Path
) -> None:
    apply(database, copied(FOLDER, tmp_path / "before", migrations=7))
    with database.connect() as connection:
        book(connection)
        before = connection.execute("SELECT * FROM bookings").fetchall()
    database.apply()
    assert database.dump() == expected
    assert database.run("maintain").returncode == 0
    with database.connect("read") as connection:
        assert connection.execute("SELECT * FROM bookings").fetchall() == before
        listed = connection.execute("SELECT name_en, bookings_of_30_days FROM hotel_listing").fetchall()
        assert listed == [("Gion", 1)]


def test_wrong_sql_is_told_with_its_line_and_leaves_nothing(database: Database, tmp_path: Path) -> None:
    folder = copied(FOLDER, tmp_path)
    wrong = folder / "migrations" / "0010_wrong.sql"
    wrong.write_text("CREATE TABLE public.half ();\n\nALTER TABLE public.user ADD COLUMN age integer;\n")
    with pytest.raises(SchemaError) as refused:
        apply(database, folder)
    assert str(refused.value).startswith(f"{wrong}:3: ")
    assert "(42" in refused.value.given
    with database.connect() as connection:
        assert connection.execute("SELECT to_regclass('public.half')").fetchone() == (None,)
    wrong.write_text("CREATE TABLE public.half ();\n")
    with database.opened(folder) as store:
        assert next(step.what for step in store.steps()) == "migration 0010_wrong.sql"
    apply(database, folder)
    with database.opened(folder) as store:
        assert store.steps() == ()


def test_several_statements_without_a_transaction_are_refused(database: Database, tmp_path: Path) -> None:
    folder = copied(FOLDER, tmp_path)
    wrong = folder / "migrations" / "0010_wrong.sql"
    wrong.write_text("-- schema: transaction = none\nCREATE TABLE public.one ();\nCREATE TABLE public.two ();\n")
    with pytest.raises(SchemaError, match="has 2 statements and no transaction"):
        apply(database, folder)
    with database.connect() as connection:
        assert connection.execute("SELECT to_regclass('public.one')").fetchone() == (None,)


def test_a_locked_table_is_waited_for_no_longer_than_the_file_says(database: Database, tmp_path: Path) -> None:
    folder = copied(FOLDER, tmp_path)
    apply(database, folder)
    (folder / "migrations" / "0010_nickname.sql").write_text(
        "-- schema: lock_timeout = 100 ms\nALTER TABLE public.users ADD COLUMN nickname text;\n"
    )
    with database.connect() as holder:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE public.users IN ACCESS SHARE MODE")
        with pytest.raises(SchemaError, match="waited too long for a lock"):
            apply(database, folder)
    apply(database, folder)
    with database.connect() as connection:
        connection.execute("SELECT nickname FROM public.users")


def test_a_lost_connection_is_told_and_the_next_run_goes_on(database: Database, expected: str) -> None:
    with database.connect() as connection:
        connection.execute(HOLD)
        connection.execute(f"ALTER DATABASE {NAME} SET test.hold = '0004_bookings'")
    process = database.start("apply")
    wait_for_activity(database, "wait_event = 'PgSleep'")
    with database.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'schema'")
        connection.execute(RELEASE)
        connection.execute(f"ALTER DATABASE {NAME} RESET test.hold")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "0004_bookings.sql" in told
    assert "Traceback" not in told
    assert "3 changes made before and kept; not made: migration 0004_bookings.sql" in told
    database.apply()
    assert database.dump() == expected


def test_an_edited_file_is_refused_before_anything_is_changed(database: Database, tmp_path: Path) -> None:
    folder = copied(FOLDER, tmp_path)
    apply(database, folder)
    edited = folder / "migrations" / "0003_users.sql"
    edited.write_text(edited.read_text() + "-- one word more\n")
    (folder / "migrations" / "0010_more.sql").write_text("CREATE TABLE public.more ();\n")
    with database.opened(folder) as store, pytest.raises(SchemaError, match="was edited after it ran"):
        store.steps()


def test_a_repeatable_file_runs_again_when_its_content_changed(database: Database, tmp_path: Path) -> None:
    folder = copied(FOLDER, tmp_path)
    apply(database, folder)
    beat = folder / "repeatable" / "beat.sql"
    beat.write_text(beat.read_text() + "COMMENT ON FUNCTION operations.beat() IS 'one beat';\n")
    with database.opened(folder) as store:
        assert [(step.action, step.what, step.detail) for step in store.steps()] == [
            ("run again", "repeatable beat.sql", "its content changed")
        ]
    apply(database, folder)
    with database.opened(folder) as store:
        assert store.steps() == ()


def test_a_database_without_the_bootstrap_is_refused(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(f'REVOKE triptrip_owner FROM "{user("owner")}"')
    refused = database.run("plan")
    assert refused.returncode == 2
    assert "may not act as triptrip_owner" in refused.stderr
    assert "docs/runbooks/schema.md" in refused.stderr


def test_a_server_without_the_roles_is_refused(workspace: Workspace, postgres_programs: Installed) -> None:
    server = PostgresServer(workspace, postgres_programs, "postgres", {"shared_buffers": "16MB"})
    server.start()
    with server.connect() as connection, pytest.raises(SchemaError, match="has no role triptrip_owner"):
        become_owner(connection)


def test_a_server_that_is_down_is_one_message_without_the_password(database: Database) -> None:
    database.server.stop()
    refused = database.run("plan")
    assert refused.returncode == 2
    assert "cannot connect" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert database.server.workspace.password not in refused.stderr


def test_a_wrong_password_is_not_shown(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"postgresql://postgres:guessed@{database.server.endpoint}/{NAME}"
    monkeypatch.setattr(Database, "environment", lambda _: {**os.environ, "TRIPTRIP_SCHEMA_POSTGRES": address})
    refused = database.run("plan")
    assert refused.returncode == 2
    assert "password authentication failed" in refused.stderr
    assert "guessed" not in refused.stderr


def test_the_bootstrap_runs_again_without_a_change(database: Database) -> None:
    before = database.dump()
    text = database.run_bootstrap()
    with database.connect() as connection:
        connection.execute(text.encode())
    assert database.dump() == before
