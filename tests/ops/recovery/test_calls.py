"""Each call that fails once, is throttled, is cut or never answered, and each operation that ends badly."""

from dataclasses import replace
from itertools import product

import pytest

from ops.recovery.errors import RecoveryError
from ops.recovery.steps import Watcher
from sandbox.api import Fault, Kind
from sandbox.servers.estate import Estate
from tests.ops.recovery.scenarios import (
    CHANGE,
    CLONE,
    DELETE,
    IMPORT,
    INSERT,
    PATCH,
    QUICK,
    RESTORE,
    SCENARIOS,
    check_live_untouched,
    perform,
)

OPERATIONS = (CLONE, DELETE, IMPORT, INSERT, PATCH, RESTORE, "sql.databases.insert")
CASES = [
    pytest.param(name, method, kind, id=f"{name}: {method} {kind.name.lower()}")
    for name, scenario in SCENARIOS.items()
    for method, kind in product(scenario.methods, Kind)
    if kind is not Kind.OPERATION or method in OPERATIONS
]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_command_calls_what_is_tried_below_and_nothing_else(estate: Estate, name: str) -> None:
    scenario = SCENARIOS[name]
    scenario.prepare(estate)
    run = perform(scenario)
    # google-cloud-storage looks at the bucket for its traces, at a moment of its own.
    assert {call.method for call in estate.api.calls} - {"storage.buckets.get"} == set(scenario.methods)
    check_live_untouched(estate)
    scenario.holds(estate, run.value("copy"))


@pytest.mark.parametrize(("name", "method", "kind"), CASES)
def test_trouble_at_the_first_call_is_survived(estate: Estate, name: str, method: str, kind: Kind) -> None:
    scenario = SCENARIOS[name]
    scenario.prepare(estate)
    estate.api.faults.add(Fault(method, kind))
    pace = replace(QUICK, timeout=0.25) if kind is Kind.SILENT else QUICK
    try:
        run = perform(scenario, pace=pace)
    except RecoveryError as error:
        # Only what no second try can mend ends a run, and the message says how the next one does.
        assert kind is Kind.OPERATION, error  # noqa: PT017 # of what is caught
        assert "run the command again" in str(error)  # noqa: PT017 # of what is caught
        run = perform(scenario)
    check_live_untouched(estate)
    scenario.holds(estate, run.value("copy"))


@pytest.mark.parametrize(
    ("name", "method"), [(name, method) for name, scenario in SCENARIOS.items() for method in scenario.methods]
)
def test_a_call_that_keeps_failing_ends_the_run_and_the_next_one_goes_on(
    estate: Estate, name: str, method: str
) -> None:
    scenario = SCENARIOS[name]
    scenario.prepare(estate)
    estate.api.faults.add(Fault(method, Kind.UNAVAILABLE, lasts=True))
    with pytest.raises(RecoveryError, match=r"503|no source"):
        perform(scenario)
    check_live_untouched(estate)
    if method != CHANGE:
        assert estate.behind("redis-write.dev.triptrip.internal") == ["10.21.0.4"]
    estate.api.faults.clear()
    run = perform(scenario)
    check_live_untouched(estate)
    scenario.holds(estate, run.value("copy"))


def test_an_import_waits_while_the_new_instance_is_backed_up(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Cloud SQL does with a new instance; more tries are refused meanwhile than a call has."""
    scenario = SCENARIOS["full of an export"]
    scenario.prepare(estate)
    make = estate.databases.create_database

    def then_backed_up(name: str, database: str) -> None:
        make(name, database)
        estate.sql.operations.begin("BACKUP_VOLUME", name, lambda: None).left = 20 * QUICK.attempts

    monkeypatch.setattr(estate.databases, "create_database", then_backed_up)
    run = perform(scenario)
    scenario.holds(estate, run.value("copy"))
    refused = [call for call in estate.api.asked(IMPORT) if call.status == 409]
    assert len(refused) > QUICK.attempts


def test_what_is_gone_while_it_is_copied_is_told_as_any_other_error(estate: Estate) -> None:
    scenario = SCENARIOS["pit"]

    def lose(step: str) -> None:
        if step == "clone":
            del estate.sql.instances[estate.project, estate.primary]

    with pytest.raises(RecoveryError, match="404: The Cloud SQL instance does not exist"):
        perform(scenario, Watcher(before=lose))
