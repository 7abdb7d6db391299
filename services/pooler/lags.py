"""How far behind every replica is now: probes of all servers, and the primary's history that they are held against."""

import threading
import time
from collections.abc import Callable, Mapping

from services.pooler.configuration import Configuration
from services.pooler.lag import PrimaryHistory
from services.pooler.probes import Answer, PrimaryProbe, Probe

FIRST_ANSWERS_SECONDS = 3.0
"""How long a start waits for servers that have not told anything yet."""

_HISTORY_FACTOR = 2
"""How many times the largest limit is remembered: enough to tell a lag beyond it from one that is unknown."""

_PRIMARY_SAMPLES = 5
"""Questions to the primary in a check interval: the finer, the less a replica that keeps up seems to lag."""


class Lags:
    """Asks until stopped. `notice` is told of every server's fault, and of an empty one when it answers."""

    def __init__(self, configuration: Configuration, notice: Callable[[str, str], None] = lambda *_: None) -> None:
        every = configuration.check_every
        self._notice = notice
        self._fresh_seconds = every + configuration.answer_within
        self.history = PrimaryHistory(_HISTORY_FACTOR * max(each.maximum_lag for each in configuration.services))
        self.primary = PrimaryProbe(configuration, configuration.primary, every / _PRIMARY_SAMPLES, self.history.add)
        self.replicas = {name: Probe(configuration, host, every) for name, host in configuration.replicas.items()}

    def start(self, stopped: threading.Event) -> None:
        """Begin to ask, and wait until each replica's lag can be told, or why not; not for a server that hangs.

        A replica's answer counts only after one of the primary: the first choice would otherwise fall on the primary.
        """
        for probe in (self.primary, *self.replicas.values()):
            probe.start()
        deadline = time.monotonic() + FIRST_ANSWERS_SECONDS
        while time.monotonic() < deadline and not stopped.wait(0.02) and not self._is_told():
            continue

    def stop(self) -> None:
        """Ask no more."""
        for probe in (self.primary, *self.replicas.values()):
            probe.stop()

    def now(self, moment: float) -> Mapping[str, float | None]:
        """Seconds behind by replica; None for one that cannot be told.

        While the primary does not answer, replicas are compared with the last that is known of it: they keep serving
        what they have, since nothing newer can be had.
        """
        self._fresh("primary", self.primary.answer, moment)
        self._notice("heartbeat", self.primary.heart_fault)
        return {name: self._lag(self._fresh(name, probe.answer, moment)) for name, probe in self.replicas.items()}

    def _lag(self, answer: Answer) -> float | None:
        # A replica that takes writes has left its primary: what it holds is another history.
        return self.history.lag(answer.sample) if answer.sample is not None and answer.is_standby else None

    def _fresh(self, name: str, answer: Answer, moment: float) -> Answer:
        """The answer, or none when it is too old."""
        if answer.sample is not None and moment - answer.sample.sent > self._fresh_seconds:
            answer = Answer(None, fault=f"no answer for {moment - answer.sample.sent:.1f} s")
        self._notice(name, answer.fault)
        return answer

    def _is_told(self) -> bool:
        answers = [probe.answer for probe in self.replicas.values()]
        if not (self.primary.has_answered and all(probe.has_answered for probe in self.replicas.values())):
            return False
        return self.primary.answer.sample is None or all(
            answer.sample is None or not answer.is_standby or self._lag(answer) is not None for answer in answers
        )
