"""REC-PITR and REC-FULL on real servers: exactly what had been committed before the chosen moment comes back."""

import signal
from datetime import timedelta

import psycopg
import pytest

from ops.recovery import moments, session
from ops.recovery.errors import RecoveryError, RefusedError
from ops.recovery.full import RESTORE_FULL
from ops.recovery.journal import Journal
from ops.recovery.pit import RESTORE_PIT
from sandbox.servers.commits import Commits, rows_of
from sandbox.servers.estate import RealEstate
from tests.integration.recovery.commands import Listener, performed


def deletions(estate: RealEstate) -> list[str]:
    return [call["instance"] for call in estate.api.asked("sql.instances.delete")]


def test_corrupted_rows_are_as_they_were_before_a_known_moment(estate: RealEstate) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(50)
        good = commits.moment()
        commits.wait_for(20)
        with psycopg.connect(estate.way(), autocommit=True) as connection:
            connection.execute("UPDATE ledger SET note = 'corrupted'")
        commits.wait_for(20)
        run = performed(RESTORE_PIT, {"moment": moments.rfc3339(good.at), "promote": "yes"})
        copy = run.value("copy")
    assert rows_of(estate.way(copy)) == good.rows
    with psycopg.connect(estate.way(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM ledger WHERE note = 'corrupted'").fetchone() == (0,)
    assert estate.behind(estate.write_name) == [estate.address(copy)]
    assert rows_of(estate.way()) >= frozenset(commits.acknowledged)
    assert deletions(estate) == []


def test_a_primary_killed_in_the_middle_of_a_workload_loses_nothing_before_the_moment(estate: RealEstate) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(50)
        moment = commits.moment()
        # Its log is kept by then, as it is in the cloud after some minutes.
        estate.servers.window(estate.primary)
        commits.wait_for(20)
        estate.server_of(estate.primary).signal(signal.SIGKILL)
    estate.servers.lose(estate.primary)
    run = performed(RESTORE_FULL, {"source": "logs"})
    recovered = rows_of(estate.way(run.value("copy")))
    assert moment.rows <= recovered
    assert recovered - frozenset(commits.acknowledged) <= frozenset(range(max(commits.acknowledged) + 5)), (
        "at most what was under way"
    )
    assert estate.behind(estate.write_name) == [estate.address(run.value("copy"))]
    assert deletions(estate) == []


@pytest.mark.parametrize(
    ("shift", "message"),
    [
        (timedelta(days=-30), "is before the kept logs"),
        (timedelta(days=1), "is in the future"),
    ],
)
def test_a_wrong_moment_is_told_before_anything_is_made(estate: RealEstate, shift: timedelta, message: str) -> None:
    earliest, _ = estate.servers.window(estate.primary)
    with pytest.raises(RecoveryError, match=message):
        performed(RESTORE_PIT, {"moment": moments.rfc3339(earliest + shift)})
    assert list(estate.sql.instances) == [(estate.project, estate.primary)]


def test_while_the_disk_of_the_logs_is_full_newer_moments_wait_and_are_not_lost(estate: RealEstate) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(30)
        good = commits.moment()
        estate.servers.window(estate.primary)
        with estate.servers.full_log(estate.primary):
            commits.wait_for(30)
            later = commits.moment()
            run = performed(RESTORE_PIT, {"moment": moments.rfc3339(good.at)})
            assert rows_of(estate.way(run.value("copy"))) == good.rows
            with pytest.raises(RecoveryError, match="is not in the logs yet"):
                performed(RESTORE_PIT, {"moment": moments.rfc3339(later.at)})
            assert len(estate.sql.instances) == 2, "nothing was made for a moment that is not there"
        commits.wait_for(10)
    run = performed(RESTORE_PIT, {"moment": moments.rfc3339(later.at)})
    assert rows_of(estate.way(run.value("copy"))) == later.rows


def test_without_logs_and_backups_an_export_comes_back_with_its_counts_checked(estate: RealEstate) -> None:
    estate.export(
        "CREATE TABLE ledger (id bigint PRIMARY KEY, note text NOT NULL); INSERT INTO ledger VALUES (1, 'a'), (2, 'b')",
        {"public.ledger": 2},
    )
    estate.servers.lose(estate.primary)
    del estate.sql.instances[estate.project, estate.primary]
    listener = Listener()
    run = performed(RESTORE_FULL, {"source": "auto", "no_switch": "yes"}, listener)
    assert rows_of(estate.way(run.value("copy"))) == {1, 2}
    assert any("not from logs" in line for line in listener.said)
    assert any("not from backup" in line for line in listener.said)


def test_the_last_good_moment_is_asked_of_the_live_database_which_is_only_read(estate: RealEstate) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(30)
        good = commits.moment()
        with psycopg.connect(estate.way(), autocommit=True) as connection:
            connection.execute("UPDATE ledger SET note = 'corrupted' WHERE id > %s", (max(good.rows),))
        estate.servers.window(estate.primary)
    query = f"SELECT max(at) FROM ledger WHERE id = ANY(ARRAY{sorted(good.rows)})"  # noqa: S608 # numbers of ours
    run = performed(RESTORE_PIT, {"last_good": query, "check": "SELECT count(*) > 0 FROM ledger"})
    assert rows_of(estate.way(run.value("copy"))) <= good.rows
    for wrong, message in (
        ("DELETE FROM ledger RETURNING now()", "read-only transaction"),
        ("SELECT 'yesterday'", "one timestamptz"),
    ):
        with pytest.raises(RecoveryError, match=message):
            performed(RESTORE_PIT, {"last_good": wrong})
        estate_runs = Journal.unfinished(session.folder(), RESTORE_PIT.name, "dev")
        for journal in estate_runs:
            journal.path.unlink()


def test_a_clone_that_answers_false_is_not_promoted(estate: RealEstate) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(30)
        good = commits.moment()
        estate.servers.window(estate.primary)
    options = {"moment": moments.rfc3339(good.at), "promote": "yes", "check": "SELECT count(*) = 0 FROM ledger"}
    with pytest.raises(RefusedError, match=r"SELECT count\(\*\) = 0 FROM ledger: False"):
        performed(RESTORE_PIT, options)
    assert estate.behind(estate.write_name) == [estate.address(estate.primary)]


def test_a_dropped_database_comes_back_as_it_was(estate: RealEstate) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(40)
        good = commits.moment()
        commits.wait_for(10)
        with estate.server_of(estate.primary).connect() as connection:
            connection.execute("DROP DATABASE triptrip WITH (FORCE)")
    run = performed(RESTORE_PIT, {"moment": moments.rfc3339(good.at), "promote": "yes"})
    assert rows_of(estate.way(run.value("copy"))) == good.rows
    assert estate.behind(estate.write_name) == [estate.address(run.value("copy"))]
    assert deletions(estate) == []
