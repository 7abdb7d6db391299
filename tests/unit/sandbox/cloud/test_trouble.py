"""Trouble comes where the plan says, as often as it says, and the same way every time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cloud import CloudError, Resource
from sandbox.cloud.errors import PartialFailureError
from sandbox.cloud.trouble import Plan, Trouble

if TYPE_CHECKING:
    from pathlib import Path

SQL = "gcp:sql/databaseInstance:DatabaseInstance"
MADE = Resource("id", {"name": "x"})


def _run(trouble: Trouble, operation: Any = "create", token: str = SQL, name: str = "primary") -> Any:
    return asyncio.run(trouble.around(operation, token, name, lambda: MADE))


def _plan(*events: dict[str, Any], **rest: Any) -> Trouble:
    return Trouble(Plan.model_validate({"events": events, **rest}))


def test_without_events_nothing_goes_wrong() -> None:
    assert _run(_plan()) == MADE


def test_a_refusal_stops_the_operation() -> None:
    trouble = _plan({"match": {"type": "gcp:sql/*", "operation": "create"}, "do": "refuse", "message": "not today"})
    done: list[str] = []
    with pytest.raises(CloudError, match="not today"):
        asyncio.run(trouble.around("create", SQL, "primary", lambda: done.append("made")))
    assert done == []
    assert _run(trouble, "update") == MADE
    assert _run(trouble, "create", "gcp:kms/keyRing:KeyRing") == MADE


def test_quota_names_the_service() -> None:
    with pytest.raises(CloudError, match=r"Error 429: .*'sql'"):
        _run(_plan({"do": "quota"}))


def test_failing_halfway_leaves_the_resource() -> None:
    with pytest.raises(PartialFailureError) as failure:
        _run(_plan({"do": "fail_halfway"}))
    assert failure.value.resource == MADE


def test_a_deletion_that_fails_halfway_took_effect() -> None:
    done: list[str] = []
    with pytest.raises(CloudError, match="took effect"):
        asyncio.run(_plan({"do": "fail_halfway"}).around("delete", SQL, "primary", lambda: done.append("deleted")))
    assert done == ["deleted"]


def test_only_the_nth_matching_operation() -> None:
    trouble = _plan({"match": {"name": "p*", "nth": 2}, "do": "refuse"})
    assert _run(trouble) == MADE
    assert _run(trouble, name="other") == MADE
    with pytest.raises(CloudError):
        _run(trouble)
    assert _run(trouble) == MADE


def test_a_share_is_drawn_by_the_seed() -> None:
    def refused(seed: int) -> list[str]:
        trouble = _plan({"match": {"share": 0.5}, "do": "refuse"}, seed=seed)
        names = []
        for number in range(40):
            try:
                _run(trouble, name=str(number))
            except CloudError:
                names.append(str(number))
        return names

    assert refused(1) == refused(1)
    assert refused(1) != refused(2)
    assert 10 <= len(refused(1)) <= 30


@pytest.mark.parametrize(("when", "done"), [("before", []), ("after", ["made"])])
def test_a_kill_comes_before_or_after_the_effect(monkeypatch: pytest.MonkeyPatch, when: str, done: list[str]) -> None:
    killed: list[tuple[int, int]] = []

    def kill(pid: int, number: int) -> None:
        killed.append((pid, number))
        raise SystemExit

    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setenv("TRIPTRIP_ENGINE_PID", "4242")
    happened: list[str] = []
    with pytest.raises(SystemExit):
        asyncio.run(
            _plan({"do": "kill", "when": when}).around("create", SQL, "primary", lambda: happened.append("made"))
        )
    assert killed == [(4242, signal.SIGKILL)]
    assert happened == done


def test_latency_is_slept_not_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    _run(_plan({"do": "latency", "seconds": 2.5}))
    _run(_plan(latency_scale=0.001))
    _run(_plan(latency_scale=0.001), "delete", "gcp:memcache/instance:Instance")
    assert slept == [2.5, 0.48]


def test_operations_are_logged_in_order(tmp_path: Path) -> None:
    log = tmp_path / "operations.jsonl"
    trouble = _plan(log=str(log))
    _run(trouble)
    _run(trouble, "delete", name="other")
    assert [json.loads(line) for line in log.read_text().splitlines()] == [
        {"order": 1, "type": SQL, "name": "primary", "operation": "create"},
        {"order": 2, "type": SQL, "name": "other", "operation": "delete"},
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "JSON"),
        ('{"events": [{"do": "explode"}]}', r"events\.0\.do"),
        ('{"event": []}', "event"),
        ('{"events": [{"do": "refuse", "match": {"nth": 0}}]}', r"events\.0\.match\.nth"),
    ],
)
def test_a_wrong_plan_is_told(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "trouble.json"
    file.write_text(content)
    with pytest.raises(CloudError, match=said):
        Trouble.from_file(str(file))


def test_a_missing_plan_is_told(tmp_path: Path) -> None:
    with pytest.raises(CloudError, match="No such file"):
        Trouble.from_file(str(tmp_path / "none.json"))
