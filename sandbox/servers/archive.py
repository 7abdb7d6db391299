"""Real PostgreSQL servers that archive their log, and copies of them to any moment of it, as Cloud SQL makes them.

    servers = ArchivedServers(workspace, install("postgres"))
    servers.create("primary")
    servers.clone("primary", "copy", moment)

They stand behind the simulated Admin API (`sandbox.api.sqladmin`), each on an address of its own and all on one port.
"""

import gzip
import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from sandbox.api.operations import OperationError
from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.process import ServerError, tail
from sandbox.servers.server import Endpoint
from sandbox.servers.workspace import Workspace

_CONFIGURATION = {
    "shared_buffers": "16MB",
    "wal_level": "replica",
    "archive_mode": "on",
    # A segment leaves at least every second, where Cloud SQL sends its log within five minutes.
    "archive_timeout": "1s",
    "min_wal_size": "32MB",
}
_ENDED_EARLY = "recovery ended before configured recovery target was reached"


@dataclass
class _Archive:
    """The log of one server, and its base backups with the moments at which they were complete.

    `reached` is the moment up to which it was last seen to hold the log; `is_full` that its disk takes nothing more.
    """

    log: Path
    bases: list[tuple[datetime, Path]] = field(default_factory=list)
    reached: datetime | None = None
    is_full: bool = False

    @property
    def held(self) -> datetime:
        """Up to when the log is known to be held."""
        return self.reached or self.bases[-1][0]


class ArchivedServers:
    """`sandbox.api.sqladmin.Databases` on real servers; `database` is made in each that begins empty."""

    def __init__(self, workspace: Workspace, programs: Installed, database: str = "triptrip") -> None:
        self.workspace = workspace
        self.port = workspace.claim_port()
        self.servers: dict[str, PostgresServer] = {}
        self._programs = programs
        self._database = database
        self._archives: dict[str, _Archive] = {}
        self._backups: dict[str, Path] = {}
        self._numbers = itertools.count(2)
        self._names = itertools.count(1)

    def create(self, name: str) -> str:
        """An empty server with its first base backup, from which its logs can be replayed."""
        server = self._server(name)
        server.start()
        self.create_database(name, self._database)
        self.base(name)
        return server.address

    def base(self, name: str) -> Path:
        """Take a base backup, with the log that it needs."""
        server, archive = self.servers[name], self._archives[name]
        place = self.workspace.make_folder(f"base-{next(self._names)}") / "data"
        words = ("--wal-method", "stream", "--checkpoint", "fast", "--no-sync", "--pgdata", str(place))
        environment = dict(server.environment())
        environment.pop("PGDATABASE")
        tool = (*self._programs.command("pg_basebackup"), *words)
        try:
            self.workspace.run(f"{place.parent.name}-backup", tool, environment)
        except ServerError as error:
            raise OperationError("INTERNAL_ERROR", "the backup failed") from error
        archive.bases.append((_now(), place))
        return place

    def clone(self, source: str, name: str, moment: datetime | None) -> str:
        """A copy of a server as it was at a moment, or at the end of its log; the source may be dead."""
        archive = self._archives[source]
        usable = [(ended, place) for ended, place in archive.bases if moment is None or ended <= moment]
        if not usable:
            raise OperationError("INTERNAL_ERROR", f"no base backup of {source} is as old as {moment}")
        if moment is None:
            self._send(source)
        server = self._server(name)
        self._copy(max(usable)[1], server)
        recovery = {"restore_command": f"cp {archive.log}/%f %p", "recovery_target_timeline": "current"}
        if moment is not None:
            recovery |= {
                "recovery_target_time": f"{moment:%Y-%m-%d %H:%M:%S.%f}+00",
                "recovery_target_action": "promote",
            }
        try:
            self._recover(server, recovery)
        except ServerError as error:
            if _ENDED_EARLY not in str(error):
                raise OperationError("INTERNAL_ERROR", f"recovery of {name} failed") from error
            # Every commit of the log is before the moment, so that all of it is what was asked for.
            recovery.pop("recovery_target_time")
            self._recover(server, recovery)
        return server.address

    def backup(self, source: str) -> str:
        """A backup by itself, without the log after it."""
        handle = f"backup-{len(self._backups) + 1}"
        self._backups[handle] = self.base(source)
        return handle

    def restore(self, backup: str, name: str) -> str:
        """A server of a backup; one of that name is replaced."""
        if name in self.servers:
            self.delete(name)
        server = self._server(name)
        self._copy(self._backups[backup], server)
        server.start()
        return server.address

    def window(self, name: str) -> tuple[datetime, datetime]:
        """From the first base backup to the end of what has been archived."""
        archive = self._archives.get(name)
        if archive is None or not archive.bases:
            raise OperationError("INTERNAL_ERROR", f"{name} has no logs")
        return archive.bases[0][0], self._send(name)

    def names(self, name: str) -> list[str]:
        """The databases of a server."""
        with self.servers[name].connect() as connection:
            return [row[0] for row in connection.execute("SELECT datname FROM pg_database")]

    def create_database(self, name: str, database: str) -> None:
        """Make a database."""
        with self.servers[name].connect() as connection:
            connection.execute(f'CREATE DATABASE "{database}"'.encode())

    def load(self, name: str, database: str, content: bytes) -> None:
        """Run a dump by psql, which stops at the first error."""
        script = self.workspace.make_folder(f"load-{next(self._names)}") / "dump.sql"
        packed = content[:2] == b"\x1f\x8b"
        try:
            self.workspace.write(script, (gzip.decompress(content) if packed else content).decode())
            words = (*self._programs.command("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")
            server = self.servers[name]
            self.workspace.run(script.parent.name, (*words, f"--file={script}"), server.environment(database))
        except (ServerError, EOFError, OSError) as error:
            raise OperationError("ERROR_RDBMS", f"the import into {name} failed") from error

    def delete(self, name: str) -> None:
        """Stop a server and remove its data; its archive stays."""
        server = self.servers.pop(name, None)
        if server is None:
            return
        server.stop("immediate")
        if server.data is not None:
            shutil.rmtree(server.data.parent)

    def sent(self, name: str) -> int:
        """How many files of its log a server has archived."""
        return sum(not file.name.startswith(".") for file in self._archives[name].log.iterdir())

    @contextmanager
    def full_log(self, name: str) -> Iterator[None]:
        """Meanwhile the disk of a server's archive takes nothing: the server keeps its log and tries again."""
        server, archive = self.servers[name], self._archives[name]
        own = dict(server.configuration)
        server.configure({**own, "archive_command": "cp %p /dev/full"})
        server.reload()
        archive.is_full = True
        try:
            yield
        finally:
            archive.is_full = False
            server.configure(own)
            server.reload()

    def lose(self, name: str) -> None:
        """Kill a server and take its disk away; its archive stays."""
        server = self.servers[name]
        server.kill()
        if server.data is not None:
            shutil.rmtree(server.data)

    def _server(self, name: str) -> PostgresServer:
        place = Endpoint(f"127.0.3.{next(self._numbers)}", self.port)
        # The name of a folder: a copy that is made anew under another attempt's address has another one.
        server = PostgresServer(self.workspace, self._programs, f"{name}-{next(self._names)}", None, place)
        log = self.workspace.make_folder(f"{server.name}-log")
        command = f"test ! -f {log}/%f && cp %p {log}/.%f.new && mv {log}/.%f.new {log}/%f"
        server.configuration = {**_CONFIGURATION, "archive_command": command}
        self.servers[name] = server
        self._archives[name] = _Archive(log)
        return server

    def _copy(self, base: Path, server: PostgresServer) -> None:
        data = self.workspace.make_folder(server.name) / "data"
        self.workspace.run(f"{server.name}-copy", ("/bin/cp", "-a", str(base), str(data)))
        server.data = data

    def _recover(self, server: PostgresServer, recovery: dict[str, str]) -> None:
        """Start a server that replays a log; its own settings are in force again after its next start."""
        own = dict(server.configuration)
        server.configure({**own, **recovery})
        if server.data is not None:
            self.workspace.write(server.data / "recovery.signal", "")
        server.launch()

        def is_over() -> bool:
            if not server.is_running:
                raise ServerError(f"{server.name} ended while it replayed its log\n{tail(server.log)}")
            try:
                return not server.is_standby
            except psycopg.OperationalError:
                return False

        try:
            self.workspace.wait_for(f"{server.name} has replayed its log", is_over, 120, server.log)
        finally:
            server.configure(own)

    def _send(self, name: str) -> datetime:
        """Let a running server archive what it has committed; returns the moment up to which the archive holds."""
        server, archive = self.servers.get(name), self._archives[name]
        if server is None or not server.is_running:
            files = [file.stat().st_mtime for file in archive.log.iterdir() if not file.name.startswith(".")]
            return datetime.fromtimestamp(max(files, default=archive.bases[-1][0].timestamp()), UTC)
        if archive.is_full:
            return archive.held
        with server.connect() as connection:
            # A commit after the moment, in the same segment: recovery to a moment ends at the first commit beyond it.
            row = connection.execute("SELECT clock_timestamp()").fetchone()
            connection.execute("SELECT pg_logical_emit_message(true, 'archive', 'moment')")
            segment = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        if row is None or segment is None:
            raise ServerError(f"{name} does not tell the time")

        def is_archived() -> bool:
            return (archive.log / str(segment[0])).exists()

        self.workspace.wait_for(f"{name} archives {segment[0]}", is_archived, 60, server.log)
        moment: datetime = row[0]
        archive.reached = moment.astimezone(UTC)
        return archive.reached


def _now() -> datetime:
    return datetime.now(UTC)
