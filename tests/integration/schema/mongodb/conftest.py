"""A server for the tests of a module, an empty database for each, and the project without what the server cannot do."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from sandbox.servers.mongodb import MongodbServer
from sandbox.servers.workspace import Workspace
from tests.integration.conftest import group
from tests.integration.schema.mongodb.project import DATABASE, Project, copied


@pytest.fixture(scope="module")
def server(module_workspace: Workspace) -> MongodbServer:
    made = MongodbServer(module_workspace, group("mongodb"))
    made.start()
    return made


@pytest.fixture
def database(server: MongodbServer) -> Iterator[Database[Mapping[str, Any]]]:
    with MongoClient[Mapping[str, Any]](server.uri()) as client:
        client.drop_database(DATABASE)
        yield client[DATABASE]


@pytest.fixture
def project(server: MongodbServer, tmp_path: Path) -> Project:
    return copied(tmp_path / "project", server.uri())
