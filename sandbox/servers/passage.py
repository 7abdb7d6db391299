"""One address before servers that change places, as Memorystore's own is; it can watch what passes, and cut it off."""

import contextlib
import socket
import threading
from collections.abc import Callable
from enum import Enum, auto
from types import TracebackType
from typing import Self

from sandbox.servers.listener import Listener
from sandbox.servers.server import Endpoint

_CHUNK = 1 << 20


class Fate(Enum):
    """What becomes of a request."""

    PASSED = auto()
    CUT = auto()
    """The server never sees it, and the connection ends."""
    LOST = auto()
    """The server does it, and the connection ends before its answer."""


Watch = Callable[[bytes], Fate]


class Passage:
    """Passes connections on to one server; a context manager. `watch` decides over each request of a client."""

    def __init__(self, target: Endpoint) -> None:
        self._target = target
        self.watch: Watch = lambda _: Fate.PASSED
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._listener = Listener(self._serve)

    @property
    def endpoint(self) -> Endpoint:
        """Where clients connect to."""
        return self._listener.endpoint

    def switch(self, target: Endpoint, *, cuts: bool = True) -> None:
        """Lead to another server: new connections go there, the open ones end unless they are left."""
        with self._lock:
            self._target = target
        if cuts:
            self.cut()

    def hold(self) -> None:
        """Keep back what servers say until `release`."""
        self._flows.clear()

    def release(self) -> None:
        """Let flow what was held back."""
        self._flows.set()

    def cut(self) -> None:
        """End every open connection."""
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.cut()
        self.release()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, self._connect() as server:
            with self._lock:
                self._open |= {client, server}
            try:
                self._pass_on(client, server)
            finally:
                with self._lock:
                    self._open -= {client, server}

    def _connect(self) -> socket.socket:
        with self._lock:
            target = self._target
        return socket.create_connection((target.address, target.port), 5)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        server.settimeout(None)
        delivers = threading.Event()
        delivers.set()
        back = threading.Thread(target=self._return, args=(server, client, delivers), daemon=True)
        back.start()
        while data := client.recv(_CHUNK):
            fate = self.watch(data)
            if fate is Fate.CUT:
                break
            if fate is Fate.LOST:
                delivers.clear()
            server.sendall(data)
            if fate is Fate.LOST:
                # Its answer is the sign that it was done.
                back.join(10)
                break
        for one in (client, server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        back.join(10)

    def _return(self, server: socket.socket, client: socket.socket, delivers: threading.Event) -> None:
        """Pass answers back until one is not to be delivered."""
        with contextlib.suppress(OSError):
            while data := server.recv(_CHUNK):
                self._flows.wait()
                if not delivers.is_set():
                    return
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
