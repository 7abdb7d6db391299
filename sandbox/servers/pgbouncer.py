"""A real PgBouncer in front of real servers."""

import re
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from infra.settings.postgres import PoolerSettings
from sandbox.servers.install import Installed
from sandbox.servers.pgbouncer_config import Backend, Place, open_files, render
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.process import Command, ServerError
from sandbox.servers.server import Server
from sandbox.servers.template import SUPERUSER
from sandbox.servers.workspace import Workspace

_START_SECONDS = 20


class PgBouncer(Server):
    """One pooler; `databases` says which server each of its databases stands for.

    The database `pgbouncer` is its own, for statistics. Its users are those of the first server that can sign in, by
    the secrets that server keeps. Raises LimitError at `start` when this machine allows it too few open files.
    """

    def __init__(
        self,
        workspace: Workspace,
        programs: Installed,
        name: str,
        pooler: PoolerSettings,
        databases: Mapping[str, tuple[PostgresServer, str]],
    ) -> None:
        super().__init__(workspace, programs, name)
        self.pooler = pooler
        self.databases = dict(databases)
        self._folder: Path | None = None

    @property
    def resident_bytes(self) -> int:
        """Memory of the pooler that is in RAM."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        if found is None:
            raise ServerError(f"{self.name} is not running")
        return int(found[1]) * 1024

    def show(self, what: str) -> list[dict[str, Any]]:
        """The rows of one of the pooler's own tables, such as POOLS or CLIENTS."""
        # The console speaks the simple protocol only, as psycopg's client-side cursor does.
        with (
            self.connect("pgbouncer") as connection,
            psycopg.ClientCursor(connection, row_factory=dict_row) as cursor,
        ):
            return cursor.execute(f"SHOW {what}".encode()).fetchall()

    def start(self) -> None:
        """Start and wait until clients are accepted; raises ServerError with the log when it does not come up."""
        if self.is_running:
            raise ServerError(f"{self.name} is running")
        self._folder = self._folder or self.workspace.make_folder(self.name)
        configuration, users = self._write_configuration(self._folder)
        needed = open_files(self.pooler, len(self.databases), users)
        words = (*self.programs.command("pgbouncer"), str(configuration))
        self._process = self.workspace.start(
            Command(self.name, words, self._folder, self.log, stop_signal=signal.SIGQUIT, open_files=needed)
        )
        self.workspace.wait_for(f"{self.name} accepts clients", self._is_ready, _START_SECONDS, self.log)

    def stop(self, timeout: float = 30) -> None:
        """Shut down at once, clients and all; nothing when it is down."""
        if self.is_running:
            self._running().signal(signal.SIGQUIT)
            self._running().wait(timeout)

    def _is_ready(self) -> bool:
        self._still_starting()
        with socket.socket() as probe:
            return probe.connect_ex((self.address, self.port)) == 0

    def _write_configuration(self, folder: Path) -> tuple[Path, int]:
        """The file, and the number of users it lets in."""
        users = folder / "users.txt"
        server, _ = next(iter(self.databases.values()))
        with server.connect() as connection:
            query = "SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin AND rolpassword IS NOT NULL"
            secrets = connection.execute(query).fetchall()
        self.workspace.write(users, "".join(f'"{name}" "{secret}"\n' for name, secret in secrets))
        backends = {
            name: Backend(server.address, server.port, database) for name, (server, database) in self.databases.items()
        }
        configuration = folder / "pgbouncer.ini"
        place = Place(self.address, self.port, str(users), SUPERUSER)
        self.workspace.write(configuration, render(self.pooler, place, backends))
        return configuration, len(secrets)
