"""A real Redis 7.0 on a port of loopback, which persists as Memorystore does: snapshots (RDB), no append-only file."""

import signal
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from sandbox.servers.certificates import Certificate
from sandbox.servers.install import Installed
from sandbox.servers.process import Command
from sandbox.servers.server import Endpoint, Server
from sandbox.servers.workspace import Workspace

SNAPSHOT = "dump.rdb"
BLOCKED_COMMANDS = (
    *("ACL", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "LASTSAVE", "MIGRATE"),
    *("MONITOR", "OBJECT", "REPLICAOF", "SAVE", "SHUTDOWN"),
)
"""What Memorystore for Redis refuses (cloud.google.com/memorystore/docs/redis/product-constraints, read 2026-11-27)."""

_START_SECONDS = 30
_SAVE_SECONDS = 30


class RedisServer(Server):
    """One server whose data outlives its restarts as far as its last snapshot; clients sign in with the password.

    With a certificate it speaks TLS, as Memorystore does with its own.

    Snapshots are made when a client asks (BGSAVE), so that a test knows what is in the last one.
    """

    program = "redis-server"

    def __init__(
        self,
        workspace: Workspace,
        programs: Installed,
        name: str = "redis",
        certificate: Certificate | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        super().__init__(workspace, programs, name, endpoint)
        self._folder = workspace.make_folder(name)
        self._certificate = certificate

    @property
    def snapshot(self) -> Path:
        """The file that the server starts from and writes snapshots to."""
        return self._folder / SNAPSHOT

    @property
    def url(self) -> str:
        """The server with its password."""
        scheme = "rediss" if self._certificate else "redis"
        return f"{scheme}://:{self.workspace.password}@{self.endpoint}/0"

    def put(self, content: bytes) -> None:
        """Let the next start begin from an export, as an import does."""
        self.snapshot.unlink(missing_ok=True)
        self.snapshot.write_bytes(content)
        self.snapshot.chmod(0o600)
        self.workspace.account.own(self.snapshot)

    def start(self) -> None:
        """Start and wait until it has loaded its snapshot; ServerError with the log when it refuses."""
        configuration = self._folder / "redis.conf"
        lines: dict[str, object] = {
            "bind": self.address,
            **self._ports(),
            "daemonize": "no",
            "dir": self._folder,
            "dbfilename": SNAPSHOT,
            "appendonly": "no",
            "save": '""',
            "requirepass": self.workspace.password,
            "maxmemory-policy": "allkeys-lru",
            "notify-keyspace-events": "Ex",
            **self._replication(),
        }
        self.workspace.write(configuration, "".join(f"{key} {value}\n" for key, value in lines.items()))
        words = (*self.programs.command(self.program), str(configuration))
        self._process = self.workspace.start(Command(self.name, words, self._folder, self.log))
        self.workspace.wait_for(f"{self.name} answers", self._answers, _START_SECONDS, self.log)

    def _ports(self) -> dict[str, object]:
        """One port, which speaks TLS where there is a certificate and nothing else then."""
        if self._certificate is None:
            return {"port": self.port}
        self.workspace.write(self._folder / "server.crt", self._certificate.chain)
        self.workspace.write(self._folder / "server.key", self._certificate.key)
        files = {"tls-cert-file": self._folder / "server.crt", "tls-key-file": self._folder / "server.key"}
        return {"port": 0, "tls-port": self.port, "tls-auth-clients": "no", **files}

    def _replication(self) -> dict[str, object]:
        """How replicas come to it: at once when they ask, and not after a pause that gathers others."""
        return {"repl-diskless-sync-delay": 0, "masterauth": self.workspace.password}

    def stop(self, timeout: float = 30) -> None:
        """End it in order, which writes nothing here; nothing when it is down."""
        if self.is_running:
            self.signal(signal.SIGTERM)
            self._running().wait(timeout)

    def client(self) -> Redis:
        """A client that answers with text; close it."""
        tls: dict[str, Any] = {}
        if self._certificate is not None:
            tls = {"ssl_ca_data": self._certificate.authority, "ssl_check_hostname": False}
        return Redis.from_url(self.url, decode_responses=True, protocol=2, **tls)

    def promote(self) -> None:
        """Make a replica the primary, as a failover does: at once, with what it has heard by then."""
        with self.client() as client:
            client.execute_command("REPLICAOF", "NO", "ONE")

    def follow(self, primary: "RedisServer") -> None:
        """Become a replica of a primary, and drop what one's own content has beside it."""
        with self.client() as client:
            client.execute_command("REPLICAOF", primary.address, str(primary.port))

    def wait_until_it_follows(self) -> None:
        """Wait until a replica has its primary's content and hears its changes."""
        self.workspace.wait_for(f"{self.name} follows", self._follows, _START_SECONDS, self.log)

    def save(self) -> None:
        """Take a snapshot in the background, as the hourly one is taken, and wait for its end."""
        with self.client() as client:
            self.workspace.wait_for("a snapshot is begun", lambda: self._begins(client), _SAVE_SECONDS, self.log)
            self.workspace.wait_for(
                "the snapshot is written",
                lambda: client.info("persistence")["rdb_bgsave_in_progress"] == 0,
                _SAVE_SECONDS,
                self.log,
            )

    @staticmethod
    def _begins(client: Redis) -> bool:
        """Ask for a snapshot; while a replica is handed its content the server makes no other."""
        try:
            client.bgsave()
        except ResponseError as error:
            if "in progress" not in str(error):
                raise
            return False
        return True

    def _follows(self) -> bool:
        with self.client() as client:
            told: Any = client.info("replication")
        return bool(told["role"] == "slave" and told["master_link_status"] == "up")

    def _answers(self) -> bool:
        self._still_starting()
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            return False


class RedisReplica(RedisServer):
    """A replica of another server from its start on; it can be promoted."""

    def __init__(self, workspace: Workspace, programs: Installed, name: str, primary: RedisServer) -> None:
        super().__init__(workspace, programs, name)
        self._primary = primary
        self.program = primary.program

    def _replication(self) -> dict[str, object]:
        return {**super()._replication(), "replicaof": f"{self._primary.address} {self._primary.port}"}


class ValkeyServer(RedisServer):
    """A Valkey 8, which is configured as Redis is."""

    program = "valkey-server"


class BlockingServer(RedisServer):
    """A server that knows none of the commands that Memorystore blocks."""

    def _replication(self) -> dict[str, object]:
        return {f"rename-command {name}": '""' for name in BLOCKED_COMMANDS}
