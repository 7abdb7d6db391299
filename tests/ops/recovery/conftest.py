from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.recovery import cloud, session
from ops.recovery.declared import Declared
from sandbox.api import ApiServer
from sandbox.api.sqladmin import MemoryDatabases
from sandbox.servers.estate import Estate
from tests.ops.recovery.scenarios import QUICK

_built: dict[tuple[str, str, cloud.Pace], cloud.Google] = {}


def _clients(server: ApiServer, target: Declared, pace: cloud.Pace) -> cloud.Google:
    key = (server.url, target.environment, pace)
    if key not in _built:
        endpoints = {api: server.endpoint(f"{api}.v1") for api in ("sqladmin", "dns", "storage")}
        _built[key] = cloud.connect(target, pace, endpoints)
    return _built[key]


@pytest.fixture(scope="session")
def server() -> Iterator[ApiServer]:
    """One server for all tests of a process, since Google's clients take longer to build than to be used."""
    with ApiServer(()) as made:
        yield made
        for google in _built.values():
            google.close()


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ApiServer) -> Iterator[Estate]:
    """An estate without servers: its calls alone."""
    monkeypatch.setattr(session, "connect", lambda target, pace: _clients(server, target, pace or QUICK))
    with Estate(MemoryDatabases(), polls=2, server=server) as made:
        for name, value in made.variables().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "recovery"))
        yield made
