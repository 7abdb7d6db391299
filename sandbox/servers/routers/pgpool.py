"""pgpool-II in front of a tier's servers: reads over the standbys by statement, TLS on both sides."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo

from sandbox.servers.install import Installed
from sandbox.servers.postgres import configuration_text
from sandbox.servers.process import Command
from sandbox.servers.server import Server
from sandbox.servers.template import SUPERUSER
from sandbox.servers.tier import Tier

BY_TIME: Mapping[str, str] = {"delay_threshold_by_time": "1000"}
"""Milliseconds, by the primary's column replay_lag."""
BY_BYTES: Mapping[str, str] = {"delay_threshold": "8192"}
"""Bytes of the primary's log that a standby has not replayed: about a second of the comparison's writer."""

_START_SECONDS = 20
_SETTINGS: Mapping[str, str] = {
    "backend_clustering_mode": "streaming_replication",
    # A process holds one client and a connection to every server.
    "num_init_children": "48",
    "max_pool": "1",
    "load_balance_mode": "on",
    "statement_level_load_balance": "on",
    "prefer_lower_delay_standby": "on",
    "sr_check_period": "1",
    "sr_check_user": SUPERUSER,
    "sr_check_database": "postgres",
    "health_check_period": "1",
    "health_check_timeout": "2",
    "health_check_user": SUPERUSER,
    "connect_timeout": "1000",
    "failover_on_backend_error": "on",
    # Otherwise a standby that was away stays away until an operator attaches it.
    "auto_failback": "on",
    "auto_failback_interval": "2",
    "enable_pool_hba": "on",
    "pool_passwd": "pool_passwd",
    "ssl": "on",
    "use_watchdog": "off",
    "pcp_listen_addresses": "",
}
_FOLDERS = ("logdir", "work_dir", "unix_socket_directories", "pcp_socket_dir", "wd_ipc_socket_dir")


class Pgpool(Server):
    """One pgpool-II; `threshold` is the lag that it allows, in pgpool's own words."""

    def __init__(
        self, tier: Tier, programs: Installed, name: str = "pgpool", threshold: Mapping[str, str] = BY_TIME
    ) -> None:
        super().__init__(tier.workspace, programs, name)
        self._tier = tier
        self._threshold = threshold

    @property
    def way(self) -> str:
        """Libpq's keywords for a client."""
        return make_conninfo(self._tier.direct(), host=self.address, port=self.port)

    def start(self) -> None:
        """Start and wait until a query is answered; raises ServerError with the log when none is."""
        folder = self.workspace.make_folder(self.name)
        access = "hostssl all all 127.0.0.0/8 scram-sha-256\n"
        # It signs in to the servers by itself, hence the passwords: a secret of SCRAM is not enough.
        users = (SUPERUSER, *self._tier.users)
        passwords = "".join(f"{user}:TEXT{self.workspace.password}\n" for user in users)
        files = {
            "pool_hba.conf": access,
            "pool_passwd": passwords,
            "pcp.conf": "",
            "key.pem": self._tier.certificate.key,
            "certificate.pem": self._tier.certificate.chain,
        }
        settings = {
            **_SETTINGS,
            **self._threshold,
            **self._backends(),
            "listen_addresses": self.address,
            "port": str(self.port),
            "pcp_port": str(self.workspace.claim_port()),
            "ssl_key": str(folder / "key.pem"),
            "ssl_cert": str(folder / "certificate.pem"),
            "pid_file_name": str(folder / "pgpool.pid"),
            **dict.fromkeys(_FOLDERS, str(folder)),
        }
        for name, text in {**files, "pgpool.conf": configuration_text(settings)}.items():
            self.workspace.write(folder / name, text)
        places = ("-f", "pgpool.conf", "-F", "pcp.conf", "-a", "pool_hba.conf")
        flags = (word if word.startswith("-") else str(folder / word) for word in places)
        words = (*self.programs.command("pgpool"), "-n", "-D", *flags)
        self._process = self.workspace.start(
            Command(self.name, words, folder, self.log, stop_signal=signal.SIGINT, environment={"HOME": str(folder)})
        )
        self.workspace.wait_for(f"{self.name} answers", self._is_ready, _START_SECONDS, self.log)

    def stop(self) -> None:
        """Shut down at once, clients and all."""
        self.signal(signal.SIGINT)
        self._running().wait(30)

    def _backends(self) -> Mapping[str, str]:
        servers = self._tier.cluster.servers
        return {
            f"backend_{what}{number}": value
            for number, server in enumerate(servers)
            for what, value in {
                "hostname": server.address,
                "port": str(server.port),
                # Reads go to the primary only when no standby can serve them.
                "weight": "0" if server is self._tier.cluster.primary else "1",
                "application_name": server.name,
                "flag": "ALLOW_TO_FAILOVER",
            }.items()
        }

    def _is_ready(self) -> bool:
        self._still_starting()
        try:
            with psycopg.connect(self.way) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False


@contextmanager
def pgpool(
    tier: Tier, programs: Installed, name: str = "pgpool", threshold: Mapping[str, str] = BY_TIME
) -> Iterator[Pgpool]:
    """A started pgpool that is stopped at the end of the block."""
    made = Pgpool(tier, programs, name, threshold)
    made.start()
    try:
        yield made
    finally:
        made.stop()
