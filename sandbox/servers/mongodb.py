"""A real server of MongoDB's protocol on a port of loopback: SecantusDB, which stands in for what Atlas runs.

No registry ships MongoDB's own server. Against that (8.0) it differs in what tests here must know: it has no text
index, ignores `hidden` in collMod, lets readWrite run collMod, tells no privileges, answers nothing to those who lose
the race for an upsert, and compares dates with $$NOW wrongly unless both are made numbers (0.7.0b3, 2026-11-25).
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from sandbox.servers import as_account
from sandbox.servers.install import Installed
from sandbox.servers.process import Command
from sandbox.servers.server import Server
from sandbox.servers.workspace import Workspace

_START_SECONDS = 60
_ROOT = Path(__file__).resolve().parents[2]


class MongodbServer(Server):
    """One server whose data outlives its restarts; everybody may do everything unless it is started with `auth`."""

    def __init__(self, workspace: Workspace, programs: Installed, name: str = "mongodb") -> None:
        super().__init__(workspace, programs, name)
        self._data = workspace.make_folder(name) / "data"

    def uri(self, user: str | None = None, database: str = "") -> str:
        """A connection string; a user signs in with the workspace's password, against `database`."""
        who = f"{user}:{quote(self.workspace.password, safe='')}@" if user else ""
        return f"mongodb://{who}{self.endpoint}/{database}"

    def start(self, *, auth: bool = False) -> None:
        """Start and wait until it answers; raises ServerError with the log when it does not come up."""
        flags = ("--host", self.address, "--port", str(self.port), "--storage-path", str(self._data))
        arguments = (*flags, "--cache-size", "64M", *(("--auth",) if auth else ()))
        self._process = self.workspace.start(
            Command(
                self.name,
                as_account.words(self.workspace.account, "sandbox.servers.secantusd", *arguments),
                _ROOT,
                self.log,
                environment={"PYTHONPATH": str(self.programs.folder / "packages"), "HOME": str(self._data.parent)},
                changes_user=True,
            )
        )
        self.workspace.wait_for(f"{self.name} answers", self._answers, _START_SECONDS, self.log)

    def add_user(self, name: str, database: str, roles: Sequence[str]) -> None:
        """Make a user of a database; the server must have been started without `auth`."""
        with MongoClient[dict[str, object]](self.uri()) as client:
            client[database].command("createUser", name, pwd=self.workspace.password, roles=list(roles))

    def stop(self, timeout: float = 60) -> None:
        """End it as a service manager does; nothing when it is down."""
        if self.is_running:
            self._running().end(timeout)

    def _answers(self) -> bool:
        self._still_starting()
        try:
            with MongoClient[dict[str, object]](self.uri(), serverSelectionTimeoutMS=500) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True
