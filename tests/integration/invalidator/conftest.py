"""A worker with real servers around it, a site of its own for each test."""

from collections.abc import Iterator

import pytest

from sandbox.servers.invalidation import Site, site
from sandbox.servers.pubsub import PubsubEmulator
from sandbox.servers.workspace import Workspace
from tests.integration.conftest import group


@pytest.fixture(scope="module")
def bus(module_workspace: Workspace) -> PubsubEmulator:
    made = PubsubEmulator(module_workspace, group("pubsub"), "pubsub")
    made.start()
    return made


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """The worker's variables that a test sets by `@pytest.mark.parametrize("settings", [...], indirect=True)`."""
    given: dict[str, str] = getattr(request, "param", {})
    return given


@pytest.fixture
def place(workspace: Workspace, bus: PubsubEmulator, settings: dict[str, str]) -> Iterator[Site]:
    with site(workspace, bus, group("redis"), settings) as made:
        yield made
