"""`python -m sandbox.servers.routers.agent ROUTER.JSON PORT WORD`: tells HAProxy which replicas keep up.

HAProxy asks on loopback with a replica's name; the answer is `ready up`, or WORD (`down` or `drain`) for one that lags
beyond the limit of the first read service, or that cannot be asked. The lag is measured as our own router does.
"""

import socketserver
import sys
import threading
import time
from pathlib import Path

from sandbox.servers.server import LOOPBACK
from services.pooler.choice import Choice
from services.pooler.configuration import Configuration
from services.pooler.lags import Lags

_ASK_SECONDS = 2


class Agent(socketserver.ThreadingTCPServer):
    """Answers with the last check's choice, and chooses in the calling thread."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, configuration: Configuration, port: int, word: str) -> None:
        super().__init__((LOOPBACK, port), _Question, bind_and_activate=False)
        self.word = word
        self.chosen: tuple[str, ...] = ()
        self._every = configuration.check_every
        self._lags = Lags(configuration)
        self._choice = Choice(configuration.services[0].maximum_lag, configuration.recover_after)

    def choose(self) -> None:
        """Check and choose until the process ends; answers from the first choice on."""
        never = threading.Event()
        self._lags.start(never)
        self._check()
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        while not never.wait(self._every):
            self._check()

    def _check(self) -> None:
        self.chosen = self._choice.update(self._lags.now(time.monotonic()))


class _Question(socketserver.StreamRequestHandler):
    timeout = _ASK_SECONDS

    def handle(self) -> None:
        agent = self.server
        assert isinstance(agent, Agent)  # noqa: S101 # for the type checker
        name = self.rfile.readline().decode("ascii", "replace").strip()
        answer = "ready up" if name in agent.chosen else agent.word
        self.wfile.write(f"{answer}\n".encode("ascii"))


def main(arguments: list[str]) -> int:
    """Run until killed."""
    file, port, word = arguments
    Agent(Configuration.read(Path(file)), int(port), word).choose()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
