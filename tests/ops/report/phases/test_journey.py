"""Where dev and prod are, what each of their steps does, and that no step loses data."""

from decimal import Decimal
from typing import Any

import pytest

from infra import catalog
from infra.catalog.operation_rows import phase_titles
from infra.settings import Settings, SettingsError
from ops.cost_tables import Costs
from ops.report.phases.journey import NoPhasesError, journey
from ops.report.phases.model import Journey, SettingChange
from ops.report.phases.position import differences
from sandbox.plan import Plan, PlanError
from tests.ops.report.phases.world import told
from tests.stacks import ROOT, declared

TWO = {"b": {"tier": "db-custom-8-30720", "zone": "asia-northeast1-b"}}
TWO["c"] = {"tier": "db-custom-8-30720", "zone": "asia-northeast1-c"}


def unplanned(settings: Settings, stack: str) -> Plan:
    """A plan of nothing, where only settings and prices are asked."""
    assert settings.postgres
    return Plan(stack)


def of(stack: str, changes: dict[str, Any] | None = None) -> Journey:
    return journey(stack, declared(stack, changes), unplanned)


def test_the_titles_are_those_of_the_phases() -> None:
    assert list(phase_titles()) == list(catalog.phases())
    named = ["PG-PHASE-1", "PG-PHASE-2", "PG-PHASE-3", "PG-PHASE-4"]
    assert [row.requirement for row in phase_titles().values()] == named


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({}, 3),
        (dict(catalog.phases()["4"]), 4),
        ({"postgres": {"backup": {"retained": 40}}}, 3),
        ({"postgres": {"backup": {"retained": 34}}}, 2),
        ({"postgres": {"primary": {"availability": "ZONAL"}}}, 2),
        ({"postgres": {"replicas": {"c": None}}}, 1),
        (dict(catalog.phases()["1"]), 1),
        ({"postgres": {"storage": {"size": "400 GB"}, "replicas": {"b": None, "c": None}}}, 0),
    ],
)
def test_a_stack_is_in_the_highest_phase_whose_settings_it_has_at_least(changes: dict[str, Any], now: int) -> None:
    found = of("prod", changes)
    assert found.now == now
    assert (found.following.to_phase if found.following else None) == (now + 1 if now < 4 else None)


def test_no_step_loses_data() -> None:
    for stack in ("dev", "prod"):
        found = told(stack)
        assert found.steps
        assert [step.lost for step in (*found.steps, found.following) if step] == [()] * (len(found.steps) + 1)


def test_production_is_in_phase_3_and_each_step_of_it_is_told() -> None:
    found = told("prod")
    assert [(step.from_phase, step.to_phase) for step in found.steps] == [(1, 2), (2, 3), (3, 4)]
    assert found.now == 3
    assert found.following is found.steps[-1]
    reads, standby, abroad = found.steps
    assert {"postgres-replica-b", "postgres-replica-c"} <= {each.name for each in reads.created}
    # The certificates that clients check are those of every instance.
    assert {each.name: each.inputs for each in reads.replaced} == {
        "pooler-template": ("metadata.user-data", "name"),
        "secret-version-postgres-server-ca": ("secretData",),
    }
    assert [(each.name, each.effect) for each in reads.restarts] == [("pooler-group", "rolling")]
    assert [(each.name, each.before, each.after) for each in reads.held] == [("postgres-primary", 500, 1024)]
    assert reads.downtime == (0, 0)
    assert [(each.name, each.input, each.effect) for each in standby.restarts] == [
        ("postgres-primary", "settings.availabilityType", "restart"),
        ("postgres-primary", "settings.backupConfiguration.pointInTimeRecoveryEnabled", "restart"),
    ]
    assert standby.downtime == (10, 300)
    assert (abroad.restarts, abroad.downtime) == ((), (0, 0))
    assert abroad.chain.names[0] == "postgres-replica-osaka"
    assert not [step for step in found.steps if step.deleted or step.untold]


def test_a_month_is_the_estimate_of_the_phase() -> None:
    found = told("prod")
    assert [step.before for step in found.steps[1:]] == [step.after for step in found.steps[:-1]]
    assert found.steps[-1].before == Costs.of("prod", ROOT / "Pulumi.prod.yaml").month.month()
    # A second machine and disk of the primary (COR-21): 16 vCPU, 60 GB of memory, 1 TB.
    standby = 730 * (16 * Decimal("0.0537") + 60 * Decimal("0.0091")) + 1024 * Decimal("0.221")
    assert abs(found.steps[1].after.low - found.steps[1].before.low - standby) < Decimal("0.05")


def test_dev_is_in_phase_2_and_is_told_which_phases_do_not_fit_it() -> None:
    found = told("dev")
    assert found.now == 2
    assert [(step.from_phase, step.to_phase) for step in found.steps] == [(2, 3)]
    assert {phase.number for phase in found.phases if phase.refused} == {1, 4}
    assert "postgres.storage.limit" in found.phases[0].refused
    # It has the standby already: what is left to do is less than the whole step.
    assert found.following
    assert [(each.name, each.inputs) for each in found.following.updated] == [
        ("postgres-primary", ("settings.backupConfiguration.backupRetentionSettings.retainedBackups",))
    ]
    assert (found.following.created, found.following.restarts, found.following.downtime) == ((), (), (0, 0))


def test_what_the_cloud_would_refuse_is_a_phase_that_does_not_fit() -> None:
    def planner(settings: Settings, stack: str) -> Plan:
        if settings.postgres and "osaka" in settings.postgres.replicas:
            raise PlanError("the cloud refuses osaka")
        return Plan(stack)

    found = journey("prod", declared("prod"), planner)
    assert [phase.refused for phase in found.phases] == ["", "", "", "the cloud refuses osaka"]
    assert found.following is None


def test_a_phase_tells_what_it_changes_of_the_one_before() -> None:
    changed = {
        phase.number: {each.path: (each.before, each.after) for each in phase.settings} for phase in of("prod").phases
    }
    assert changed[1]["postgres.storage.size"] == ("1 TB", "500 GB")
    assert changed[1]["postgres.replicas.b.zone"] == ("asia-northeast1-b", None)
    assert changed[3] == {
        "postgres.primary.availability": ("ZONAL", "REGIONAL"),
        "postgres.backup.retained": (7, 35),
        "postgres.backup.pointInTimeRecovery": (False, True),
    }
    assert changed[4]["postgres.replicas.osaka.region"] == (None, "asia-northeast2")


def test_differences_name_each_value_by_its_path() -> None:
    before = {"a": {"b": 1, "c": [1]}, "d": 2, "e": {}}
    after = {"a": {"b": 1, "c": [2]}, "f": {"g": 3}, "e": {}}
    assert list(differences(before, after)) == [
        SettingChange("a.c", [1], [2]),
        SettingChange("d", 2, None),
        SettingChange("f.g", None, 3),
    ]


def test_without_postgres_there_are_no_phases() -> None:
    with pytest.raises(NoPhasesError, match="dev has no postgres"):
        journey("dev", declared("dev", {"postgres": None}), unplanned)


def test_a_stack_that_cannot_be_built_is_an_error_and_no_refused_phase() -> None:
    with pytest.raises(SettingsError):
        of("prod", {"postgres": {"primary": {"tier": "huge"}}})
