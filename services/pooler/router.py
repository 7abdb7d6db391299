"""The router: lags in, choices out, once every check interval."""

import logging
import threading
import time
from collections.abc import Mapping

import psycopg

from services.pooler import pgbouncer
from services.pooler.choice import Choice
from services.pooler.configuration import Configuration
from services.pooler.lags import Lags
from services.pooler.status import Status

_LOG = logging.getLogger("read-router")


class Router:
    """Runs in the calling thread until `stop`."""

    def __init__(self, configuration: Configuration, status: Status) -> None:
        self._configuration = configuration
        self._status = status
        self.lags = Lags(configuration, self._notice)
        self._choices = {
            each.name: Choice(each.maximum_lag, configuration.recover_after) for each in configuration.services
        }
        self._console = pgbouncer.Console(configuration.console)
        self._chosen: dict[str, tuple[str, ...]] = {}
        self._faults: dict[str, str] = {}
        self._is_applied = False
        self._stopped = threading.Event()

    def run(self) -> None:
        """Check and choose until stopped."""
        self.lags.start(self._stopped)
        while not self._stopped.is_set():
            self.check(time.monotonic())
            self._stopped.wait(self._configuration.check_every)
        self.lags.stop()

    def stop(self) -> None:
        """End after the check that is being made."""
        self._stopped.set()

    def check(self, now: float) -> None:
        """Look at the last answers, choose, and tell PgBouncer when the choice is another one."""
        lags = self.lags.now(now)
        chosen = {name: choice.update(lags) for name, choice in self._choices.items()}
        if chosen != self._chosen:
            self._say(chosen, lags)
            self._chosen, self._is_applied = chosen, False
        self._status.record(lags, chosen, is_told=self._tell())

    def _tell(self) -> bool:
        """Tell PgBouncer what it does not know yet; returns whether it is there and knows."""
        fault = ""
        try:
            if self._is_applied:
                self._console.check()
            else:
                pgbouncer.write(self._configuration, pgbouncer.database_lines(self._configuration, self._chosen))
                self._console.settle(self._configuration.check_every, self._stopped)
                self._console.reload()
                self._is_applied = True
        except (psycopg.Error, OSError) as error:
            fault = " ".join(str(error).split())
        self._notice("PgBouncer", fault)
        return not fault

    def _notice(self, name: str, fault: str) -> None:
        if bool(self._faults.get(name, "")) != bool(fault):
            _LOG.warning("%s: %s", name, fault or "answers again")
        self._faults[name] = fault

    def _say(self, chosen: Mapping[str, tuple[str, ...]], lags: Mapping[str, float | None]) -> None:
        known = ", ".join(f"{name} {'unknown' if lag is None else f'{lag:.1f} s'}" for name, lag in lags.items())
        for name, replicas in chosen.items():
            if replicas != self._chosen.get(name):
                _LOG.warning("%s reads from %s (lag: %s)", name, ", ".join(replicas) or "the primary", known or "none")
