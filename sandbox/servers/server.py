"""What every server of a workspace is: a process behind a port of loopback that clients of PostgreSQL speak to."""

import signal
import socket
from dataclasses import dataclass
from urllib.parse import quote

import psycopg

from sandbox.servers.install import Installed
from sandbox.servers.process import Process, ServerError
from sandbox.servers.template import SUPERUSER
from sandbox.servers.workspace import Workspace

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Endpoint:
    """Where a server listens; `address` is one of 127.0.0.0/8, which all are this machine's own."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


def listens(endpoint: Endpoint) -> bool:
    """Whether something accepts connections at an endpoint."""
    with socket.socket() as probe:
        return probe.connect_ex((endpoint.address, endpoint.port)) == 0


class Server:
    """A named server, not started; its endpoint stays the same over restarts: a free port unless one is given."""

    def __init__(self, workspace: Workspace, programs: Installed, name: str, endpoint: Endpoint | None = None) -> None:
        self.workspace = workspace
        self.programs = programs
        self.name = name
        self.endpoint = endpoint or Endpoint(LOOPBACK, workspace.claim_port())
        self.log = workspace.log_of(name)
        self._process: Process | None = None

    @property
    def address(self) -> str:
        """The address it listens on."""
        return self.endpoint.address

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.endpoint.port

    @property
    def is_running(self) -> bool:
        """Whether the first process lives."""
        return self._process is not None and self._process.is_running

    @property
    def pid(self) -> int:
        """The first process; ServerError when it was never started."""
        return self._running().pid

    def dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """A connection string for libpq and every client that reads its URLs."""
        account = f"{quote(user, safe='')}:{quote(self.workspace.password, safe='')}"
        return f"postgresql://{account}@{self.endpoint}/{database}"

    def connect(self, database: str = "postgres", user: str = SUPERUSER) -> psycopg.Connection:
        """A connection that commits every statement by itself."""
        return psycopg.connect(self.dsn(database, user), autocommit=True, connect_timeout=10)

    @property
    def is_listening(self) -> bool:
        """Whether something accepts connections there."""
        return listens(self.endpoint)

    def kill(self) -> None:
        """Kill the first process, as the kernel does when memory is short; what it started ends with it."""
        self.signal(signal.SIGKILL)
        self._running().wait(30)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the first process."""
        self._running().signal(number)

    def _running(self) -> Process:
        if self._process is None:
            raise ServerError(f"{self.name} was never started")
        return self._process

    def _still_starting(self) -> Process:
        """The process; ServerError with its log when it has ended while it was waited for."""
        process = self._running()
        if not process.is_running:
            raise ServerError(f"{self.name} ended with {process.wait(1)} while starting\n{process.tail()}")
        return process
