"""Drills as a job runs them: nobody to ask, no journal of the last one, no user in the live database."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.derive.drills import DUE
from ops.__main__ import application
from ops.recovery import drill, moments, session
from ops.recovery.declared import declared
from ops.recovery.errors import RefusedError
from ops.recovery.marks import check_deletable, drill_of, instance_name
from ops.recovery.steps import Procedure
from sandbox.api import Fault, Kind
from sandbox.servers.estate import Estate
from tests.ops.recovery.scenarios import CLONE, DELETE, QUICK, SCENARIOS, check_live_untouched, perform, without_sql

NOW = datetime.now(UTC)
TARGETS = declared("dev").targets
ACCOUNT = "recovery-triptrip-dev@triptrip-dev.iam"
BY_TOKEN = f"postgresql://{ACCOUNT.replace('@', '%40')}@somewhere:5432/triptrip?sslmode=verify-ca"


def asked(*words: str) -> Result:
    return CliRunner().invoke(application, ["drill", "--env", "dev", *words])


def without_answers(monkeypatch: pytest.MonkeyPatch, failed: str = "") -> None:
    """Checks of databases are answered; everything else is the command's own."""

    def stubbed(procedure: Procedure) -> Procedure:
        steps = without_sql(procedure).steps
        return replace(procedure, steps=tuple(_answering(step, failed) for step in steps))

    monkeypatch.setattr(drill, "DRILL", stubbed(drill.DRILL))
    start = session.start
    monkeypatch.setattr(session, "start", lambda *words, **named: start(*words, **{**named, "pace": QUICK}))


def _answering(step: Any, failed: str) -> Any:
    if step.id != "validate":
        return step
    answer = {"failed": failed, "recovered_at": moments.rfc3339(datetime.now(UTC)), "checks": []}
    return replace(step, do=lambda _: dict(answer))


def left_behind(estate: Estate, began: datetime, mark: str = "-drill-", **settings: Any) -> str:
    name = instance_name(estate.primary, moments.run_id(began), mark=mark)
    estate.sql.add(estate.project, name, **{"deletionProtectionEnabled": True, **settings})
    return name


def there(estate: Estate) -> set[str]:
    return {name for _, name in estate.sql.instances}


def test_a_drill_s_copy_carries_its_own_mark_and_nothing_else_is_ever_deleted(estate: Estate) -> None:
    run = perform(SCENARIOS["drill"])
    [deleted] = {call["instance"] for call in estate.api.calls if call.method == DELETE}
    assert deleted == f"{estate.primary}-drill-{run.journal.run.lower()}"
    assert drill_of(deleted) == run.journal.run
    assert drill_of(instance_name(estate.primary, run.journal.run)) == ""
    check_live_untouched(estate)


def test_a_copy_of_a_promoted_copy_starts_with_what_the_account_may_touch() -> None:
    promoted = instance_name("triptrip-prod-postgres-1", "20261125T000000Z")
    again = instance_name(promoted, "20261126T000000Z", mark="-drill-")
    assert again == "triptrip-prod-postgres-1-drill-20261126t000000z"
    check_deletable(again, "20261126T000000Z", (), [])
    with pytest.raises(RefusedError):
        check_deletable(again, "20261125T000000Z", (), [])


def test_what_a_drill_left_that_was_cut_off_goes_with_the_next_one(estate: Estate) -> None:
    old = left_behind(estate, NOW - timedelta(hours=25))
    young = left_behind(estate, NOW - timedelta(hours=1))
    recovery = left_behind(estate, NOW - timedelta(days=9), "-recovery-")
    run = perform(SCENARIOS["drill"])
    assert run.value("swept") == [old]
    assert there(estate) == {estate.primary, young, recovery}


def test_what_a_drill_left_stays_when_a_name_stands_for_it(estate: Estate) -> None:
    old = left_behind(estate, NOW - timedelta(hours=25))
    record = {estate.write_name: [estate.address(old)]}
    estate.dns.add_zone(estate.project, estate.zone, "dev.triptrip.internal", record)
    with pytest.raises(RefusedError, match="clients use it"):
        perform(SCENARIOS["drill"])
    assert old in there(estate)


def test_whoever_signs_in_with_a_token_is_a_user_of_the_copy_alone(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPTRIP_RECOVERY_POSTGRES", BY_TOKEN)
    run = perform(SCENARIOS["drill"])
    assert set(estate.sql.users) == {(estate.project, run.value("copy"))}
    [user] = estate.sql.users[estate.project, run.value("copy")].values()
    assert user == {"name": ACCOUNT, "type": "CLOUD_IAM_SERVICE_ACCOUNT", "databaseRoles": ["pg_read_all_data"]}


def test_a_user_whose_making_was_not_answered_is_not_made_twice(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPTRIP_RECOVERY_POSTGRES", BY_TOKEN)
    estate.api.faults.add(Fault("sql.users.insert", Kind.LOST))
    run = perform(SCENARIOS["drill"])
    assert len(estate.sql.users[estate.project, run.value("copy")]) == 1


def test_whoever_has_a_password_makes_no_user(estate: Estate) -> None:
    perform(SCENARIOS["drill"])
    assert estate.sql.users == {}


@pytest.mark.parametrize(
    ("days", "kind"),
    [
        ({}, "pit"),
        ({"pit": 1}, "full"),
        ({"pit": 40, "full": 1}, "export"),
        ({"pit": 14, "full": 7, "export": 21}, "pit"),
        ({"pit": 7, "full": 14, "export": 22}, "export"),
    ],
    ids=str,
)
def test_the_kind_that_has_used_up_most_of_its_time_is_due_first(days: dict[str, int], kind: str) -> None:
    rows = [{"kind": each, "started_at": moments.rfc3339(NOW - timedelta(days=ago))} for each, ago in days.items()]
    assert drill.due(rows, TARGETS, NOW) == kind


def test_every_week_all_kinds_have_their_turn_before_they_are_overdue() -> None:
    rows: list[dict[str, Any]] = []
    for week in range(60):
        now = NOW + timedelta(weeks=week)
        if week > len(TARGETS):
            assert drill.overdue(rows, TARGETS, now) == []
        kind = drill.due(rows, TARGETS, now)
        rows.append({"kind": kind, "started_at": moments.rfc3339(now), "verdict": "met"})


def test_the_job_asks_nobody_and_ends_with_0(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    without_answers(monkeypatch)
    told = asked("--kind", DUE, "--yes-really", "dev")
    assert told.exit_code == 0, told.output
    assert "due first: pit" in told.output
    [name] = estate.storage.names(estate.bucket)
    assert json.loads(estate.storage.content(estate.bucket, name))["verdict"] == "met"
    assert there(estate) == {estate.primary}


def test_a_drill_that_proves_nothing_ends_with_1_and_is_not_counted(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_answers(monkeypatch, "public.x 1 of 2")
    told = asked("--kind", DUE, "--yes-really", "dev")
    assert told.exit_code == 1, told.output
    [name] = estate.storage.names(estate.bucket)
    assert name.endswith("Z.failed.json")
    assert "failed" in asked("--history").output
    assert there(estate) == {estate.primary}


def test_a_cloud_that_does_not_answer_ends_with_2(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    without_answers(monkeypatch)
    estate.api.faults.add(Fault(CLONE, Kind.UNAVAILABLE, lasts=True))
    told = asked("--kind", DUE, "--yes-really", "dev")
    assert told.exit_code == 2
    assert "Traceback" not in told.output
    [name] = estate.storage.names(estate.bucket)
    assert name.endswith("Z.failed.json")
    record = json.loads(estate.storage.content(estate.bucket, name))
    assert (record["kind"], record["verdict"]) == ("pit", "failed")
    assert "503" in record["error"]
    assert "failed" in asked("--history").output
    # The next one is another: one kind that cannot be done does not keep the others from their turn.
    assert "due first: full" in asked("--kind", DUE, "--yes-really", "dev").output


def test_a_drill_that_is_on_record_and_cannot_be_torn_down_is_not_recorded_twice(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_answers(monkeypatch)
    estate.api.faults.add(Fault(DELETE, Kind.UNAVAILABLE, lasts=True))
    assert asked("--kind", "pit", "--yes-really", "dev").exit_code == 2
    [name] = estate.storage.names(estate.bucket)
    assert json.loads(estate.storage.content(estate.bucket, name))["verdict"] == "met"


def test_a_bucket_that_is_lost_is_told_beside_what_was_wrong(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    without_answers(monkeypatch)
    estate.api.faults.add(Fault(CLONE, Kind.UNAVAILABLE, lasts=True))
    del estate.storage.buckets[estate.bucket]
    told = asked("--kind", "pit", "--yes-really", "dev")
    assert told.exit_code == 2
    assert "it is not on record" in told.output
    assert "503" in told.output


def test_without_the_environment_s_name_the_job_begins_nothing(estate: Estate) -> None:
    told = CliRunner().invoke(application, ["drill", "--env", "prod", "--kind", "pit"])
    assert told.exit_code == 1
    assert estate.storage.names(estate.bucket) == []
