"""The commands as a person types them: plans, consent, wrong options, history, and one message for what goes wrong."""

import dataclasses
import json
import re
import shlex
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ops.__main__ import application
from ops.recovery import copies, drill, moments, runbook, session
from ops.recovery.cloud import connect
from ops.recovery.declared import ROOT, declared
from ops.recovery.errors import RecoveryError
from ops.recovery.full import RESTORE_FULL
from ops.recovery.marks import check_deletable, instance_name
from ops.recovery.postgres.table import split
from ops.recovery.sources import expected_counts
from ops.recovery.steps import Run
from sandbox.api import ApiServer, Fault, Kind
from sandbox.api.sqladmin import MemoryDatabases
from sandbox.servers.estate import Estate
from tests.ops.recovery.scenarios import (
    CLONE,
    QUICK,
    SCENARIOS,
    Listener,
    act,
    check_live_untouched,
    perform,
    without_sql,
)

PIT = ("restore", "pit", "--before", "2026-11-26 03:00 JST")

TARGETS = declared("dev").targets


def asked(*words: str) -> Result:
    return CliRunner().invoke(application, list(words))


@pytest.mark.parametrize(
    "words",
    [
        ("restore", "table", "--table", "public.bookings"),
        ("restore", "pit"),
        ("restore", "full"),
        ("drill",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_plan_prints_every_step_and_touches_nothing(
    words: tuple[str, ...], environment: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "none"))
    monkeypatch.setenv("TRIPTRIP_ENDPOINT_SQLADMIN", "http://127.0.0.1:1")
    told = asked(*words, "--env", environment, "--plan")
    assert told.exit_code == 0, told.output
    assert "nothing was touched" in told.output
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "words",
    [("restore", "full"), ("restore", "redis"), ("failover", "region"), ("switchover",), ("drill",)],
    ids=" ".join,
)
def test_a_stack_goes_by_either_name(words: tuple[str, ...]) -> None:
    by_stack, by_environment = (asked(*words, option, "prod", "--plan") for option in ("--stack", "--env"))
    assert by_stack.exit_code == 0, by_stack.output
    assert "on prod" in by_stack.output
    assert by_stack.output == by_environment.output


def test_prod_is_not_acted_on_without_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "none"))
    for words in ((*PIT, "--env", "prod"), ("drill", "--env", "prod"), ("restore", "full", "--env", "prod")):
        told = asked(*words)
        assert told.exit_code == 1
        assert "its name was not typed" in told.output
        assert "--yes-really prod" in told.output
    told = asked(*PIT, "--env", "prod", "--yes-really", "dev")
    assert told.exit_code == 1
    assert "names dev" in told.output
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("restore", "pit"), "--before: is missing"),
        (("restore", "pit", "--before", "yesterday"), "is no moment"),
        (("restore", "pit", "--before", "2026-11-26 03:00"), "say the zone too"),
        (("restore", "pit", "--before", "2026-13-26 03:00 JST"), "month must be in 1..12"),
        (("restore", "table", "--table", "a.b.c", "--rule", "all"), "--rule: all is none"),
        (("restore", "table", "--table", "b", "--changed-column", "x"), "goes with --changed-since"),
        (("restore", "full", "--source", "tape"), "--source: tape is none"),
        (("drill", "--kind", "fire"), "--kind: fire is none"),
        (("restore", "pit", "--run", "today"), "--run: 'today' is none"),
        (("restore", "back", "--run", "20260101T000000Z"), "has no journal"),
        ((*PIT, "--env", "moon"), "moon has no stack file"),
    ],
)
def test_a_wrong_option_is_told_in_one_message(estate: Estate, words: tuple[str, ...], message: str) -> None:
    told = asked(*words)
    assert told.exit_code == 2, told.output
    assert message in told.output
    assert "Traceback" not in told.output
    assert estate.api.calls == []


def test_an_address_that_is_not_google_s_is_refused(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    del estate
    monkeypatch.undo()
    monkeypatch.setenv("TRIPTRIP_ENDPOINT_SQLADMIN", "http://example.org")
    told = asked("drill", "--history")
    assert told.exit_code == 2
    assert "is no https address" in told.output


def test_a_run_that_has_not_ended_is_gone_on_with_or_named(estate: Estate) -> None:
    estate.api.faults.add(Fault(CLONE, Kind.UNAVAILABLE, lasts=True))
    early = moments.rfc3339(datetime.now(UTC) - timedelta(hours=2))
    late = moments.rfc3339(datetime.now(UTC) - timedelta(hours=1))
    first = asked("restore", "pit", "--before", early)
    assert first.exit_code == 2
    assert "503" in first.output
    other = asked("restore", "pit", "--before", late)
    assert "was asked for something else" in other.output
    again = asked("restore", "pit", "--before", early)
    assert "going on" in again.output
    assert "find the moment: done before" in again.output
    beside = asked("restore", "pit", "--before", late, "--new")
    assert "going on" not in beside.output
    check_live_untouched(estate)


def test_a_promoted_run_goes_back(estate: Estate) -> None:
    run = perform(SCENARIOS["pit"])
    old, new = estate.address(estate.primary), estate.address(run.value("copy"))
    assert estate.behind(estate.write_name) == [new]
    with pytest.raises(RecoveryError, match="clients use it"):
        act("remove", run.journal.run)
    act("back", run.journal.run)
    act("back", run.journal.run)
    assert estate.behind(estate.write_name) == [old]
    act("remove", run.journal.run)
    act("remove", run.journal.run)
    assert list(estate.sql.instances) == [(estate.project, estate.primary)]


def test_names_that_somebody_else_moved_are_not_moved(estate: Estate) -> None:
    run = perform(SCENARIOS["pit"])
    zone = estate.dns
    zone.add_zone(estate.project, estate.zone, "dev.triptrip.internal", {estate.write_name: ["10.9.9.9"]})
    with pytest.raises(RecoveryError, match="was changed by somebody else"):
        act("back", run.journal.run)
    assert estate.behind(estate.write_name) == ["10.9.9.9"]


@pytest.mark.parametrize(
    ("name", "declared", "names", "message"),
    [
        ("triptrip-dev-postgres-1", (), [], "has no mark"),
        ("triptrip-dev-postgres-1-recovery-20261126t000000z", (), [], "has no mark of run"),
        ("x-recovery-20261125t000000z", ("x-recovery-20261125t000000z",), [], "is declared"),
        ("x-recovery-20261125t000000z", (), ["pg-write"], "clients use it"),
    ],
)
def test_only_the_run_s_own_unused_copy_is_deletable(
    name: str, declared: tuple[str, ...], names: list[str], message: str
) -> None:
    with pytest.raises(RecoveryError, match=message):
        check_deletable(name, "20261125T000000Z", declared, names)


def test_a_copy_of_a_copy_keeps_a_short_name() -> None:
    once = instance_name("triptrip-prod-postgres-1", "20261125T000000Z")
    assert once == "triptrip-prod-postgres-1-recovery-20261125t000000z"
    assert instance_name(once, "20261126T000000Z", 2) == "triptrip-prod-postgres-1-recovery-20261126t000000z-2"


def test_moments_know_jst_and_utc() -> None:
    assert moments.parse("2026-11-26 03:00 JST") == moments.parse("2026-11-25T18:00:00Z")
    assert moments.parse("2026-11-26 03:00:00.5 +09:00") - moments.parse("2026-11-25 18:00 UTC") == timedelta(
        seconds=0.5
    )
    assert moments.from_rfc3339("2026-11-25T18:00:00.123456789Z").microsecond == 123456


def test_tables_and_counts_are_read_as_they_are_written() -> None:
    assert split("bookings") == ("public", "bookings")
    assert expected_counts("schema,table,rows\npublic,a,3\n") == {"public.a": 3}
    assert expected_counts("public.a,3\n\n") == {"public.a": 3}


def test_drills_are_kept_and_an_overdue_one_fails_the_check(estate: Estate) -> None:
    none = asked("drill", "--history", "--check")
    assert none.exit_code == 1
    assert "pit: no drill has met its targets yet" in none.output
    perform(SCENARIOS["drill"])
    record = json.loads(estate.storage.content(estate.bucket, estate.storage.names(estate.bucket)[0]))
    assert record["verdict"] == "met"
    assert record["rpo_seconds"] <= record["target_rpo_seconds"]
    told = asked("drill", "--history", "--check")
    assert told.exit_code == 1, "two other kinds are due"
    assert "overdue: pit" not in told.output
    assert record["run"] in told.output
    later = datetime.now(UTC) + timedelta(days=32)
    assert any("pit: last met" in line for line in drill.overdue([record], TARGETS, later))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("counts", "is not what its marker says"),
        ("missing", "is missing, and its marker is there"),
        ("marker", "no export has its success.json"),
    ],
)
def test_an_export_that_does_not_hold_is_not_restored(estate: Estate, damage: str, message: str) -> None:
    place = estate.export("SELECT 1;", {"public.x": 1})
    bucket = estate.storage.buckets[estate.bucket]
    counts = f"{place}/{estate.postgres.database}.counts.csv"
    if damage == "counts":
        estate.storage.put(estate.bucket, counts, b"public.x,2\n")
    else:
        del bucket.objects[counts if damage == "missing" else f"{place}/success.json"]
    with pytest.raises(RecoveryError, match=message):
        perform(SCENARIOS["full of an export"])
    assert list(estate.sql.instances) == [(estate.project, estate.primary)]


def test_without_a_backup_the_command_says_what_else_there_is(estate: Estate) -> None:
    estate.sql.add_backup(estate.project, estate.primary, status="FAILED")
    with pytest.raises(RecoveryError, match="none has succeeded"):
        perform(SCENARIOS["full of a backup"])


def test_where_no_drill_is_declared_none_is_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    without = dataclasses.replace(declared("dev"), targets={})
    monkeypatch.setattr(session, "target_of", lambda _: without)
    told = asked("drill", "--check")
    assert (told.exit_code, "declares no drills" in told.output) == (0, True)


def test_commands_around_a_deployment_live_without_google_s_clients() -> None:
    loaded = "{'googleapiclient', 'google.cloud.storage', 'psycopg'} & set(sys.modules)"
    program = f"import sys, ops.__main__; sys.exit(bool({loaded}))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0  # noqa: S603 # our own


@pytest.mark.parametrize("is_deleted", [False, True], ids=["it is there", "it was deleted"])
def test_on_prod_the_replicas_names_move_and_the_pooler_s_stay(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_deleted: bool
) -> None:
    monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path))
    with Estate(MemoryDatabases(), "prod", server=server) as estate:
        target = declared("prod")
        domain = "prod.triptrip.internal"
        for replica in target.instances[1:]:
            row = estate.sql.add(estate.project, replica)
            row["masterInstanceName"] = f"{estate.project}:{estate.primary}"
        addresses = {name: estate.address(name) for name in target.instances}
        primary, *replicas = addresses.values()
        records = {
            f"pg-primary.{domain}": [primary],
            f"pg-replica-b.{domain}": replicas[:1],
            f"pg-replicas.{domain}": replicas,
            f"pg-write.{domain}": ["10.10.14.24"],
        }
        estate.dns.add_zone(estate.project, estate.zone, domain, records)
        estate.sql.add_backup(estate.project, estate.primary)
        if is_deleted:
            estate.lose_instance()
        journal, _ = session.journal_for(RESTORE_FULL, "prod", {"source": "auto"})
        endpoints = {api: server.endpoint(f"{api}.v1") for api in ("sqladmin", "dns", "storage")}
        monkeypatch.setattr(session, "connect", lambda target, pace: connect(target, pace, endpoints))
        run = session.start(without_sql(RESTORE_FULL), target, journal, Listener([]), pace=QUICK)
        copy = [estate.address(run.value("copy"))]
        for name in ("pg-primary", "pg-replica-b", "pg-replicas"):
            assert estate.behind(f"{name}.{domain}") == copy
        assert estate.behind(f"pg-write.{domain}") == ["10.10.14.24"]
        # The next recovery begins at the instance that is live now.
        with closing(connect(target, QUICK, endpoints)) as google:
            assert copies.live_instance(Run(target, journal, Listener([]), tmp_path, google)) == run.value("copy")


def _typed() -> list[str]:
    """The commands that the runbook has a person type."""
    return re.findall(r"^python -m ops (.+)$", runbook.PATH.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_runbook_is_what_the_steps_say() -> None:
    assert runbook.PATH.read_text(encoding="utf-8") == runbook.text()
    assert "{{" not in runbook.text()
    assert len(_typed()) == 4


@pytest.mark.parametrize("words", _typed())
def test_what_the_runbook_has_a_person_type_is_understood(words: str) -> None:
    told = asked(*shlex.split(words), "--plan")
    assert told.exit_code == 0, told.output
    assert "on prod" in told.output
