"""Fixtures of the schemas on real servers."""

import pytest

from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.workspace import Workspace
from tests.integration.schema.databases import CONFIGURATION, Database


@pytest.fixture
def database(workspace: Workspace, postgres_programs: Installed) -> Database:
    """A database after the bootstrap, nothing applied."""
    server = PostgresServer(workspace, postgres_programs, "postgres", CONFIGURATION)
    server.start()
    made = Database(server)
    made.prepare()
    return made


@pytest.fixture(scope="module")
def applied(module_workspace: Workspace, postgres_programs: Installed) -> Database:
    """A database after its first apply, which the tests of a module share."""
    server = PostgresServer(module_workspace, postgres_programs, "postgres", CONFIGURATION)
    server.start()
    made = Database(server)
    made.prepare()
    made.apply()
    return made
