"""The daily export from its first call to its marker, with everything that can go wrong on the way."""

import json
from collections import Counter
from typing import Any

import pytest

from sandbox.api import Fault, Kind
from sandbox.workflows import Entry, RaisedError
from tests.unit.infra.exports.world import (
    BACKUPS,
    FOLDER,
    INSTANCE,
    POSTGRES_ARGUMENT,
    PROJECT,
    RUN,
    START,
    STARTED,
    World,
    crc32c,
)

DAY = 86400
EXPORT, MARKER = "sql.instances.export", f"{FOLDER}/success.json"
EXPECTED = sorted(
    f"{FOLDER}/{file}"
    for file in (
        *(f"{name}.{ending}" for name in ("postgres", "bookings", "triptrip") for ending in ("sql.gz", "counts.csv")),
        "success.json",
    )
)
PASSING = (Kind.UNAVAILABLE, Kind.THROTTLED, Kind.CUT, Kind.LOST)
CALLS = (
    "workflowexecutions.projects.locations.workflows.executions.list",
    "sql.databases.list",
    "sql.operations.list",
    EXPORT,
    "sql.operations.get",
    "storage.objects.get",
    "storage.objects.insert",
)


def failure(world: World, argument: Any = POSTGRES_ARGUMENT) -> tuple[str, list[Entry]]:
    execution = world.begin("postgres", argument)
    with pytest.raises(RaisedError) as caught:
        execution.run(argument.model_dump(mode="json"))
    return str(caught.value), execution.log


def test_every_database_and_its_counts_and_the_marker_last() -> None:
    world = World()
    result, execution = world.postgres()
    assert result == {"status": "succeeded", "run": RUN, "marker": MARKER}
    assert world.storage.names(BACKUPS) == EXPECTED
    assert world.api.calls[-1].method == "storage.objects.insert"
    entry = {"message": "postgres export succeeded", "instance": INSTANCE, "run": RUN, "databases": 3}
    dumped = sum(len(world.storage.content(BACKUPS, name)) for name in EXPECTED if name.endswith(".gz"))
    assert execution.log == [Entry("INFO", {**entry, "bytes": dumped})]


def test_exports_are_serverless_and_of_one_database_each() -> None:
    world = World()
    world.postgres()
    contexts = [call.body["exportContext"] for call in world.api.asked(EXPORT)]
    assert Counter((context["fileType"], context["databases"][0]) for context in contexts) == Counter(
        (kind, name) for kind in ("SQL", "CSV") for name in ("postgres", "bookings", "triptrip")
    )
    assert all(context["offload"] is True for context in contexts)
    queries = {context["csvExportOptions"]["selectQuery"] for context in contexts if context["fileType"] == "CSV"}
    assert len(queries) == 1
    assert "query_to_xml" in queries.pop()


def test_the_marker_lets_a_restore_check_itself() -> None:
    world = World()
    world.postgres()
    marker = world.marker()
    assert {key: marker[key] for key in ("instance", "run", "started_at")} == {
        "instance": INSTANCE,
        "run": RUN,
        "started_at": STARTED,
    }
    assert STARTED < marker["finished_at"] < "2026-11-26T18:00:00Z"
    assert [row["name"] for row in marker["databases"]] == ["postgres", "bookings", "triptrip"]
    for row in marker["databases"]:
        for key, checksum in (("object", "crc32c"), ("counts_object", "counts_crc32c")):
            stored = world.storage.buckets[BACKUPS].objects[row[key]]
            assert row[checksum] == crc32c(stored.content)
        assert row["bytes"] == len(world.storage.content(BACKUPS, row["object"]))
        assert set(row) == {"name", "object", "bytes", "crc32c", "counts_object", "counts_crc32c"}


def test_a_database_that_nobody_listed_is_exported_and_told() -> None:
    world = World()
    world.sql.names[INSTANCE].append("experiments")
    _, execution = world.postgres()
    assert "experiments" in [row["name"] for row in world.marker()["databases"]]
    warning = {"message": "postgres export found a database that nobody listed", "instance": INSTANCE}
    assert execution.log[0] == Entry("WARNING", {**warning, "database": "experiments"})
    assert [entry.severity for entry in execution.log] == ["WARNING", "INFO"]


def test_databases_of_cloud_sql_are_left_out() -> None:
    world = World()
    world.sql.names[INSTANCE] += ["cloudsqladmin", "template1"]
    _, execution = world.postgres()
    assert world.storage.names(BACKUPS) == EXPECTED
    assert [entry.severity for entry in execution.log] == ["INFO"]


def test_a_listed_database_that_is_gone_fails_before_anything_is_written() -> None:
    world = World()
    world.sql.names[INSTANCE].remove("bookings")
    message, log = failure(world)
    assert "database bookings is to be exported, and the instance has none of that name" in message
    assert log[0].severity == "ERROR"
    assert world.storage.names(BACKUPS) == []


@pytest.mark.parametrize("name", ["postgres", "bookings", "triptrip"])
def test_a_failed_database_is_named_and_leaves_no_marker(name: str) -> None:
    world = World(broken={name})
    message, log = failure(world)
    assert f"postgres export of {INSTANCE}, run {RUN}, failed at database {name} - " in message
    assert f"pg_dump: error: cannot read {name}" in message
    assert MARKER not in world.storage.names(BACKUPS)
    payload = log[-1].payload
    assert (log[-1].severity, payload["message"]) == ("ERROR", "postgres export failed")
    assert (payload["instance"], payload["run"], payload["database"]) == (INSTANCE, RUN, name)


def test_an_operation_that_fails_is_not_tried_again() -> None:
    world = World()
    world.api.faults.add(Fault(EXPORT, Kind.OPERATION, nth=3))
    message, _ = failure(world)
    assert "failed at database bookings - INTERNAL_ERROR" in message
    assert len(world.api.asked(EXPORT)) == 3


@pytest.mark.parametrize("kind", PASSING, ids=lambda kind: kind.name)
@pytest.mark.parametrize("method", CALLS)
def test_any_call_may_fail_once(method: str, kind: Kind) -> None:
    for nth in range(1, _count(method) + 1):
        world = World()
        world.api.faults.add(Fault(method, kind, nth=nth))
        result, _ = world.postgres()
        assert result["status"] == "succeeded", nth
        assert world.storage.names(BACKUPS) == EXPECTED
        assert len(world.marker()["databases"]) == 3


def _count(method: str) -> int:
    """How often an undisturbed run calls a method; the first and the last few would do for polls."""
    world = World()
    world.postgres()
    return min(len(world.api.asked(method)), 7)


@pytest.mark.parametrize("method", CALLS)
def test_a_call_that_never_works_is_told_with_what_google_says(method: str) -> None:
    world = World()
    world.api.faults.add(Fault(method, Kind.UNAVAILABLE, lasts=True))
    message, log = failure(world)
    assert "error code 503 - simulated" in message
    assert ("at database" in message) is (method not in (CALLS[0], "sql.databases.list", CALLS[-1]))
    assert log[-1].severity == "ERROR"
    assert MARKER not in world.storage.names(BACKUPS)


def test_an_export_whose_answer_was_lost_is_not_begun_twice() -> None:
    world = World()
    world.api.faults.add(Fault(EXPORT, Kind.LOST, nth=1))
    world.postgres()
    assert len(world.api.asked(EXPORT)) == len(EXPECTED) - 1
    assert world.storage.names(BACKUPS) == EXPECTED


def test_a_lost_export_that_failed_is_told() -> None:
    world = World(broken={"postgres"})
    world.api.faults.add(Fault(EXPORT, Kind.LOST, nth=1))
    message, _ = failure(world)
    assert "failed at database postgres - operation operation-0001 ended in " in message
    assert "cannot read postgres" in message
    assert len(world.api.asked(EXPORT)) == 1


def test_another_operation_is_waited_for() -> None:
    world = World()
    world.sql.operations.begin("BACKUP_VOLUME", INSTANCE, lambda: None).left = 40
    result, _ = world.postgres()
    assert result["status"] == "succeeded"
    refused = [call for call in world.api.asked(EXPORT) if call.status == 409]
    assert refused


def test_an_operation_that_never_ends_is_given_up() -> None:
    world = World()
    world.sql.operations.begin("BACKUP_VOLUME", INSTANCE, lambda: None).left = 10**9
    message, _ = failure(world)
    assert "failed at database postgres - HTTP server responded with error code 409" in message
    assert "another operation was already in progress" in message


def test_an_export_that_never_ends_is_given_up_before_the_next_day() -> None:
    world = World()
    world.sql.operations.polls = 10**9
    message, _ = failure(world)
    assert "failed at database postgres - operation-0001 takes longer" in message
    assert world.clock.now < START + DAY


def test_a_lost_export_that_never_ends_is_given_up_too() -> None:
    world = World()
    world.sql.operations.polls = 10**9
    world.api.faults.add(Fault(EXPORT, Kind.LOST, nth=1))
    message, _ = failure(world)
    assert "operation operation-0001 does not end" in message
    assert world.clock.now < START + DAY


def test_of_several_runs_the_first_does_the_work() -> None:
    world = World()
    runs = [world.begin("postgres", POSTGRES_ARGUMENT) for _ in range(3)]
    argument = POSTGRES_ARGUMENT.model_dump(mode="json")
    for run, earlier in ((runs[2], "execution-2"), (runs[1], "execution-1")):
        assert run.run(argument) == {"status": "skipped", "earlier": earlier}
        entry = {"message": "postgres export skipped", "instance": INSTANCE, "earlier": earlier}
        assert run.log == [Entry("NOTICE", entry)]
        assert entry["message"] == "postgres export skipped"
    assert {call.method for call in world.api.calls} == {CALLS[0]}
    assert runs[0].run(argument)["status"] == "succeeded"


def test_a_run_after_the_first_has_ended_does_its_work() -> None:
    world = World()
    world.postgres()
    world.executions.end(f"projects/{PROJECT}/locations/asia-northeast1/workflows/postgres-export", "execution-1")
    world.clock.sleep(DAY)
    result, _ = world.postgres()
    assert result["status"] == "succeeded"
    assert len([name for name in world.storage.names(BACKUPS) if name.endswith("success.json")]) == 2


def test_a_run_for_another_instance_does_not_count() -> None:
    world = World()
    world.begin("postgres", POSTGRES_ARGUMENT.model_copy(update={"instance": "another"}))
    world.executions.begin(f"projects/{PROJECT}/locations/asia-northeast1/workflows/postgres-export", None)
    assert world.postgres()[0]["status"] == "succeeded"


def test_nothing_is_deleted_or_written_twice() -> None:
    world = World()
    world.api.faults.add(*(Fault(method, Kind.LOST, nth=1) for method in CALLS))
    world.postgres()
    assert not [call for call in world.api.calls if "delete" in call.method or "patch" in call.method]
    generations = [stored.generation for stored in world.storage.buckets[BACKUPS].objects.values()]
    assert sorted(generations) == list(range(1, len(EXPECTED) + 1))


def test_a_missing_object_is_told() -> None:
    world = World()
    world.sql._storage = World().storage  # noqa: SLF001 # exports go elsewhere, as with a wrong bucket behind a right name
    message, _ = failure(world)
    assert "failed at database postgres" in message
    assert "No such object" in message


def test_a_bucket_that_is_not_there_is_told() -> None:
    world = World()
    del world.storage.buckets[BACKUPS]
    message, _ = failure(world)
    assert f"RESOURCE_DOES_NOT_EXIST: The bucket {BACKUPS} does not exist." in message


def test_the_argument_is_json_for_the_scheduler() -> None:
    assert json.loads(POSTGRES_ARGUMENT.model_dump_json()) == {
        "project": PROJECT,
        "instance": INSTANCE,
        "databases": ["bookings", "triptrip"],
        "bucket": BACKUPS,
    }
