"""The start of the probes: the first choice waits for what can be told, and for nothing that cannot."""

import threading
import time
from collections.abc import Callable

import pytest

from services.pooler import probes
from services.pooler.lag import Sample
from services.pooler.lags import Lags
from services.pooler.probes import Answer, Probe
from tests.unit.services.pooler.examples import CONFIGURATION


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], Answer]]:
    """What each server says, by host; no server is asked."""
    said: dict[str, Callable[[], Answer]] = {}
    hosts: dict[int, str] = {}
    made = probes.Probe.__init__

    def remember(self: Probe, configuration: object, host: str, *more: object) -> None:
        made(self, configuration, host, *more)  # type: ignore[arg-type] # what the class itself is given
        hosts[id(self)] = host

    monkeypatch.setattr(Probe, "__init__", remember)
    monkeypatch.setattr(Probe, "_ask", lambda self: said[hosts[id(self)]]())
    return said


def standby() -> Answer:
    return Answer(Sample(time.monotonic(), 100), is_standby=True)


def primary() -> Answer:
    return Answer(Sample(time.monotonic(), 100))


def test_a_replica_that_answers_before_the_primary_does_is_waited_for(answers: dict[str, Callable[[], Answer]]) -> None:
    late = time.monotonic() + 0.3

    def slow() -> Answer:
        time.sleep(max(0.0, late - time.monotonic()))
        return primary()

    answers.update({"pg-primary": slow, "pg-b": standby, "pg-c": standby})
    lags = Lags(CONFIGURATION)
    lags.start(threading.Event())
    assert lags.now(time.monotonic()) == {"b": 0, "c": 0}
    lags.stop()


def test_a_server_that_refuses_is_not_waited_for(
    answers: dict[str, Callable[[], Answer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.pooler.lags.FIRST_ANSWERS_SECONDS", 3600)
    faults: dict[str, str] = {}
    answers.update({"pg-primary": primary, "pg-b": lambda: Answer(None, fault="refused"), "pg-c": standby})
    lags = Lags(CONFIGURATION, faults.__setitem__)
    lags.start(threading.Event())
    assert lags.now(time.monotonic())["b"] is None
    assert faults["b"] == "refused"
    lags.stop()


def test_a_start_that_is_stopped_ends(answers: dict[str, Callable[[], Answer]]) -> None:
    hanging = threading.Event()

    def hang() -> Answer:
        hanging.wait(10)
        return primary()

    answers.update({"pg-primary": hang, "pg-b": standby, "pg-c": standby})
    stopped = threading.Event()
    stopped.set()
    lags = Lags(CONFIGURATION)
    lags.start(stopped)
    assert not lags.primary.has_answered
    hanging.set()
    lags.stop()
