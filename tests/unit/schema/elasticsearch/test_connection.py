"""What the address must be, and what an answer that refuses is told as; no password is ever shown."""

import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sandbox.servers.certificates import certificate_for
from schema.elasticsearch.store import connected
from schema.kit import SchemaError

PASSWORD = "kept-to-itself"  # noqa: S105 # an example


@pytest.mark.parametrize(
    ("address", "key", "told"),
    [
        ("hotels", None, "is no address with a port"),
        ("https://host", "k", "is no address with a port"),
        ("https://host:none", "k", "is no address with a port"),
        ("ftp://host:21", "k", "is no address with a port"),
        (f"https://user:{PASSWORD}@host\uff1a443", None, "is no address with a port"),
        (f"https://user:[{PASSWORD}@host:443", None, "is no address with a port"),
        (f"https://user:12/{PASSWORD}@host:443", "k", "is no address with a port"),
        (f"https://user:12#{PASSWORD}@host:443", "k", "is no address with a port"),
        (f"https://user:12?{PASSWORD}@host:443", "k", "is no address with a port"),
        (f"http://user:{PASSWORD}@search.example:9200", None, "is not encrypted"),
        ("https://host:443", None, "comes without a user or API key"),
        (f"https://user:{PASSWORD}@host:443", "k", "comes with a user and an API key"),
    ],
)
def test_an_address_that_cannot_be_is_refused(address: str, key: str | None, told: str) -> None:
    with pytest.raises(SchemaError, match=told) as refused, connected(address, key):
        pass
    assert PASSWORD not in str(refused.value)


def test_a_cluster_that_is_not_there_is_one_message() -> None:
    with (
        connected(f"http://user:{PASSWORD}@127.0.0.1:1") as cluster,
        pytest.raises(SchemaError, match=r"127\.0\.0\.1:1: cannot be reached") as refused,
    ):
        cluster.change("PUT", "/hotels")
    assert PASSWORD not in str(refused.value)


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[tuple[int, list[str]]]:
    """A server whose certificate no authority of this machine has signed, and the requests that reached it."""
    certificate = certificate_for("127.0.0.1")
    (tmp_path / "both.pem").write_text(certificate.chain + certificate.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    reached: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reached.append(self.path)
            self.send_response(200)
            self.end_headers()

    class Quiet(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """The client breaks off, as it should."""

    with Quiet(("127.0.0.1", 0), Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, reached
        server.shutdown()
        thread.join()


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_password_is_sent(
    stranger: tuple[int, list[str]],
) -> None:
    port, reached = stranger
    with (
        connected(f"https://user:{PASSWORD}@127.0.0.1:{port}") as cluster,
        pytest.raises(SchemaError, match=r"(?i)certificate") as refused,
    ):
        cluster.get("/")
    assert reached == []
    assert PASSWORD not in str(refused.value)


class Answering(BaseHTTPRequestHandler):
    """Refuses everything, which is an answer."""

    def do_HEAD(self) -> None:
        self.send_error(401)

    def log_message(self, *_: object) -> None:
        pass


def test_a_way_that_opens_late_is_waited_for_in_a_job(unused_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_RUN_JOB", "schema-elasticsearch")
    opened: list[HTTPServer] = []

    def open_later() -> None:
        opened.append(HTTPServer(("127.0.0.1", unused_port), Answering))
        opened[0].serve_forever()

    timer = threading.Timer(1.5, open_later)
    timer.start()
    try:
        with connected(f"http://127.0.0.1:{unused_port}", "key") as cluster:
            cluster.await_way()
            assert opened
    finally:
        timer.join(0)
        for server in opened:
            server.shutdown()
            server.server_close()


def test_outside_a_job_a_closed_way_is_told_at_once(unused_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUD_RUN_JOB", raising=False)
    with connected(f"http://127.0.0.1:{unused_port}", "key") as cluster:
        cluster.await_way()
        with pytest.raises(SchemaError, match="cannot be reached"):
            cluster.get("/_security/_authenticate")


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
