"""Health and metrics as pages."""

import math
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

from sandbox.servers.certificates import certificate_for
from services.pooler.status import Status, StatusServer


@pytest.fixture
def server() -> Iterator[StatusServer]:
    made = StatusServer("127.0.0.1", 0, Status(60, Path("no-certificate.pem")))
    made.start()
    yield made
    made.shutdown()
    made.server_close()


def page(server: StatusServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_health_follows_the_last_good_check(server: StatusServer) -> None:
    assert page(server, "/healthz")[0] == 503
    server.status.record({"b": 0.1}, {"app": ("b",)}, is_told=False)
    assert page(server, "/healthz")[0] == 503
    server.status.record({"b": 0.1}, {"app": ("b",)}, is_told=True)
    assert page(server, "/healthz") == (200, "ok\n")


def test_metrics_name_every_server_and_count_changes(server: StatusServer) -> None:
    server.status.record({"b": 0.25, "c": None}, {"app": ("b",)}, is_told=True)
    server.status.record({"b": 0.25, "c": None}, {"app": ()}, is_told=True)
    _, body = page(server, "/metrics")
    for line in (
        'read_router_lag_seconds{replica="b"} 0.25',
        'read_router_answers{replica="c"} 0.0',
        'read_router_used{server="b",service="app"} 0.0',
        'read_router_used{server="primary",service="app"} 1.0',
        'read_router_changes_total{service="app"} 1.0',
    ):
        assert line in body
    assert 'read_router_lag_seconds{replica="c"}' not in body


def test_another_page_is_not_there(server: StatusServer) -> None:
    assert page(server, "/") == (404, "/healthz and /metrics\n")


def test_it_tells_when_the_certificate_ends(tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    status = Status(60, file)
    assert math.isnan(status.registry.get_sample_value("pooler_certificate_expiry_seconds") or 0)
    made = certificate_for("pg-write.example")
    file.write_text(made.chain, encoding="ascii")
    ends = x509.load_pem_x509_certificate(made.chain.encode()).not_valid_after_utc
    assert status.registry.get_sample_value("pooler_certificate_expiry_seconds") == ends.timestamp()
    file.write_text("no certificate", encoding="ascii")
    assert math.isnan(status.registry.get_sample_value("pooler_certificate_expiry_seconds") or 0)
