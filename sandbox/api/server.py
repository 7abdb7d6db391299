"""The APIs over HTTP on a free port of loopback; each document lies under a prefix of its own."""

import contextlib
import json
import socket
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from sandbox.api.api import Api, Request
from sandbox.api.call import Answer, Service
from sandbox.api.faults import Kind

_SEVERED = (Kind.CUT, Kind.LOST, Kind.SILENT)


class ApiServer:
    """A context manager; `endpoint` is what a client of one document is given as its address."""

    def __init__(self, services: Sequence[Service]) -> None:
        self.api = Api(services)
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base(self) -> str:
        """Scheme, address and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def endpoint(self, document: str) -> str:
        """The root URL of a document, without a final slash."""
        return f"{self.base}/{document}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    """Passes every request on; the connection suffers what a fault says."""

    owner: ClassVar[ApiServer]
    protocol_version = "HTTP/1.1"
    # Head and body go out in one write: apart, they wait for each other's acknowledgement.
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # its base's name
        """Say nothing: what was asked is on record."""

    def _pass_on(self) -> None:
        parts = urlsplit(self.path)
        prefix, _, path = parts.path.lstrip("/").partition("/")
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        base = self.owner.endpoint(prefix)
        answer, fault = self.owner.api.handle(Request(prefix, self.command, path, parts.query, headers, content, base))
        if fault is None or fault.kind not in _SEVERED:
            self._send(answer)
            return
        if fault.kind is Kind.SILENT:
            self.owner.closing.wait()
        self.close_connection = True
        # The client may have given up first.
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, answer: Answer) -> None:
        content = answer.content
        if content is None:
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 # the names that its base looks for
