"""What recovery takes and loses on real servers: each procedure from the command to its last step, under a workload.

The simulated Admin API stands before real servers with an archived log. Cloud SQL's own times (making an instance,
copying a disk of a terabyte) are not in these figures; the commands' own, PostgreSQL's and what a log of a second loses
are.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg

from ops.recovery import moments, session
from ops.recovery.cloud import Pace
from ops.recovery.drill import DRILL
from ops.recovery.full import RESTORE_FULL
from ops.recovery.pit import RESTORE_PIT
from ops.recovery.steps import Procedure, Run
from ops.recovery.table import RESTORE_TABLE
from sandbox.bench.figure import Figure
from sandbox.servers.commits import Commits
from sandbox.servers.estate import STACK, RealEstate
from sandbox.servers.workspace import Workspace

ROWS = 200_000
"""Of the table beside the ledger, so that copying and comparing have something to do."""

_COMMITS = 200
_PACE = Pace(first_wait=0.01, poll=0.05, longest_poll=0.2)


class _Agreeing:
    """Says nothing, and agrees to everything."""

    def say(self, text: str) -> None:
        """Nothing: only figures are printed."""

    def asks(self, question: str, typed: str) -> bool:
        """Yes."""
        del question, typed
        return True


def recovery(folder: Path) -> Iterator[Figure]:
    """The rows of the benchmark; raises InstallError where this machine cannot."""
    yield from measured(folder, ROWS)


def measured(folder: Path, rows: int) -> Iterator[Figure]:
    """The same for a table of so many rows."""
    with Workspace() as workspace, RealEstate(workspace) as estate:
        variables = {**estate.real_variables(), session.FOLDER_VARIABLE: str(folder / "recovery")}
        with _environment(variables):
            _fill(estate, rows)
            # A backup of what is there now: replaying it from the first one on would be another figure.
            estate.servers.base(estate.primary)
            yield from _table(estate, rows)
            yield from _pit(estate)
            yield from _drill()
            # The last one, since it loses the primary.
            yield from _full(estate)


def _table(estate: RealEstate, rows: int) -> Iterator[Figure]:
    with Commits(estate.way) as commits:
        commits.wait_for(_COMMITS)
        good = commits.moment()
        estate.servers.window(estate.primary)
        with psycopg.connect(estate.way(), autocommit=True) as connection:
            connection.execute("DROP TABLE payload")
        run = _performed(RESTORE_TABLE, {"table": "public.payload", "moment": moments.rfc3339(good.at)})
    with psycopg.connect(estate.way()) as connection:
        found = connection.execute("SELECT count(*) FROM payload").fetchone()
    yield Figure("restore table, RTO", _took(run), "s", f"{rows} rows; REC-TABLE: 30 min to 2 h")
    yield Figure("restore table, rows lost", rows - (found[0] if found else 0), "", "target 0")


def _pit(estate: RealEstate) -> Iterator[Figure]:
    with Commits(estate.way) as commits:
        commits.wait_for(_COMMITS)
        good = commits.moment()
        commits.wait_for(_COMMITS)
        run = _performed(RESTORE_PIT, {"moment": moments.rfc3339(good.at)})
        recovered = set(_rows(estate.way(run.value("copy"))))
    newer = {row for row in recovered if row > max(good.rows)}
    yield Figure("restore pit, RTO", _took(run), "s", "REC-PITR: 15 min to 1 h")
    yield Figure("restore pit, commits before the moment lost", len(good.rows - recovered), "", "target 0")
    yield Figure("restore pit, commits after it brought back", len(newer - good.rows), "", "target 0")


def _drill() -> Iterator[Figure]:
    record = _performed(DRILL, {"kind": "pit"}).value("record")
    for name in ("rpo", "rto"):
        target = record[f"target_{name}_seconds"]
        yield Figure(
            f"drill, {name.upper()}", record[f"{name}_seconds"], "s", f"target ≤ {target:.0f}: {record['verdict']}"
        )


def _full(estate: RealEstate) -> Iterator[Figure]:
    with Commits(estate.way) as commits:
        commits.wait_for(_COMMITS)
        # In the middle of a log that goes on, as a workload of minutes would be.
        sent = estate.servers.sent(estate.primary)
        estate.servers.workspace.wait_for("the log goes on", lambda: estate.servers.sent(estate.primary) > sent + 1, 60)
        estate.servers.lose(estate.primary)
    run = _performed(RESTORE_FULL, {"source": "logs"})
    recovered = _rows(estate.way(run.value("copy")))
    lost = [at for row, at in commits.acknowledged.items() if row not in recovered]
    last = max(commits.acknowledged.values())
    yield Figure("restore full, RTO", _took(run), "s", "REC-FULL: 2 to 8 h")
    rpo = (last - min(lost, default=last)).total_seconds()
    yield Figure("restore full, RPO", rpo, "s", "target ≤ 60 (TGT-PG-RPO); log of 1 s, primary and disk lost")
    yield Figure("restore full, acknowledged commits lost", len(lost), "", f"of {len(commits.acknowledged)}")


def _performed(procedure: Procedure, options: Mapping[str, str]) -> Run:
    target = session.target_of(STACK)
    journal, _ = session.journal_for(procedure, STACK, options)
    return session.start(procedure, target, journal, _Agreeing(), agreed=True, pace=_PACE)


def _took(run: Run) -> float:
    """From the command to its last step's end."""
    ended = max(moments.from_rfc3339(step["ended"]) for step in run.journal.steps)
    return (ended - run.journal.begun).total_seconds()


def _fill(estate: RealEstate, rows: int) -> None:
    Commits.make_table(estate.way())
    with psycopg.connect(estate.way(), autocommit=True) as connection:
        connection.execute("CREATE TABLE payload (id bigint PRIMARY KEY, note text NOT NULL)")
        connection.execute(
            "INSERT INTO payload SELECT n, repeat(md5(n::text), 4) FROM generate_series(1, %s) AS n", (rows,)
        )


def _rows(way: str) -> dict[int, datetime]:
    with psycopg.connect(way) as connection:
        return dict(connection.execute("SELECT id, at FROM ledger").fetchall())


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
