"""HAProxy in front of a tier's servers: reads over the standbys by connection, the primary when there is none."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from psycopg.conninfo import make_conninfo

from infra.derive.pooler_units import FOLDER
from sandbox.servers import as_account
from sandbox.servers.install import Installed
from sandbox.servers.process import Command, Process
from sandbox.servers.server import LOOPBACK, Endpoint, Server, listens
from sandbox.servers.tier import ROOT, Tier

Word = Literal["down", "drain"]
"""What becomes of a standby that lags: `down` ends its sessions, `drain` only keeps new ones away."""

_START_SECONDS = 20
_OPEN_FILES = 1024
_PRIMARY_CONNECTIONS = 100
_CONFIGURATION = """
global
  maxconn 200
defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
  retries 3
  option redispatch 1
listen reads
  bind {endpoint}
  balance roundrobin
  option pgsql-check user {user}
  default-server check inter 500 fall 2 rise 2 on-marked-down shutdown-sessions
{servers}
"""
# The agent's answer `down` marks a server as down, as a failed check does.
_STANDBY = (
    "  server {name} {endpoint} agent-check agent-addr {agent.address} agent-port {agent.port} agent-inter 500 "
    'agent-send "{name}\\n" on-marked-up shutdown-backup-sessions'
)
_PRIMARY = "  server primary {endpoint} backup maxconn {most}"


class HAProxy(Server):
    """HAProxy and its agent; TLS passes through it to the servers."""

    def __init__(self, tier: Tier, programs: Installed, word: Word = "down") -> None:
        super().__init__(tier.workspace, programs, f"haproxy-{word}")
        self._tier = tier
        self._word = word
        self._agent_endpoint = Endpoint(LOOPBACK, tier.workspace.claim_port())
        self._agent: Process | None = None

    @property
    def way(self) -> str:
        """Libpq's keywords for a client."""
        return make_conninfo(self._tier.direct(), host=self.address, port=self.port)

    def start(self) -> None:
        """Start the agent, then HAProxy; raises ServerError with the log when it does not come up."""
        folder = self.workspace.make_folder(self.name)
        router, port = self._tier.machines[0].file(f"{FOLDER}/read-router.json"), str(self._agent_endpoint.port)
        module = "sandbox.servers.routers.agent"
        words = as_account.words(self.workspace.account, module, str(router), port, self._word)
        name = f"{self.name}-agent"
        log = self.workspace.log_of(name)
        self._agent = self.workspace.start(Command(name, words, ROOT, log, changes_user=True))
        self.workspace.wait_for(f"{name} answers", lambda: listens(self._agent_endpoint), _START_SECONDS, log)
        file = folder / "haproxy.cfg"
        self.workspace.write(file, self._configuration())
        self._process = self.workspace.start(
            Command(
                self.name,
                (*self.programs.command("haproxy"), "-db", "-f", str(file)),
                folder,
                self.log,
                open_files=_OPEN_FILES,
            )
        )
        self.workspace.wait_for(f"{self.name} accepts clients", self._is_ready, _START_SECONDS, self.log)

    def stop(self) -> None:
        """Stop both at once."""
        self.signal(signal.SIGTERM)
        self._running().wait(10)
        if self._agent is not None:
            self._agent.end()

    def _is_ready(self) -> bool:
        self._still_starting()
        return self.is_listening

    def _configuration(self) -> str:
        standbys = (
            _STANDBY.format(name=key, endpoint=self._tier.server(key).endpoint, agent=self._agent_endpoint)
            for key in self._tier.pooler_replicas
        )
        primary = _PRIMARY.format(endpoint=self._tier.cluster.primary.endpoint, most=_PRIMARY_CONNECTIONS)
        return _CONFIGURATION.format(
            endpoint=self.endpoint, user=self._tier.users[0], servers="\n".join((*standbys, primary))
        )


@contextmanager
def haproxy(tier: Tier, programs: Installed, word: Word = "down") -> Iterator[HAProxy]:
    """A started HAProxy that is stopped at the end of the block."""
    made = HAProxy(tier, programs, word)
    made.start()
    try:
        yield made
    finally:
        made.stop()
