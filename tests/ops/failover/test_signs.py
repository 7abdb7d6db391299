"""What counts as a sign that a region is lost, and what does not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ops.failover import signs
from ops.failover.signs import Heard, Sign
from ops.recovery.cloud.sql import Instance
from ops.recovery.errors import RecoveryError


def instance(state: str) -> Instance:
    return Instance("primary", state, "10.0.0.1", is_guarded=True, primary="", authority="")


def refused() -> Any:
    raise RecoveryError("instance primary", "Google answered 503")


@pytest.mark.parametrize(
    ("state", "verdict"),
    [("RUNNABLE", "well"), ("FAILED", "lost"), ("MAINTENANCE", "unknown"), ("SUSPENDED", "unknown")],
)
def test_the_api_tells_the_primarys_state(state: str, verdict: str) -> None:
    assert signs.of_api(lambda: instance(state), "primary").verdict == verdict


def test_an_api_that_does_not_answer_is_no_sign() -> None:
    assert signs.of_api(refused, "primary").verdict == "unknown"


@pytest.mark.parametrize(
    ("alive", "verdict"), [({"p", "r"}, "well"), ({"p"}, "well"), ({"r"}, "lost"), (set(), "unknown")]
)
def test_a_connection_is_only_missed_where_the_replica_has_one(alive: set[str], verdict: str) -> None:
    assert signs.of_probe("p", "r", 5432, lambda host, _: host in alive).verdict == verdict


@pytest.mark.parametrize(
    ("heard", "verdict"),
    [
        (Heard(is_streaming=True, silence=2.0, behind=0.1, position="0/1"), "well"),
        (Heard(is_streaming=True, silence=None, behind=None, position="0/1"), "well"),
        (Heard(is_streaming=True, silence=61.0, behind=61.0, position="0/1"), "lost"),
        (Heard(is_streaming=False, silence=None, behind=None, position="0/1"), "lost"),
    ],
)
def test_a_replica_that_hears_nothing_is_a_sign(heard: Heard, verdict: str) -> None:
    assert signs.of_replica(lambda: heard).verdict == verdict


def test_a_replica_that_cannot_be_asked_is_none() -> None:
    assert signs.of_replica(refused).verdict == "unknown"


def incident(**changes: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "external_desc": "Cloud SQL is down in Tokyo",
        "currently_affected_locations": [{"title": "Tokyo", "id": "asia-northeast1"}],
        "affected_products": [{"title": "Google Cloud SQL"}],
        **changes,
    }


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([incident()], "lost"),
        ([], "unknown"),
        ([incident(end="2026-11-26T00:00:00+00:00")], "unknown"),
        ([incident(currently_affected_locations=[{"id": "asia-northeast2"}])], "unknown"),
        ([incident(affected_products=[{"title": "Google Earth Engine"}])], "unknown"),
        ([incident(currently_affected_locations=None)], "unknown"),
    ],
)
def test_the_status_page_is_a_sign_while_it_tells_of_the_region(found: list[Any], verdict: str) -> None:
    assert signs.of_status(lambda: found, "asia-northeast1").verdict == verdict


@pytest.mark.parametrize("error", [OSError("no way"), ValueError("no JSON")])
def test_a_status_page_that_is_not_reached_is_none(error: Exception) -> None:
    def fails() -> Any:
        raise error

    assert signs.of_status(fails, "asia-northeast1").verdict == "unknown"


@pytest.mark.parametrize(("lost", "enough"), [(0, False), (1, False), (2, True), (4, True)])
def test_two_signs_confirm(lost: int, enough: bool) -> None:  # a case
    found = [Sign("a", "lost", "")] * lost + [Sign("b", "unknown", "")] * (4 - lost)
    assert signs.confirmed(found) is enough


@contextmanager
def listening(answer: bytes) -> Iterator[int]:
    """A server that answers the first message of everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    with connection:
                        if len(connection.recv(8)) and answer:
                            connection.sendall(answer)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.mark.parametrize(("answer", "is_postgres"), [(b"S", True), (b"N", True), (b"H", False), (b"", False)])
def test_only_what_speaks_as_postgresql_answers(answer: bytes, is_postgres: bool) -> None:  # a case
    with listening(answer) as port:
        assert signs.answers("127.0.0.1", port, seconds=5) is is_postgres


def test_nobody_there_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert not signs.answers("127.0.0.1", port, seconds=1, tries=1)
