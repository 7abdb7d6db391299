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
from services.pooler.lag import PrimaryHistory
from services.pooler.probes import Probe
from services.pooler.router import FIRST_ANSWERS_SECONDS, HISTORY_FACTOR, PRIMARY_SAMPLES

_ASK_SECONDS = 2


class Agent(socketserver.ThreadingTCPServer):
    """Answers with the last check's choice, and chooses in the calling thread."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, configuration: Configuration, port: int, word: str) -> None:
        super().__init__((LOOPBACK, port), _Question, bind_and_activate=False)
        every, limit = configuration.check_every, configuration.services[0].maximum_lag
        self.word = word
        self.chosen: tuple[str, ...] = ()
        self._every = every
        self._fresh_seconds = every + configuration.answer_within
        self._history = PrimaryHistory(HISTORY_FACTOR * limit)
        self._choice = Choice(limit, configuration.recover_after)
        self._primary = Probe(configuration, configuration.primary, every / PRIMARY_SAMPLES, self._history.add)
        self._replicas = {name: Probe(configuration, host, every) for name, host in configuration.replicas.items()}

    def choose(self) -> None:
        """Check and choose, for ever; answers from the first choice on."""
        probes = (self._primary, *self._replicas.values())
        for probe in probes:
            probe.start()
        deadline = time.monotonic() + FIRST_ANSWERS_SECONDS
        while not all(probe.has_answered for probe in probes) and time.monotonic() < deadline:
            time.sleep(0.02)
        # A replica's answer counts only after one of the primary: one more round, or all would start as lagging.
        time.sleep(self._every)
        self._check()
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        while True:
            time.sleep(self._every)
            self._check()

    def _check(self) -> None:
        now = time.monotonic()
        self.chosen = self._choice.update({name: self._lag(probe, now) for name, probe in self._replicas.items()})

    def _lag(self, probe: Probe, now: float) -> float | None:
        answer = probe.answer
        if answer.sample is None or not answer.is_standby or now - answer.sample.sent > self._fresh_seconds:
            return None
        return self._history.lag(answer.sample)


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
