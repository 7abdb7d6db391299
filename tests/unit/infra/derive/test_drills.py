"""The job that practises recovery: when it runs, what it is told, and which instances its account may touch."""

from collections.abc import Mapping
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from infra.catalog import recovery_rows as catalog
from infra.derive import recovery_checks, schedule
from infra.derive.drills import CONNECTION_VARIABLE, STACK_VARIABLE, DrillsPlan, base_name
from infra.derive.features import features
from infra.derive.platform import derive
from infra.settings.units import LocalTime
from ops.recovery.declared import declared
from ops.recovery.marks import instance_name
from tests.stacks import settings_of

RUN = "20261126T170000Z"
NO_IMAGE: dict[str, Any] = {"recovery": {"drills": {"image": None}}}


def plan_of(stack: str = "prod", changes: Mapping[str, Any] | None = None) -> DrillsPlan | None:
    recovery = derive(settings_of(stack, changes)).recovery
    assert recovery is not None
    return recovery.drills


def prod() -> DrillsPlan:
    plan = plan_of()
    assert plan is not None
    return plan


def test_the_job_is_told_all_that_a_person_would_be_asked() -> None:
    assert prod().arguments == ("drill", "--env", "prod", "--kind", "due", "--yes-really", "prod")
    signing = conninfo_to_dict(prod().variables[CONNECTION_VARIABLE])
    assert signing["user"] == "recovery-triptrip-prod@triptrip-prod.iam"
    assert signing["sslmode"] == "verify-ca"
    assert "password" not in signing


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({"recovery": {"drills": {"image": prod().image.replace("5c2e", "aaaa")}}}, True),
        ({"cdn": None}, True),
        ({"recovery": {"timescale": {"time": "09:00 Asia/Tokyo"}}}, True),
        ({"postgres": {"pooler": {"defaultPoolSize": 90}}}, True),
        ({"recovery": {"drills": {"targets": {"pit": {"rto": "2 hours"}}}}}, False),
        ({"project": {"generation": 2}}, False),
    ],
    ids=["another image", "another subject", "another export", "another pool", "another target", "another generation"],
)
def test_the_job_is_told_which_settings_its_image_must_hold(changes: dict[str, Any], is_same: bool) -> None:
    plan = plan_of(changes=changes)
    assert plan is not None
    assert (plan.variables[STACK_VARIABLE] == prod().variables[STACK_VARIABLE]) is is_same


@pytest.mark.parametrize(
    ("time", "week", "month"),
    [
        ("12:00 Asia/Tokyo", "0 3 * * 0", "0 3 2 * *"),
        ("07:30 Asia/Tokyo", "30 22 * * 6", "30 22 1 * *"),
        ("09:00 Asia/Tokyo", "0 0 * * 0", "0 0 2 * *"),
        ("00:00 Asia/Tokyo", "0 15 * * 6", "0 15 1 * *"),
        ("23:00 Etc/UTC", "0 23 * * 0", "0 23 2 * *"),
        ("20:00 America/Panama", "0 1 * * 1", "0 1 3 * *"),
    ],
)
def test_a_local_time_takes_its_day_along(time: str, week: str, month: str) -> None:
    assert schedule.sunday(LocalTime.parse(time)) == week
    assert schedule.second_of_month(LocalTime.parse(time)) == month


@pytest.mark.parametrize(
    ("interval", "every", "cron"), [("week", "8 days", "0 3 * * 0"), ("month", "32 days", "0 3 2 * *")]
)
def test_the_schedule_is_the_interval_s(interval: str, every: str, cron: str) -> None:
    plan = plan_of("prod", {"recovery": {"drills": {"interval": interval, "every": every}}})
    assert plan is not None
    assert plan.schedule == cron


def test_whatever_changes_an_instance_reaches_throw_away_ones_alone() -> None:
    roles = {role.key: role for role in prod().roles}
    assert roles["source"].prefix is None
    harmless = ("get", "list", "clone")
    assert all(held.rpartition(".")[2] in harmless for held in roles["source"].permissions)
    prefix = roles["copy"].prefix
    assert prefix == "triptrip-prod-postgres-1-drill-"
    settings = settings_of("prod")
    plan = derive(settings).postgres
    assert plan is not None
    live = [plan.primary.name, *(replica.name for replica in plan.replicas)]
    recovered = [instance_name(plan.primary.name, RUN, attempt) for attempt in (1, 2)]
    assert not [name for name in (*live, *recovered) if name.startswith(prefix)]
    for source in (plan.primary.name, *recovered):
        assert instance_name(source, RUN, mark="-drill-").startswith(prefix)


def test_a_recovered_instance_that_became_the_primary_is_not_a_drill_s() -> None:
    assert base_name("triptrip-prod-postgres-1-recovery-20261126t170000z-2") == "triptrip-prod-postgres-1"
    assert base_name("triptrip-prod-postgres-1-drill-20261126t170000z") == "triptrip-prod-postgres-1"


def test_no_role_of_drills_promotes_switches_or_grants() -> None:
    held = {permission for row in catalog.drill_roles().values() for permission in row.permissions}
    verbs = {permission.rpartition(".")[2] for permission in held}
    assert not verbs & {"promoteReplica", "switchover", "failover", "setIamPolicy", "export", "restart", "truncateLog"}
    assert not [permission for permission in held if permission.startswith(("storage.", "iam.", "resourcemanager."))]


@pytest.mark.parametrize(
    ("stack", "changes"),
    [
        ("dev", {}),
        ("prod", NO_IMAGE),
        ("prod", {"postgres": None, "bigquery": {"federation": None}, "monitoring": {"exporters": None}}),
    ],
    ids=["dev", "no image", "no postgres"],
)
def test_without_an_image_or_postgresql_there_is_no_job_and_no_key(stack: str, changes: dict[str, Any]) -> None:
    assert plan_of(stack, changes) is None
    assert "drills" not in features(settings_of(stack, changes))


def test_prod_without_a_job_needs_a_second_look() -> None:
    [told] = recovery_checks.advice(settings_of("prod", NO_IMAGE))
    assert told.path == "recovery.drills.image"
    assert not list(recovery_checks.advice(settings_of("prod")))


def test_a_job_s_time_is_enough_for_the_longest_target() -> None:
    longest = max(target.rto_seconds for target in declared("prod").targets.values())
    assert int(prod().timeout.removesuffix("s")) > longest
