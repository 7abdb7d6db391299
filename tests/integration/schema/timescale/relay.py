"""A relay between a client and a server that sees what the client asks, and can end the connection at any request.

A request is what the server answers at once, whatever pieces the network brings it in: all messages up to one that ends
it (PostgreSQL 17, "Message Flow" and "Message Formats"). So an apply from nothing has as many in every run.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from sandbox.servers.server import LOOPBACK, Endpoint
from sandbox.servers.sockets import exactly

Hook = Callable[[int, bytes], bool]
"""Number of the request, from 1, and its bytes → whether it is delivered and the connection goes on."""

_ENDS = b"QSXpcf"
"""Query, Sync, Terminate, a password, CopyDone and CopyFail; the message that starts a connection has no letter."""

_LENGTH = 4
"""Bytes that say how long a message is, themselves included, its letter not."""


class Relay:
    """Forwards one connection after the other; a context manager. `requests` counts what clients have asked."""

    def __init__(self, server: Endpoint, hook: Hook, *, delivers_last: bool = False) -> None:
        self.requests = 0
        self._server = server
        self._hook = hook
        self._delivers_last = delivers_last
        self._listener = socket.create_server((LOOPBACK, 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"postgresql://postgres:any@{LOOPBACK}:{self._listener.getsockname()[1]}/postgres?sslmode=disable"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(30)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection((self._server.address, self._server.port))
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            self._threads.append(back)
            back.start()
            self._forward(client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, contextlib.suppress(OSError):
            for request in _requests(client):
                self.requests += 1
                goes_on = self._hook(self.requests, request)
                if goes_on or self._delivers_last:
                    server.sendall(request)
                if not goes_on:
                    break
            for side in (client, server):
                side.shutdown(socket.SHUT_RDWR)


def _requests(client: socket.socket) -> Iterator[bytes]:
    request, letter = b"", 0
    while head := exactly(client, letter + _LENGTH):
        rest = int.from_bytes(head[letter:]) - _LENGTH
        body = exactly(client, rest)
        if len(body) < rest:
            return
        request += head + body
        if not letter or head[0] in _ENDS:
            yield request
            request = b""
        letter = 1


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 20):
            target.sendall(data)
    # The other direction closes both.
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
