"""Thousands of PostgreSQL clients in one process, as cheap as a socket each.

They sign in by SCRAM like any client, but the slow part, the password's salted hash, is worked out once for all.
"""

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.servers.server import Endpoint
from sandbox.servers.sockets import exactly

_BATCH = 250
"""Clients that sign in side by side: each waits for the server three times, and these waits overlap."""

_TIMEOUT_SECONDS = 60
_SASL, _SASL_CONTINUE = 10, 11
_SSL_REQUEST = 80_877_103


class RefusedError(RuntimeError):
    """The server or pooler sent an error; the message is its own."""


class Clients:
    """Connections to one database that are held open; a context manager that closes them.

    With an `authority` (a PEM file) they speak TLS and verify the server's certificate, though not its name.
    """

    def __init__(
        self, endpoint: Endpoint, database: str, user: str, password: str, authority: Path | None = None
    ) -> None:
        self._address = (endpoint.address, endpoint.port)
        self._tls = _context(authority) if authority else None
        self._startup = _message(b"", struct.pack("!i", 3 << 16) + _texts("user", user, "database", database, ""))
        self._password = password.encode()
        self._salted: dict[tuple[bytes, int], bytes] = {}
        self._sockets: list[socket.socket] = []

    def __len__(self) -> int:
        return len(self._sockets)

    def open(self, count: int) -> None:
        """Connect and sign in so many more clients; raises RefusedError when one is refused."""
        for start in range(0, count, _BATCH):
            self._open(min(_BATCH, count - start))

    def ask(self, query: str) -> Iterator[bytes]:
        """Send a query that yields one value from every client at once; yields each client's value as text."""
        message = _message(b"Q", _texts(query))
        for client in self._sockets:
            client.sendall(message)
        for client in self._sockets:
            for kind, body in _until_ready(client):
                if kind == b"D":
                    (length,) = struct.unpack_from("!i", body, 2)
                    yield body[6 : 6 + length]

    def close(self) -> None:
        """Close every connection."""
        for client in self._sockets:
            client.close()
        self._sockets.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, count: int) -> None:
        started = []
        for _ in range(count):
            client = self._connect()
            self._sockets.append(client)
            client.sendall(self._startup)
            started.append((client, f"n=,r={secrets.token_urlsafe(18)}"))
        for client, first in started:
            _authentication(client, _SASL)
            data = f"n,,{first}".encode()
            client.sendall(_message(b"p", _texts("SCRAM-SHA-256") + struct.pack("!i", len(data)) + data))
        for client, first in started:
            challenge = _authentication(client, _SASL_CONTINUE).decode()
            client.sendall(_message(b"p", self._proof(first, challenge)))
        for client, _ in started:
            for _ in _until_ready(client):
                pass

    def _connect(self) -> socket.socket:
        client = socket.create_connection(self._address, _TIMEOUT_SECONDS)
        if self._tls is None:
            return client
        client.sendall(struct.pack("!ii", 8, _SSL_REQUEST))
        if _needed(client, 1) != b"S":
            raise RefusedError("the server speaks no TLS")
        return self._tls.wrap_socket(client)

    def _proof(self, first: str, challenge: str) -> bytes:
        """The client's final message (RFC 5802)."""
        fields = dict(field.split("=", 1) for field in challenge.split(","))
        final = f"c=biws,r={fields['r']}"
        key = self._client_key(base64.b64decode(fields["s"]), int(fields["i"]))
        signature = hmac.digest(hashlib.sha256(key).digest(), f"{first},{challenge},{final}".encode(), "sha256")
        proof = bytes(one ^ other for one, other in zip(key, signature, strict=True))
        return f"{final},p={base64.b64encode(proof).decode()}".encode()

    def _client_key(self, salt: bytes, rounds: int) -> bytes:
        if (salt, rounds) not in self._salted:
            self._salted[salt, rounds] = hashlib.pbkdf2_hmac("sha256", self._password, salt, rounds)
        return hmac.digest(self._salted[salt, rounds], b"Client Key", "sha256")


def _context(authority: Path) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(authority))
    made.check_hostname = False
    return made


def _texts(*texts: str) -> bytes:
    return b"".join(text.encode() + b"\0" for text in texts)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _receive(client: socket.socket) -> tuple[bytes, bytes]:
    """The next message as (kind, body); raises RefusedError for an error."""
    head = _needed(client, 5)
    (length,) = struct.unpack_from("!i", head, 1)
    body = _needed(client, length - 4)
    if head[:1] == b"E":
        fields = {part[:1]: part[1:].decode() for part in body.split(b"\0") if part}
        raise RefusedError(fields.get(b"M", "no message"))
    return head[:1], body


def _needed(client: socket.socket, count: int) -> bytes:
    """So many bytes; raises RefusedError when the connection ends before them."""
    data = exactly(client, count)
    if len(data) < count:
        raise RefusedError("the connection was closed")
    return data


def _until_ready(client: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """Messages until the server waits for the next query."""
    while True:
        kind, body = _receive(client)
        if kind == b"Z":
            return
        yield kind, body


def _authentication(client: socket.socket, step: int) -> bytes:
    """The data of the expected step of signing in."""
    kind, body = _receive(client)
    (found,) = struct.unpack_from("!i", body) if kind == b"R" else (None,)
    if found != step:
        raise RefusedError(f"expected step {step} of SCRAM, got message {kind!r} with {found}")
    return body[4:]
