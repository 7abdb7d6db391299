"""A port of loopback whose every connection is served in a thread of its own."""

import contextlib
import socket
import threading
from collections.abc import Callable

from sandbox.servers.server import LOOPBACK, Endpoint


class Listener:
    """Listens from the beginning until it is closed; a port of 0 is one that is free."""

    def __init__(self, serve: Callable[[socket.socket], None], port: int = 0, backlog: int = 128) -> None:
        self._serve = serve
        self._socket = socket.create_server((LOOPBACK, port), backlog=backlog)
        self.endpoint = Endpoint(LOOPBACK, self._socket.getsockname()[1])
        threading.Thread(target=self._accept, name="listener", daemon=True).start()

    def close(self) -> None:
        """Take no more connections; the open ones go on."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()
