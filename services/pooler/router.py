"""The router: probes in, choices out, once every check interval."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence

import psycopg

from services.pooler import pgbouncer
from services.pooler.choice import Choice
from services.pooler.configuration import Configuration
from services.pooler.lag import PrimaryHistory
from services.pooler.probes import Answer, Probe
from services.pooler.status import Status

_LOG = logging.getLogger("read-router")

HISTORY_FACTOR = 2
"""How many times the largest limit is remembered: enough to tell a lag beyond it from one that is unknown."""


FIRST_ANSWERS_SECONDS = 3.0
"""How long the first choice waits for servers that have not answered yet."""

PRIMARY_SAMPLES = 5
"""Questions to the primary in a check interval: the finer, the less a replica that keeps up seems to lag."""


class Router:
    """Runs in the calling thread until `stop`."""

    def __init__(self, configuration: Configuration, status: Status) -> None:
        self._configuration = configuration
        self._status = status
        self.history = PrimaryHistory(HISTORY_FACTOR * max(each.maximum_lag for each in configuration.services))
        self._choices = {
            each.name: Choice(each.maximum_lag, configuration.recover_after) for each in configuration.services
        }
        every = configuration.check_every
        self.primary = Probe(configuration, configuration.primary, every / PRIMARY_SAMPLES, self.history.add)
        self.replicas = {name: Probe(configuration, host, every) for name, host in configuration.replicas.items()}
        self._console = pgbouncer.Console(configuration.console)
        self._chosen: dict[str, tuple[str, ...]] = {}
        self._faults: dict[str, str] = {}
        self._is_applied = False
        self._stopped = threading.Event()

    def run(self) -> None:
        """Check and choose until stopped."""
        probes = [self.primary, *self.replicas.values()]
        for probe in probes:
            probe.start()
        self._wait_for_first_answers(probes)
        while not self._stopped.is_set():
            self.check(time.monotonic())
            self._stopped.wait(self._configuration.check_every)
        for probe in probes:
            probe.stop()

    def _wait_for_first_answers(self, probes: Sequence[Probe]) -> None:
        """The first choice would otherwise fall before them, on the primary; a server that hangs is not waited for."""
        deadline = time.monotonic() + FIRST_ANSWERS_SECONDS
        while not all(probe.has_answered for probe in probes) and time.monotonic() < deadline:
            self._stopped.wait(0.02)

    def stop(self) -> None:
        """End after the check that is being made."""
        self._stopped.set()

    def check(self, now: float) -> None:
        """Look at the last answers, choose, and tell PgBouncer when the choice is another one."""
        self._fresh("primary", self.primary.answer, now)
        lags = {name: self._lag(name, probe.answer, now) for name, probe in self.replicas.items()}
        chosen = {name: choice.update(lags) for name, choice in self._choices.items()}
        if chosen != self._chosen:
            self._say(chosen, lags)
            self._chosen, self._is_applied = chosen, False
        is_told = self._tell()
        self._status.record(lags, chosen, is_told=is_told)

    def _lag(self, name: str, answer: Answer, now: float) -> float | None:
        fresh = self._fresh(name, answer, now)
        if fresh.sample is None:
            return None
        # A replica that takes writes has left its primary: what it holds is another history.
        return self.history.lag(fresh.sample) if fresh.is_standby else None

    def _fresh(self, name: str, answer: Answer, now: float) -> Answer:
        """The answer, or none when it is too old.

        While the primary does not answer, replicas are compared with the last that is known of it: they keep serving
        what they have, since nothing newer can be had.
        """
        limit = self._configuration.check_every + self._configuration.answer_within
        if answer.sample is not None and now - answer.sample.sent > limit:
            answer = Answer(None, fault=f"no answer for {now - answer.sample.sent:.1f} s")
        self._notice(name, answer.fault)
        return answer

    def _notice(self, name: str, fault: str) -> None:
        if bool(self._faults.get(name, "")) != bool(fault):
            _LOG.warning("%s: %s", name, fault or "answers again")
        self._faults[name] = fault

    def _tell(self) -> bool:
        """Tell PgBouncer what it does not know yet; returns whether it is there and knows."""
        fault = ""
        try:
            if self._is_applied:
                self._console.check()
            else:
                pgbouncer.write(self._configuration, pgbouncer.database_lines(self._configuration, self._chosen))
                self._console.reload()
                self._is_applied = True
        except (psycopg.Error, OSError) as error:
            fault = " ".join(str(error).split())
        self._notice("PgBouncer", fault)
        return not fault

    def _say(self, chosen: Mapping[str, tuple[str, ...]], lags: Mapping[str, float | None]) -> None:
        known = ", ".join(f"{name} {'unknown' if lag is None else f'{lag:.1f} s'}" for name, lag in lags.items())
        for name, replicas in chosen.items():
            if replicas != self._chosen.get(name):
                _LOG.warning("%s reads from %s (lag: %s)", name, ", ".join(replicas) or "the primary", known or "none")
