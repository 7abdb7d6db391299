"""A stand-in for an internal passthrough load balancer: one address, and a machine that answers for each connection."""

import itertools
import select
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from sandbox.servers.listener import Listener
from sandbox.servers.server import Endpoint

_CHECK_SECONDS = 1.0
_CHUNK = 65_536


class Balancer:
    """Forwards connections to machines in turn, leaving out those that refuse; a context manager.

    A connection stays with its machine: when that goes, so does the connection, as with the real one.
    """

    def __init__(self, port: int, machines: Sequence[Endpoint]) -> None:
        self._turns = itertools.cycle(range(len(machines)))
        self._machines = machines
        self._listener = Listener(self._serve, port, backlog=512)
        self.endpoint = self._listener.endpoint

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, client: socket.socket) -> None:
        first = next(self._turns)
        for number in range(len(self._machines)):
            machine = self._machines[(first + number) % len(self._machines)]
            try:
                server = socket.create_connection((machine.address, machine.port), _CHECK_SECONDS)
            except OSError:
                continue
            with client, server:
                server.settimeout(None)
                _forward(client, server)
            return
        client.close()


def _forward(one: socket.socket, other: socket.socket) -> None:
    """Copy both ways until either side ends."""
    peers = {one: other, other: one}
    while True:
        ready, _, _ = select.select(list(peers), [], [])
        for source in ready:
            try:
                data = source.recv(_CHUNK)
                if not data:
                    return
                peers[source].sendall(data)
            except OSError:
                return
