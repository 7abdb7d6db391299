"""A man in the middle of MongoDB's protocol: at a chosen command it does something instead of passing it on."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import bson

from sandbox.servers.sockets import exactly

_HEADER = struct.Struct("<iiii")
_OP_MSG = 2013
_BODY = 0
_MONITORING = frozenset({"hello", "isMaster", "ismaster", "ping", "endSessions"})


@dataclass
class Trap:
    """What is waited for: the `number`th command that `is_meant`; `after` lets the server answer it first.

    `spring` is what is done then; the connection is cut after it.
    """

    number: int
    spring: Callable[[], None]
    is_meant: Callable[[dict[str, Any]], bool] = lambda _: True
    after: bool = False
    sprung: bool = False
    _seen: int = 0

    def catches(self, command: dict[str, Any]) -> bool:
        if self.sprung or next(iter(command)) in _MONITORING or not self.is_meant(command):
            return False
        self._seen += 1
        return self._seen == self.number


@contextlib.contextmanager
def proxy(port: int, trap: Trap) -> Iterator[str]:
    """Pass connections to a port of loopback on; yields the URI to connect to."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        threads = [threading.Thread(target=_accept, args=(listener, port, trap, ended))]
        threads[0].start()
        try:
            # A client that asked for the replica set would go on to the server itself.
            yield f"mongodb://127.0.0.1:{listener.getsockname()[1]}/?directConnection=true"
        finally:
            ended.set()
            threads[0].join()


def _accept(listener: socket.socket, port: int, trap: Trap, ended: threading.Event) -> None:
    threads = []
    sockets = []
    while not ended.is_set():
        try:
            client, _ = listener.accept()
        except TimeoutError:
            continue
        client.settimeout(None)
        server = socket.create_connection(("127.0.0.1", port))
        sockets += [client, server]
        for source, target, watching in ((client, server, True), (server, client, False)):
            threads.append(threading.Thread(target=_pass, args=(source, target, server, trap if watching else None)))
            threads[-1].start()
    for each in sockets:
        _cut(each)
    for thread in threads:
        thread.join()
    for each in sockets:
        each.close()


def _pass(source: socket.socket, target: socket.socket, server: socket.socket, trap: Trap | None) -> None:
    with contextlib.suppress(OSError):
        while message := _read(source):
            command = _command(message) if trap else None
            if trap and command is not None and trap.catches(command):
                trap.sprung = True
                if trap.after:
                    _ask_alone(server.getpeername()[1], message)
                trap.spring()
                break
            target.sendall(message)
    _cut(source)
    _cut(target)


def _ask_alone(port: int, message: bytes) -> None:
    """Have the server do it, on a connection of which the client hears nothing."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(message)
        _read(connection)


def _read(source: socket.socket) -> bytes:
    header = exactly(source, _HEADER.size)
    if not header:
        return b""
    return header + exactly(source, _HEADER.unpack(header)[0] - _HEADER.size)


def _command(message: bytes) -> dict[str, Any] | None:
    if _HEADER.unpack(message[: _HEADER.size])[3] != _OP_MSG or message[20] != _BODY:
        return None
    size = struct.unpack("<i", message[21:25])[0]
    command: dict[str, Any] = bson.decode(message[21 : 21 + size])
    return command


def _cut(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
