"""A command that is killed anywhere: before and after each step, and before and after each single call to Google."""

from collections.abc import Callable
from typing import Any

import pytest

from ops.recovery.cloud import bucket, dns, sql
from ops.recovery.steps import Watcher
from sandbox.servers.estate import Estate
from tests.ops.recovery.scenarios import SCENARIOS, check_live_untouched, perform

_SAMPLE = 9
"""In every run one call of so many; `make faults` kills at each."""


class Killed(BaseException):
    """The process is gone: nothing in it may catch this."""


def finished(estate: Estate, name: str) -> None:
    """The next run goes on to the same end as if nothing had happened."""
    run = perform(SCENARIOS[name])
    check_live_untouched(estate)
    SCENARIOS[name].holds(estate, run.value("copy"))
    assert run.journal.has_ended


@pytest.mark.parametrize(
    ("name", "step", "side"),
    [
        pytest.param(name, step.id, side, id=f"{name}: {side} {step.id}")
        for name, scenario in SCENARIOS.items()
        for step in scenario.procedure.steps
        for side in ("before", "after")
    ],
)
def test_a_kill_beside_a_step(estate: Estate, name: str, step: str, side: str) -> None:
    def kill(at: str) -> None:
        if at == step:
            raise Killed

    SCENARIOS[name].prepare(estate)
    with pytest.raises(Killed):
        perform(SCENARIOS[name], Watcher(**{side: kill}))
    check_live_untouched(estate)
    finished(estate, name)


def _killing(monkeypatch: pytest.MonkeyPatch, number: int, *, after: bool) -> Callable[[], int]:
    """Kill at a call, by its number; returns a counter of the calls so far."""
    count = 0

    def wrapped(real: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            if count == number and not after:
                raise Killed
            try:
                return real(*arguments)
            finally:
                if count == number:
                    raise Killed

        return asked

    for module in (sql, dns, bucket):
        monkeypatch.setattr(module, "asked", wrapped(module.asked))
    return lambda: count


_COUNTS = {
    "table at a moment": 25,
    "table of a backup": 21,
    "pit": 19,
    "full of logs": 19,
    "full of a backup": 19,
    "full of a deleted instance's backup": 21,
    "full of an export": 28,
    "drill": 25,
}
"""More than each takes; a number beyond the last call is a run without a kill."""


_CALLS = [
    pytest.param(
        name,
        number,
        after,
        id=f"{name}: {'after' if after else 'before'} call {number}",
        marks=() if number % _SAMPLE == _SAMPLE // 2 else pytest.mark.faults,
    )
    for name, most in _COUNTS.items()
    for number in range(1, most + 1)
    for after in (False, True)
]


@pytest.mark.parametrize(("name", "number", "after"), _CALLS)
def test_a_kill_at_a_call(estate: Estate, monkeypatch: pytest.MonkeyPatch, name: str, number: int, after: bool) -> None:
    SCENARIOS[name].prepare(estate)
    with monkeypatch.context() as patched:
        calls = _killing(patched, number, after=after)
        try:
            perform(SCENARIOS[name])
        except Killed:
            assert calls() == number
        else:
            assert calls() < number, "the run has ended before the kill"
            return
    check_live_untouched(estate)
    finished(estate, name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_command_takes_more_calls_than_are_killed_at(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    SCENARIOS[name].prepare(estate)
    calls = _killing(monkeypatch, 0, after=False)
    perform(SCENARIOS[name])
    assert calls() <= _COUNTS[name]
