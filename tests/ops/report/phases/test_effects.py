"""What a change takes and what clients feel of it: each row of operations.yaml by a change that it tells about."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from infra.catalog.operation_rows import OperationRow, operation, operations
from ops.report.phases.effects import interrupts
from ops.report.phases.model import Span
from sandbox.plan import Plan
from tests.ops.report.phases.world import (
    ABROAD,
    GROUP,
    PRIMARY,
    REPLICA,
    effects,
    last_phase,
    with_flag,
    with_inputs,
    without,
)

PLUS = {"settings__edition": "ENTERPRISE_PLUS"}


class Case(NamedTuple):
    """An input of an instance, its change, and whether clients feel it."""

    name: str
    input: str
    before: Callable[[], Plan]
    after: Callable[[], Plan]
    felt: str = ""


UPDATES = [
    Case(
        PRIMARY,
        "settings.tier",
        last_phase,
        lambda: with_inputs(PRIMARY, settings__tier="db-custom-8-30720"),
        "restart",
    ),
    Case(
        PRIMARY,
        "settings.tier",
        lambda: with_inputs(PRIMARY, settings__tier="db-perf-optimized-N-8", **PLUS),
        lambda: with_inputs(PRIMARY, settings__tier="db-perf-optimized-N-16", **PLUS),
        "restart",
    ),
    Case(PRIMARY, "settings.edition", last_phase, lambda: with_inputs(PRIMARY, **PLUS), "restart"),
    Case(PRIMARY, "settings.edition", lambda: with_inputs(PRIMARY, **PLUS), last_phase, "restart"),
    Case(
        PRIMARY,
        "settings.availabilityType",
        last_phase,
        lambda: with_inputs(PRIMARY, settings__availabilityType="ZONAL"),
        "restart",
    ),
    Case(
        PRIMARY,
        "settings.backupConfiguration.pointInTimeRecoveryEnabled",
        last_phase,
        lambda: with_inputs(PRIMARY, settings__backupConfiguration__pointInTimeRecoveryEnabled=False),
        "restart",
    ),
    Case(
        REPLICA,
        "settings.locationPreference.zone",
        last_phase,
        lambda: with_inputs(REPLICA, settings__locationPreference__zone="asia-northeast1-c"),
        "restart",
    ),
    Case(
        PRIMARY,
        "settings.insightsConfig.queryStringLength",
        last_phase,
        lambda: with_inputs(PRIMARY, settings__insightsConfig__queryStringLength=512),
        "restart",
    ),
    Case(
        PRIMARY,
        "settings.dataCacheConfig.dataCacheEnabled",
        last_phase,
        lambda: with_inputs(PRIMARY, settings__dataCacheConfig__dataCacheEnabled=True),
        "restart",
    ),
    Case(
        PRIMARY, "databaseVersion", last_phase, lambda: with_inputs(PRIMARY, databaseVersion="POSTGRES_17"), "restart"
    ),
    Case(
        PRIMARY,
        "settings.databaseFlags.max_connections",
        last_phase,
        lambda: with_flag(PRIMARY, "max_connections", "600"),
        "restart",
    ),
    Case(PRIMARY, "settings.databaseFlags.work_mem", last_phase, lambda: with_flag(PRIMARY, "work_mem", "65536")),
    Case(
        PRIMARY,
        "settings.backupConfiguration.backupRetentionSettings.retainedBackups",
        last_phase,
        lambda: with_inputs(PRIMARY, settings__backupConfiguration__backupRetentionSettings__retainedBackups=40),
    ),
    Case(
        PRIMARY,
        "settings.diskAutoresizeLimit",
        last_phase,
        lambda: with_inputs(PRIMARY, settings__diskAutoresizeLimit=8192),
    ),
    Case(
        PRIMARY,
        "replicationCluster.failoverDrReplicaName",
        last_phase,
        lambda: with_inputs(PRIMARY, replicationCluster__failoverDrReplicaName="triptrip-prod:osaka"),
    ),
    Case(
        GROUP,
        "versions.instanceTemplate",
        last_phase,
        lambda: with_inputs(GROUP, versions=[{"name": "primary", "instanceTemplate": "another"}]),
        "rolling",
    ),
]


@pytest.mark.parametrize("case", UPDATES, ids=lambda case: case.input)
def test_clients_feel_what_the_row_of_the_change_says(case: Case) -> None:
    found = effects(case.before(), case.after())
    felt = {each.input: each.effect for each in found.restarts if each.name == case.name}
    assert felt == ({case.input: case.felt} if case.felt else {})
    assert found.untold == ()


def test_no_row_is_idle() -> None:
    """Each row is the one that some change or creation gets; a row behind a wider one would never be asked."""
    used = [_row_of(case) for case in UPDATES]
    for name in (ABROAD, REPLICA, PRIMARY, GROUP):
        made = last_phase().named(name)
        used.append(operation("create", made.type, "", made.inputs))
    assert None not in used
    assert {operations().index(row) for row in used if row} == set(range(len(operations())))


def _row_of(case: Case) -> OperationRow | None:
    resource = case.after().named(case.name)
    return operation("update", resource.type, case.input, resource.inputs)


def test_rows_are_whole() -> None:
    for row in operations():
        assert 0 <= row.minutes[0] <= row.minutes[1]
        assert 0 <= row.downtime[0] <= row.downtime[1]
        assert row.source
        assert row.en
        assert row.ja
        assert (row.downtime == (0, 0)) == (row.effect in ("none", "in-place", "rolling")), row.property


def test_a_flag_nobody_knows_counts_as_one_that_restarts() -> None:
    row = next(each for each in operations() if each.effect == "flag")
    assert interrupts(row, "settings.databaseFlags.of_tomorrow")
    assert interrupts(row, "settings.databaseFlags.cloudsql.enable_pgaudit")
    assert not interrupts(row, "settings.databaseFlags.track_io_timing")


def test_a_new_flag_is_one_change_though_it_moves_all_that_follow_it() -> None:
    (changed,) = effects(last_phase(), with_flag(PRIMARY, "checkpoint_timeout", "900")).changes.updated
    assert changed.inputs == ("settings.databaseFlags.checkpoint_timeout",)


def test_two_restarts_of_the_primary_may_be_one_or_two() -> None:
    after = with_inputs(
        PRIMARY,
        settings__availabilityType="ZONAL",
        settings__backupConfiguration__pointInTimeRecoveryEnabled=False,
    )
    found = effects(last_phase(), after)
    spans = [Span(*each.row.downtime) for each in found.restarts]
    assert len(spans) == 2
    assert found.downtime == (max(span.low for span in spans), sum(span.high for span in spans))


def test_a_replica_that_restarts_is_told_and_is_no_downtime_of_the_primary() -> None:
    found = effects(last_phase(), with_flag(REPLICA, "max_connections", "600"))
    assert [each.name for each in found.restarts] == [REPLICA]
    assert found.downtime == (0, 0)


def test_what_no_row_tells_about_is_named() -> None:
    (unknown,) = effects(last_phase(), with_inputs(PRIMARY, settings__maintenanceWindow__day=5)).untold
    assert (unknown.name, unknown.inputs) == (PRIMARY, ("settings.maintenanceWindow.day",))


def test_a_resource_that_appears_takes_what_its_row_says() -> None:
    row = operation("create", last_phase().named(ABROAD).type, "", last_phase().named(ABROAD).inputs)
    assert row is not None
    chain = effects(without(ABROAD), last_phase()).chain
    assert chain.names == (ABROAD,)
    assert chain.minutes == row.minutes


def test_what_waits_adds_up_and_what_does_not_runs_beside_it() -> None:
    """Replica c waits for b, since a primary takes one operation at a time; the cache waits for neither."""
    replicas = (REPLICA, "postgres-replica-c")
    chain = effects(without(*replicas), last_phase()).chain
    assert (chain.names, chain.minutes) == (replicas, (12, 40))
    beside = effects(without(*replicas, "cache-redis"), last_phase()).chain
    assert beside == chain
    assert effects(without("cache-redis"), last_phase()).chain.minutes == (10, 10)


def test_what_goes_is_deleted_after_all_else() -> None:
    going = effects(last_phase(), without(REPLICA)).chain
    assert going.names == (REPLICA,)
    other = with_inputs(PRIMARY, settings__tier="db-custom-8-30720")
    both = effects(last_phase(), without(REPLICA, plan=other)).chain
    assert both.names == (PRIMARY, REPLICA)
    assert both.minutes.low > going.minutes.low
