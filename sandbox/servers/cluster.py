"""A primary and its streaming standbys, each with a slot, all real.

All listen on one port, each on an address of its own, as instances of a cloud do.
"""

from collections.abc import Mapping

from sandbox.servers.install import Installed
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.server import Endpoint
from sandbox.servers.workspace import Workspace

_REPLICATION: Mapping[str, str] = {
    "wal_level": "replica",
    "hot_standby": "on",
    # A standby's reports are what its lag is read from; the default of 10 s is too long for a test.
    "wal_receiver_status_interval": "1s",
}


class Cluster:
    """`primary` and `standbys`; configurations are laid over what replication needs.

    A standby's configuration is laid over the primary's, since a standby refuses to start with less (hot standby).
    """

    def __init__(
        self,
        workspace: Workspace,
        programs: Installed,
        standbys: int = 2,
        configuration: Mapping[str, str] | None = None,
        standby_configuration: Mapping[str, str] | None = None,
    ) -> None:
        self.workspace = workspace
        own = {**_REPLICATION, **(configuration or {})}
        port = workspace.claim_port()
        self.primary = PostgresServer(workspace, programs, "primary", own, Endpoint("127.0.0.2", port))
        self.standbys = [
            PostgresServer(
                workspace,
                programs,
                f"standby-{number + 1}",
                {**own, **(standby_configuration or {})},
                Endpoint(f"127.0.0.{number + 3}", port),
            )
            for number in range(standbys)
        ]

    @property
    def servers(self) -> tuple[PostgresServer, ...]:
        """The primary, then the standbys."""
        return (self.primary, *self.standbys)

    def start(self) -> None:
        """Start all of them and wait until every standby streams; raises ServerError with a log otherwise."""
        self.primary.start()
        for standby in self.standbys:
            standby.create_from(self.primary)
            standby.start()
        self.wait_until_streaming()

    def fail_over(self) -> PostgresServer:
        """Put the standby that has received most into the dead primary's place: promoted, and on its address.

        The others follow it, as they do where a failover keeps the disk: their slots are made on it. Returns it; it is
        no standby any more.
        """
        received = {standby: self._received(standby) for standby in self.standbys if standby.is_running}
        chosen = max(received, key=lambda standby: received[standby])
        self.standbys.remove(chosen)
        with chosen.connect() as connection:
            for standby in self.standbys:
                connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", (standby.slot,))
        chosen.promote()
        chosen.stop()
        chosen.endpoint = self.primary.endpoint
        chosen.start()
        self.primary = chosen
        return chosen

    @staticmethod
    def _received(standby: PostgresServer) -> int:
        with standby.connect() as connection:
            row = connection.execute("SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint").fetchone()
        return row[0] if row else 0

    def wait_until_streaming(self, timeout: float = 30) -> None:
        """Wait until every running standby streams from the primary."""
        names = {standby.name for standby in self.standbys if standby.is_running}

        def stream() -> bool:
            return names <= self.streaming()

        self.workspace.wait_for(f"{', '.join(sorted(names))} stream", stream, timeout, self.primary.log)

    def streaming(self) -> set[str]:
        """The standbys that stream from the primary now."""
        with self.primary.connect() as connection:
            rows = connection.execute("SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'")
            return {row[0] for row in rows}

    def catch_up(self, timeout: float = 30) -> None:
        """Wait until every running standby has replayed all that the primary has written so far."""
        with self.primary.connect() as connection:
            row = connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone()
        target = row[0] if row else "0/0"
        for standby in self.standbys:
            if standby.is_running:
                with standby.connect() as connection:

                    def replayed() -> bool:
                        query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
                        return connection.execute(query, (target,)).fetchone() == (True,)

                    self.workspace.wait_for(f"{standby.name} replays {target}", replayed, timeout, standby.log)
