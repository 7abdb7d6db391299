"""Servers with nothing in them and with the schema, each test's own, begun from a copy."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.servers.install import Installed
from sandbox.servers.timescale import TimescaleServer
from sandbox.servers.workspace import Workspace
from schema.timescale.store import FOLDER
from tests.integration.conftest import group
from tests.integration.schema.timescale.applying import apply


@pytest.fixture(scope="module")
def programs() -> Installed:
    return group("timescale")


@pytest.fixture(scope="module")
def empty_template(module_workspace: Workspace, programs: Installed) -> TimescaleServer:
    """A server with nothing in it, stopped."""
    made = TimescaleServer(module_workspace, programs, "empty")
    made.start()
    made.stop()
    return made


@pytest.fixture(scope="module")
def applied_template(
    module_workspace: Workspace, programs: Installed, empty_template: TimescaleServer
) -> TimescaleServer:
    """A server with the schema, stopped."""
    made = TimescaleServer(module_workspace, programs, "applied")
    made.create_from(empty_template)
    made.start()
    apply(made)
    made.stop()
    return made


@pytest.fixture
def empty(workspace: Workspace, programs: Installed, empty_template: TimescaleServer) -> Iterator[TimescaleServer]:
    made = TimescaleServer(workspace, programs)
    made.create_from(empty_template)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def applied(workspace: Workspace, programs: Installed, applied_template: TimescaleServer) -> Iterator[TimescaleServer]:
    made = TimescaleServer(workspace, programs)
    made.create_from(applied_template)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The schema's files, to be changed."""
    copy = tmp_path / "timescale"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


@pytest.fixture(scope="module")
def kept(module_workspace: Workspace, programs: Installed, applied_template: TimescaleServer) -> TimescaleServer:
    """A server with the schema that a module's tests share; see `shared`."""
    made = TimescaleServer(module_workspace, programs, "shared")
    made.create_from(applied_template)
    made.start()
    return made


@pytest.fixture
def shared(kept: TimescaleServer) -> TimescaleServer:
    """A server with the schema for tests that put back what they change; what one that failed has left is put back."""
    apply(kept)
    return kept
