"""A real process killed beside each step of a table's recovery: nothing live is lost, the next run goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from ops.recovery import moments
from ops.recovery.table import RESTORE_TABLE
from sandbox.servers.commits import Commits
from sandbox.servers.estate import RealEstate
from tests.integration.recovery.commands import performed
from tests.stacks import ROOT

KILLER = Path(__file__).with_name("killer.py")
SAMPLE = {("extract", "after"), ("merge", "before"), ("merge", "after")}
"""In every run; `make faults` kills beside each step."""

CASES = [
    pytest.param(step.id, side, id=f"{side} {step.id}", marks=() if (step.id, side) in SAMPLE else pytest.mark.faults)
    for step in RESTORE_TABLE.steps
    for side in ("before", "after")
]


@pytest.mark.parametrize(("step", "side"), CASES)
def test_a_kill_beside_a_step_loses_nothing(estate: RealEstate, step: str, side: str) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(60)
        good = commits.moment()
        estate.servers.window(estate.primary)
        with psycopg.connect(estate.way(), autocommit=True) as connection:
            connection.execute("DELETE FROM ledger WHERE id = ANY(%s)", (sorted(good.rows)[::3],))
        moment = moments.rfc3339(good.at)
        words = [sys.executable, str(KILLER), step, side, moment]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(  # noqa: S603 # our own script
            words,
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        run = performed(RESTORE_TABLE, {"table": "public.ledger", "rule": "missing", "moment": moment})
    with psycopg.connect(estate.way()) as connection:
        rows = {row[0] for row in connection.execute("SELECT id FROM ledger")}
    assert rows == set(commits.acknowledged)
    assert [call["instance"] for call in estate.api.asked("sql.instances.delete")] == [run.value("copy")]
    assert list(estate.sql.instances) == [(estate.project, estate.primary)]
