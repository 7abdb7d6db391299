"""Who may do what in PostgreSQL, and who is in which role."""

from pathlib import Path

import psycopg
import pytest
import yaml

from schema.postgres.roles import become_owner
from tests.integration.schema.databases import REPORT_MEMORY, Database, user

RIGHTS = yaml.safe_load(Path(__file__).with_name("postgres_rights.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("statement", "role"), [(row["do"], role) for row in RIGHTS for role in row.get("yes", ())])
def test_a_role_may(applied: Database, statement: str, role: str) -> None:
    with applied.undone(role) as connection:
        done = connection.execute(statement.encode()).statusmessage
    assert done is not None
    assert done.split()[0] == statement.split(maxsplit=1)[0]


@pytest.mark.parametrize(("statement", "role"), [(row["do"], role) for row in RIGHTS for role in row.get("no", ())])
def test_a_role_may_not(applied: Database, statement: str, role: str) -> None:
    with applied.undone(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_who_reads_does_so_whatever_everybody_may(applied: Database) -> None:
    """The rights on the schema are their own, not what PUBLIC happens to have."""
    with applied.undone() as connection:
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for role in ("read", "write", "report"):
            connection.execute(f"SET LOCAL ROLE triptrip_{role}".encode())
            connection.execute("SELECT FROM hotels")
            connection.execute("RESET ROLE")
        assert connection.execute("SELECT has_schema_privilege('triptrip_pooler', 'public', 'USAGE')").fetchone() == (
            False,
        )


def test_nobody_but_administrators_is_mighty_and_nobody_signs_in_as_a_group(applied: Database) -> None:
    with applied.connect() as connection:
        rows = connection.execute(
            "SELECT rolname FROM pg_roles"
            " WHERE rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication"
        )
        assert rows.fetchall() == [("postgres",)]
        login = connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'triptrip\\_%' AND rolcanlogin")
        assert login.fetchall() == []


def test_the_database_and_reports_have_settings_of_their_own(applied: Database) -> None:
    with applied.connect("write") as connection:
        assert connection.execute("SHOW effective_io_concurrency").fetchone() == ("200",)
        assert connection.execute("SHOW work_mem").fetchone() != (REPORT_MEMORY,)
    with applied.connect("report") as connection:
        assert connection.execute("SHOW work_mem").fetchone() == (REPORT_MEMORY,)


def test_a_report_user_without_its_memory_is_found(applied: Database) -> None:
    with applied.connect("report") as connection:
        connection.execute("ALTER ROLE CURRENT_USER RESET work_mem")
        assert f"{user('report')} has no work_mem of 256MB" in applied.run("verify").stderr
        connection.execute("ALTER ROLE CURRENT_USER SET work_mem = '256MB'")


def test_memberships_that_somebody_changed_are_put_back(applied: Database) -> None:
    reader, writer = user("read"), user("write")
    with applied.connect("owner") as connection:
        become_owner(connection)
        connection.execute(f'REVOKE triptrip_read FROM "{reader}"'.encode())
        connection.execute(f'GRANT triptrip_report TO "{writer}"'.encode())
    with applied.opened() as store:
        steps = [(str(step.action), step.what) for step in store.steps()]
    assert steps == [
        ("create", f"membership of {reader} in triptrip_read"),
        ("delete", f"membership of {writer} in triptrip_report"),
    ]
    applied.apply()


def test_what_an_administrator_granted_is_found_and_left(applied: Database) -> None:
    writer = user("write")
    with applied.connect() as connection:
        connection.execute("CREATE ROLE cloudsqlsuperuser")
        connection.execute(f'GRANT cloudsqlsuperuser TO "{writer}"'.encode())
        told = applied.run("verify").stderr
        connection.execute("DROP ROLE cloudsqlsuperuser")
    assert f"membership of {writer} in cloudsqlsuperuser was granted by postgres" in told
    assert "postgres.databaseRoles" in told


def test_a_user_that_is_not_there_yet_is_found_and_enters_later(database: Database) -> None:
    reader = user("read")
    with database.connect() as connection:
        connection.execute(f'DROP ROLE "{reader}"'.encode())
        first = database.run("apply")
        password = database.server.workspace.password
        connection.execute(f"CREATE ROLE \"{reader}\" LOGIN PASSWORD '{password}'".encode())
    assert first.returncode == 1
    assert f"{reader} is no user of the database" in first.stderr
    assert f"membership of {reader} in triptrip_read" in database.apply()
