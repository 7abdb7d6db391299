"""A real process killed beside each step of a recovery: nothing live is lost, the next run goes on to the same end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ops.recovery import moments
from ops.recovery.steps import Procedure, Run
from sandbox.servers.commits import Commits, Moment, rows_of
from sandbox.servers.estate import RealEstate
from tests.integration.recovery.commands import performed
from tests.integration.recovery.killer import PROCEDURES
from tests.stacks import ROOT

KILLER = Path(__file__).with_name("killer.py")


@dataclass(frozen=True)
class Workload:
    """A live ledger, a moment at which its rows were good, and every row that was acknowledged."""

    estate: RealEstate
    good: Moment
    acknowledged: frozenset[int]

    @property
    def moment(self) -> str:
        """The good moment, as a command takes it."""
        return moments.rfc3339(self.good.at)


def _rows_deleted(load: Workload) -> Mapping[str, str]:
    with psycopg.connect(load.estate.way(), autocommit=True) as connection:
        connection.execute("DELETE FROM ledger WHERE id = ANY(%s)", (sorted(load.good.rows)[::3],))
    return {"table": "public.ledger", "rule": "missing", "moment": load.moment}


def _rows_are_back(load: Workload, run: Run) -> None:
    assert rows_of(load.estate.way()) == load.acknowledged
    assert deleted(load.estate) == [run.value("copy")]


def _rows_corrupted(load: Workload) -> Mapping[str, str]:
    with psycopg.connect(load.estate.way(), autocommit=True) as connection:
        connection.execute("UPDATE ledger SET note = 'corrupted'")
    return {"moment": load.moment, "promote": "yes"}


def _clone_is_live(load: Workload, run: Run) -> None:
    copy = run.value("copy")
    assert rows_of(load.estate.way(copy)) == load.good.rows
    assert load.estate.behind(load.estate.write_name) == [load.estate.address(copy)]
    assert rows_of(load.estate.way()) == load.acknowledged, "what was live is as it was"
    assert deleted(load.estate) == []


def _server_lost(load: Workload) -> Mapping[str, str]:
    load.estate.servers.window(load.estate.primary)
    load.estate.servers.lose(load.estate.primary)
    return {"source": "logs"}


def _new_instance_is_live(load: Workload, run: Run) -> None:
    copy = run.value("copy")
    assert rows_of(load.estate.way(copy)) == load.acknowledged
    assert load.estate.behind(load.estate.write_name) == [load.estate.address(copy)]
    assert deleted(load.estate) == []


def _nothing_lost(_: Workload) -> Mapping[str, str]:
    return {"kind": "pit"}


def _drill_is_on_record(load: Workload, run: Run) -> None:
    [name] = [each for each in load.estate.storage.names(load.estate.bucket) if each.startswith("drills/")]
    record = json.loads(load.estate.storage.content(load.estate.bucket, name))
    assert (record["run"], record["kind"]) == (run.journal.run, "pit")
    assert deleted(load.estate) == [run.value("copy")]
    assert load.estate.behind(load.estate.write_name) == [load.estate.address(load.estate.primary)]
    assert rows_of(load.estate.way()) == load.acknowledged


@dataclass(frozen=True)
class Scenario:
    """A loss, which tells the command's options, and what must hold in the end; `sample` is killed at in every run."""

    lose: Callable[[Workload], Mapping[str, str]]
    holds: Callable[[Workload, Run], None]
    sample: frozenset[tuple[str, str]]


SCENARIOS: Mapping[str, Scenario] = {
    "restore table": Scenario(
        _rows_deleted, _rows_are_back, frozenset({("extract", "after"), ("merge", "before"), ("merge", "after")})
    ),
    "restore pit": Scenario(_rows_corrupted, _clone_is_live, frozenset({("clone", "after")})),
    "restore full": Scenario(_server_lost, _new_instance_is_live, frozenset({("instance", "after")})),
    "drill": Scenario(_nothing_lost, _drill_is_on_record, frozenset({("record", "after")})),
}


def cases(procedure: Procedure) -> Iterator[object]:
    """Each side of each step; `make faults` takes them all."""
    sample = SCENARIOS[procedure.name].sample
    for step in procedure.steps:
        for side in ("before", "after"):
            marks = () if (step.id, side) in sample else pytest.mark.faults
            yield pytest.param(procedure.name, step.id, side, id=f"{procedure.name}: {side} {step.id}", marks=marks)


@pytest.fixture
def load(estate: RealEstate) -> Workload:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(60)
        good = commits.moment()
        estate.servers.window(estate.primary)
        commits.wait_for(20)
    return Workload(estate, good, frozenset(commits.acknowledged))


def deleted(estate: RealEstate) -> list[str]:
    return [call["instance"] for call in estate.api.asked("sql.instances.delete")]


def killed(words: tuple[str, ...], options: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 # our own script
        [sys.executable, str(KILLER), *words, json.dumps(options)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "step", "side"), [case for procedure in PROCEDURES.values() for case in cases(procedure)]
)
def test_a_kill_beside_a_step_loses_nothing(load: Workload, name: str, step: str, side: str) -> None:
    options = SCENARIOS[name].lose(load)
    done = killed((name, step, side), options)
    assert done.returncode == -signal.SIGKILL, done.stderr
    run = performed(PROCEDURES[name], options)
    assert run.journal.has_ended
    SCENARIOS[name].holds(load, run)
