"""TimescaleDB's schema when the command or the server is killed, or the connection is lost."""

import os
import shutil
import subprocess

import pytest

from sandbox.servers.install import Installed
from sandbox.servers.timescale import TimescaleServer
from sandbox.servers.workspace import Workspace
from schema.kit import SchemaError
from schema.kit.files import ROOT
from schema.timescale.store import store_at
from tests.integration.schema.timescale.applying import COMMAND, apply, command, planned, told
from tests.integration.schema.timescale.relay import Relay


def test_a_command_that_is_killed_in_the_middle_of_a_file(empty: TimescaleServer) -> None:
    process: list[subprocess.Popen[bytes]] = []

    def kill(_: int, data: bytes) -> bool:
        if b"create_hypertable('booking_metrics'" in data:
            process[0].kill()
            process[0].wait()
        return True

    with Relay(empty.endpoint, kill) as relay:
        environment = {**os.environ, "TRIPTRIP_SCHEMA_TIMESCALE": relay.url}
        process.append(
            subprocess.Popen((*COMMAND, "apply", "timescale", "--env", "prod"), cwd=ROOT, env=environment)  # noqa: S603 # our own command
        )
        assert process[0].wait() == -9
    assert planned(empty)[0].what == "migration 0003_booking_metrics.sql"
    assert command(empty.url, "apply", "timescale").returncode == 0
    assert planned(empty) == ()


@pytest.mark.parametrize(
    "at", [b"create_hypertable('booking_metrics'", b"add_retention_policy('price_metrics'"], ids=["file", "policy"]
)
def test_a_server_that_is_killed(empty: TimescaleServer, at: bytes) -> None:
    def kill(_: int, data: bytes) -> bool:
        if at in data:
            empty.kill()
        return True

    with Relay(empty.endpoint, kill) as relay, pytest.raises(SchemaError, match="the connection was lost"):
        apply_through(relay)
    empty.start()
    left = told(apply(empty))
    assert 0 < len(left) < 15
    assert planned(empty) == ()


def apply_through(relay: Relay) -> None:
    with store_at(relay.url, "TimescaleDB of the test") as store, store.lock(0):
        for step in store.steps():
            step.run()


def left_after_a_cut(server: TimescaleServer, at: int) -> object:
    """Lose the connection at a request of an apply, every other time after it is delivered, and apply again.

    Returns what is still to be done then.
    """
    with (
        Relay(server.endpoint, lambda number, _: number < at, delivers_last=at % 2 == 0) as relay,
        pytest.raises(SchemaError, match=r"connection was lost|cannot connect"),
    ):
        apply_through(relay)
    apply(server)
    return planned(server)


@pytest.fixture(scope="module")
def requests(module_workspace: Workspace, programs: Installed, empty_template: TimescaleServer) -> int:
    """How many requests an apply from nothing makes; the last of them ends the connection."""
    server = TimescaleServer(module_workspace, programs, "counted")
    server.create_from(empty_template)
    server.start()
    with Relay(server.endpoint, lambda *_: True) as relay:
        apply_through(relay)
    server.stop()
    return relay.requests


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_connection_that_is_lost(empty: TimescaleServer, requests: int, share: float) -> None:
    assert left_after_a_cut(empty, round(requests * share)) == ()


@pytest.mark.faults
def test_a_connection_that_is_lost_at_any_request(
    workspace: Workspace, programs: Installed, empty_template: TimescaleServer, requests: int
) -> None:
    for at in range(1, requests):
        server = TimescaleServer(workspace, programs, f"cut-{at}")
        server.create_from(empty_template)
        server.start()
        assert left_after_a_cut(server, at) == (), at
        server.stop()
        shutil.rmtree(server.data)
