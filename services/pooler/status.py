"""What the router shows of itself: `/healthz` for the load balancer, `/metrics` for Prometheus."""

import math
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest


class Status:
    """The last check; healthy while checks are made and PgBouncer does what was chosen. `patience` in seconds.

    `certificate` is the file with the certificate that PgBouncer shows to its clients.
    """

    def __init__(self, patience: float, certificate: Path) -> None:
        self._patience = patience
        self._healthy_until = 0.0
        self.registry = CollectorRegistry()
        self._lag = Gauge("read_router_lag_seconds", "Lag of a replica", ["replica"], registry=self.registry)
        self._answers = Gauge("read_router_answers", "1 while its lag is known", ["replica"], registry=self.registry)
        self._used = Gauge("read_router_used", "1 while reads go to it", ["service", "server"], registry=self.registry)
        self._changes = Counter("read_router_changes", "Changes of the servers", ["service"], registry=self.registry)
        expiry = Gauge("pooler_certificate_expiry_seconds", "When the certificate ends", registry=self.registry)
        expiry.set_function(lambda: _end(certificate))
        self._last: dict[str, tuple[str, ...]] = {}

    def record(self, lags: Mapping[str, float | None], chosen: Mapping[str, Sequence[str]], *, is_told: bool) -> None:
        """Take in one check."""
        if is_told:
            self._healthy_until = time.monotonic() + self._patience
        for replica, lag in lags.items():
            self._answers.labels(replica).set(lag is not None)
            if lag is not None:
                self._lag.labels(replica).set(lag)
        for service, replicas in chosen.items():
            for server in lags:
                self._used.labels(service, server).set(server in replicas)
            self._used.labels(service, "primary").set(not replicas)
            if self._last.get(service, tuple(replicas)) != tuple(replicas):
                self._changes.labels(service).inc()
            self._last[service] = tuple(replicas)

    @property
    def is_healthy(self) -> bool:
        """Whether the last good check is recent."""
        return time.monotonic() < self._healthy_until


def _end(certificate: Path) -> float:
    """When a chain's first certificate ends, in seconds since 1970; not a number when it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.timestamp()
    except (OSError, ValueError):
        return math.nan


class StatusServer(ThreadingHTTPServer):
    """Serves a status until `shutdown`."""

    daemon_threads = True

    def __init__(self, address: str, port: int, status: Status) -> None:
        super().__init__((address, port), _Handler)
        self.status = status

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve_forever, name="status", daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: StatusServer
    timeout = 5

    def do_GET(self) -> None:
        if self.path == "/healthz":
            healthy = self.server.status.is_healthy
            self._send(200 if healthy else 503, "text/plain", b"ok\n" if healthy else b"no recent check\n")
        elif self.path == "/metrics":
            self._send(200, CONTENT_TYPE_LATEST, generate_latest(self.server.status.registry))
        else:
            self._send(404, "text/plain", b"/healthz and /metrics\n")

    def _send(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # its base's name
        """Say nothing: a probe every second would be the whole log."""
