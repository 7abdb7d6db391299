"""A real PostgreSQL server on a port of loopback."""

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from sandbox.servers.install import Installed
from sandbox.servers.process import Command, ServerError
from sandbox.servers.server import Endpoint, Server
from sandbox.servers.template import SUPERUSER, copy_template
from sandbox.servers.workspace import Workspace

StopMode = Literal["smart", "fast", "immediate"]

_STOP_SIGNALS: Mapping[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
_START_SECONDS = 60
_STATUS_LINE = 7
"""Line of postmaster.pid, from 0, that says `ready`, or `standby` on a server that only reads."""

_OURS: Mapping[str, str] = {
    # No file outside the data folder: neither sockets nor shared memory of a name that outlives a kill.
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    # Only the loss of the whole machine is survived by it, and that is not tested; a kill of the process is.
    "fsync": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
}
_ACCESS = "".join(f"host {database} all 127.0.0.0/8 scram-sha-256\n" for database in ("all", "replication"))


class PostgresServer(Server):
    """One server: `configuration` is laid over what the harness sets, as lines of postgresql.conf.

    Users sign in with the workspace's password (SCRAM). The port stays the same over restarts.
    """

    def __init__(
        self,
        workspace: Workspace,
        programs: Installed,
        name: str,
        configuration: Mapping[str, str] | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        super().__init__(workspace, programs, name, endpoint)
        self.configuration: dict[str, str] = dict(configuration or {})
        self.data: Path | None = None

    def environment(self, database: str = "postgres", user: str = SUPERUSER) -> Mapping[str, str]:
        """What PostgreSQL's own tools need in order to connect."""
        return {
            "PGHOST": self.address,
            "PGPORT": str(self.port),
            "PGUSER": user,
            "PGPASSWORD": self.workspace.password,
            "PGDATABASE": database,
        }

    def create(self) -> None:
        """Make an empty database cluster; done by the first start when nothing else has filled the data folder."""
        data = self.workspace.make_folder(self.name) / "data"
        copy_template(self.workspace, self.programs, self.name, data)
        self.data = data

    def create_from(self, primary: "PostgresServer") -> None:
        """Become a standby of a running server, with a replication slot of this server's name on it.

        The slot's name is the server's with underscores; replication reports the server's name as application_name.
        """
        data = self.workspace.make_folder(self.name) / "data"
        flags = ("--write-recovery-conf", "--create-slot", "--slot", self.slot, "--wal-method", "stream")
        words = (*self.programs.command("pg_basebackup"), "--pgdata", str(data), *flags, "--checkpoint", "fast")
        environment = {**primary.environment(), "PGAPPNAME": self.name}
        environment.pop("PGDATABASE")
        self.workspace.run(f"{self.name}-basebackup", (*words, "--no-sync"), environment)
        self.data = data

    @property
    def slot(self) -> str:
        """The name of the replication slot a standby of this name uses."""
        return self.name.replace("-", "_")

    def start(self) -> None:
        """Start and wait until connections are accepted; raises ServerError with the log when it does not come up."""
        self.launch()
        self.workspace.wait_for(f"{self.name} accepts connections", self._is_ready, _START_SECONDS, self.log)

    def launch(self) -> None:
        """Start without waiting, for a server that is to come up later or not at all."""
        if self.is_running:
            raise ServerError(f"{self.name} is running")
        if self.data is None:
            self.create()
        data = self._data()
        self._write_configuration()
        words = (*self.programs.command("postgres"), "-D", str(data))
        self._process = self.workspace.start(
            Command(self.name, words, data, self.log, stop_signal=signal.SIGQUIT, environment={"PGDATA": str(data)})
        )

    def wait_for_end(self, timeout: float = 60) -> int:
        """Wait until the server has ended by itself; returns its exit code."""
        return self._running().wait(timeout)

    def stop(self, mode: StopMode = "fast", timeout: float = 60) -> None:
        """Shut down as `pg_ctl stop -m` does; nothing when it is down."""
        if self.is_running:
            self.signal(_STOP_SIGNALS[mode])
            self._running().wait(timeout)

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop and start."""
        self.stop(mode)
        self.start()

    def configure(self, configuration: Mapping[str, str]) -> None:
        """Replace the configuration; a running server reads it at `reload`, or at its next start."""
        self.configuration = dict(configuration)
        if self.data is not None:
            self._write_configuration()

    def reload(self) -> None:
        """Make a running server read its configuration, and wait until it has."""
        with self.connect() as connection:
            before = connection.execute("SELECT pg_conf_load_time()").fetchone()
            self.signal(signal.SIGHUP)

            def is_read() -> bool:
                return connection.execute("SELECT pg_conf_load_time()").fetchone() != before

            self.workspace.wait_for(f"{self.name} reads its configuration", is_read, 10, self.log)

    def promote(self, timeout: int = 60) -> None:
        """Make a standby a primary, and wait until it takes writes."""
        with self.connect() as connection:
            row = connection.execute("SELECT pg_promote(true, %s)", (timeout,)).fetchone()
            if row != (True,):
                raise ServerError(f"{self.name} was not promoted in {timeout} s\n{self._running().tail()}")

    def pause_replay(self) -> None:
        """Let a standby replay nothing more, and wait until it does not."""
        with self.connect() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")

            def is_paused() -> bool:
                return connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",)

            self.workspace.wait_for(f"{self.name} pauses", is_paused, 10, self.log)

    def resume_replay(self) -> None:
        """Let a standby replay again; nothing when it does."""
        with self.connect() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")

    @property
    def is_standby(self) -> bool:
        """Whether the server is in recovery."""
        with self.connect() as connection:
            return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)

    def _place(self) -> Mapping[str, str]:
        return {"listen_addresses": self.address, "port": str(self.port)}

    def _data(self) -> Path:
        if self.data is None:
            raise ServerError(f"{self.name} has no data folder yet")
        return self.data

    def _is_ready(self) -> bool:
        process = self._still_starting()
        try:
            lines = (self._data() / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        # The file of a killed server stays until the next one writes its own.
        is_its_own = len(lines) > _STATUS_LINE and lines[0] == str(process.pid)
        return is_its_own and lines[_STATUS_LINE].strip() in ("ready", "standby")

    def _write_configuration(self) -> None:
        data = self._data()
        settings = {**_OURS, "cluster_name": self.name, **self._place(), **self.configuration}
        self.workspace.write(data / "postgresql.conf", configuration_text(settings))
        self.workspace.write(data / "pg_hba.conf", _ACCESS)


def configuration_text(settings: Mapping[str, str]) -> str:
    """The lines of a postgresql.conf, every value quoted."""
    return "".join(f"{name} = {_quoted(value)}\n" for name, value in sorted(settings.items()))


def _quoted(value: str) -> str:
    """A value as postgresql.conf reads it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
