"""Drills on real servers: what was achieved is kept, what does not hold is told, and the throw-away instance goes."""

import json
from typing import Any

import psycopg
import pytest

from ops.recovery import moments
from ops.recovery.drill import DRILL
from ops.recovery.errors import RecoveryError
from ops.recovery.full import RESTORE_FULL
from ops.recovery.steps import Watcher
from ops.recovery.table import RESTORE_TABLE
from sandbox.servers.commits import Commits, rows_of
from sandbox.servers.estate import RealEstate
from tests.integration.recovery.commands import Listener, performed

DUMP = "CREATE TABLE ledger (id bigint PRIMARY KEY, note text NOT NULL);\nINSERT INTO ledger VALUES (1, 'a'), (2, 'b');"


def record(estate: RealEstate) -> dict[str, Any]:
    names = [name for name in estate.storage.names(estate.bucket) if name.startswith("drills/")]
    assert len(names) == 1
    found: dict[str, Any] = json.loads(estate.storage.content(estate.bucket, names[0]))
    return found


def torn_down(estate: RealEstate) -> None:
    assert list(estate.sql.instances) == [(estate.project, estate.primary)]
    assert estate.behind(estate.write_name) == [estate.address(estate.primary)]


def test_a_drill_of_a_moment_is_measured(estate: RealEstate) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(50)
        performed(DRILL, {"kind": "pit"})
    found = record(estate)
    assert found["verdict"] == "met"
    assert {check["check"] for check in found["checks"]} >= {"takes writes", "has data", "indexes are valid"}
    torn_down(estate)


def test_a_drill_of_an_export_counts_every_table(estate: RealEstate) -> None:
    estate.export(DUMP, {"public.ledger": 2})
    performed(DRILL, {"kind": "export"})
    assert record(estate)["verdict"] == "met"
    torn_down(estate)


def test_a_drill_of_an_export_that_lost_rows_fails_and_is_kept(estate: RealEstate) -> None:
    estate.export(DUMP, {"public.ledger": 3})
    listener = Listener()
    performed(DRILL, {"kind": "export"}, listener)
    found = record(estate)
    assert found["verdict"] == "failed"
    assert any(check["found"] == "public.ledger 2 of 3" for check in found["checks"])
    torn_down(estate)


def test_a_backup_comes_back_in_a_new_instance(estate: RealEstate) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(30)
    before = rows_of(estate.way())
    estate.sql.add_backup(estate.project, estate.primary)
    with psycopg.connect(estate.way(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS nothing")
        connection.execute("DELETE FROM ledger")
    run = performed(RESTORE_FULL, {"source": "backup"})
    assert rows_of(estate.way(run.value("copy"))) == before
    assert estate.behind(estate.write_name) == [estate.address(run.value("copy"))]
    assert rows_of(estate.way()) == frozenset()


def test_an_instance_that_somebody_deleted_comes_back_of_the_backup_that_was_kept(estate: RealEstate) -> None:
    Commits.make_table(estate.way())
    with Commits(estate.way) as commits:
        commits.wait_for(30)
    before = rows_of(estate.way())
    estate.sql.add_backup(estate.project, estate.primary)
    estate.lose_instance()
    estate.servers.delete(estate.primary)
    run = performed(RESTORE_FULL, {"source": "auto"})
    assert run.value("source") == "backup"
    assert rows_of(estate.way(run.value("copy"))) == before
    assert estate.behind(estate.write_name) == [estate.address(run.value("copy"))]


FULL = """
CREATE FUNCTION full_disk() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file "base/5/16384": No space left on device' USING ERRCODE = 'disk_full';
END $$;
CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS')
    EXECUTE FUNCTION full_disk();
"""
"""What a server says whose disk is full, at the first statement that needs a file."""


def test_a_full_disk_of_the_live_instance_changes_nothing_and_the_next_run_goes_on(estate: RealEstate) -> None:
    with psycopg.connect(estate.way(), autocommit=True) as connection:
        connection.execute("CREATE TABLE wide (id bigint PRIMARY KEY, note text NOT NULL)")
        connection.execute("INSERT INTO wide SELECT n, md5(n::text) FROM generate_series(1, 500) AS n")
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        estate.servers.window(estate.primary)
        connection.execute("DELETE FROM wide WHERE id > 100")
        connection.execute(FULL.encode())
    options = {"table": "public.wide", "rule": "missing", "moment": moments.rfc3339(row[0])}
    with pytest.raises(RecoveryError, match="No space left on device"):
        performed(RESTORE_TABLE, options)

    def fill(step: str) -> None:
        with psycopg.connect(estate.way(), autocommit=True) as connection:
            connection.execute(f"ALTER EVENT TRIGGER full_disk {'ENABLE' if step == 'merge' else 'DISABLE'}".encode())

    with pytest.raises(RecoveryError, match="give the instance more disk"):
        performed(RESTORE_TABLE, options, watcher=Watcher(before=fill, after=fill))
    with psycopg.connect(estate.way()) as connection:
        assert connection.execute("SELECT count(*) FROM wide").fetchone() == (100,)
        connection.execute("DROP EVENT TRIGGER full_disk")
    performed(RESTORE_TABLE, options)
    with psycopg.connect(estate.way()) as connection:
        assert connection.execute("SELECT count(*) FROM wide").fetchone() == (500,)
