"""HTTP on a free port of loopback, for simulated APIs: an answer goes out whole, or its connection is severed."""

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self


class LoopbackServer:
    """A context manager; each request is a `handler` of its own, whose `owner` this is.

    `closing` is set before the end, for handlers that let a client wait.
    """

    def __init__(self, handler: "type[LoopbackHandler]") -> None:
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), {"owner": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Scheme, address and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

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


class LoopbackHandler(ABC, BaseHTTPRequestHandler):
    """A request; whoever inherits says in `work` what becomes of it."""

    owner: ClassVar[Any]
    protocol_version = "HTTP/1.1"
    # Head and body go out in one write: apart, they wait for each other's acknowledgement.
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # its base's name
        """Say nothing: what was asked is on record."""

    @abstractmethod
    def work(self) -> None:
        """Read the request, and send an answer or sever the connection."""

    def content(self) -> bytes:
        """The request's body."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        """Answer."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def sever(self) -> None:
        """End the connection without an answer."""
        self.close_connection = True
        # The client may have given up first.
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _pass_on(self) -> None:
        self.work()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 # the names that its base looks for
