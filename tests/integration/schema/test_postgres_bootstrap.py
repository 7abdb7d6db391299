"""The bootstrap, run by an administrator of Cloud SQL's shape: no superuser."""

import psycopg
import pytest
from psycopg import sql

from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.workspace import Workspace
from schema.postgres.roles import become_owner
from schema.postgres.store import EXTENSIONS, PostgresStore, bootstrap
from tests.integration.schema.databases import CONFIGURATION, ENVIRONMENT, NAME, PLAN, USERS, user

ADMINISTRATOR = "administrator"


@pytest.fixture
def server(workspace: Workspace, postgres_programs: Installed) -> PostgresServer:
    """A database of cloudsqlsuperuser, whose member may create roles and databases and is no superuser.

    Cloud SQL lets such a member create its extensions; here a superuser must, before.
    """
    made = PostgresServer(workspace, postgres_programs, "postgres", CONFIGURATION)
    made.start()
    with made.connect() as connection:
        connection.execute("CREATE ROLE cloudsqlsuperuser CREATEROLE CREATEDB")
        connection.execute("GRANT pg_monitor TO cloudsqlsuperuser WITH ADMIN OPTION")
        words = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB IN ROLE cloudsqlsuperuser PASSWORD {}")
        connection.execute(words.format(sql.Identifier(ADMINISTRATOR), workspace.password))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER cloudsqlsuperuser").format(sql.Identifier(NAME)))
        for name in USERS:
            words = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(words.format(sql.Identifier(name), workspace.password))
    with made.connect(NAME) as connection:
        connection.execute("CREATE SCHEMA partman AUTHORIZATION cloudsqlsuperuser")
        connection.execute("SET ROLE postgres")
        connection.execute("CREATE EXTENSION pg_partman SCHEMA partman")
        connection.execute("CREATE SCHEMA extensions AUTHORIZATION cloudsqlsuperuser")
        connection.execute("CREATE EXTENSION pg_stat_statements SCHEMA extensions")
        for kind in ("TABLES", "ROUTINES"):
            words = sql.SQL("GRANT ALL ON ALL {} IN SCHEMA partman TO cloudsqlsuperuser WITH GRANT OPTION")
            connection.execute(words.format(sql.SQL(kind)))
    return made


def test_an_administrator_who_is_no_superuser_can_run_it_and_the_schema_step_needs_no_more(
    server: PostgresServer,
) -> None:
    with server.connect(NAME, ADMINISTRATOR) as connection:
        for _ in range(2):
            connection.execute(bootstrap(ENVIRONMENT).encode())
    with server.connect(NAME, user("owner")) as connection:
        become_owner(connection)
        store = PostgresStore(connection, PLAN)
        for step in store.steps():
            step.run()
        assert store.steps() == ()
        assert store.maintain() == []


def test_what_the_server_does_not_offer_is_left_to_verify(server: PostgresServer) -> None:
    with server.connect(NAME, ADMINISTRATOR) as connection:
        connection.execute(bootstrap(ENVIRONMENT).encode())
        there = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
    assert EXTENSIONS.keys() - there == {"pgaudit"}


def test_a_user_of_the_stack_cannot_run_it(server: PostgresServer) -> None:
    with server.connect(NAME, user("owner")) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(bootstrap(ENVIRONMENT).encode())


def test_an_administrator_who_may_not_hand_pg_monitor_on_is_told_and_the_rest_is_made(server: PostgresServer) -> None:
    with server.connect() as connection:
        connection.execute("REVOKE pg_monitor FROM cloudsqlsuperuser")
    with server.connect(NAME, ADMINISTRATOR) as connection:
        connection.execute(bootstrap(ENVIRONMENT).encode())
    with server.connect(NAME, user("owner")) as connection:
        become_owner(connection)
        found = PostgresStore(connection, PLAN).findings()
    assert [each for each in found if each.startswith("triptrip_monitor is no member of pg_monitor")]
