"""The hourly export of the cache from its first call to its marker."""

from typing import Any

import pytest

from sandbox.api import Fault, Kind
from sandbox.api.operations import OperationError
from sandbox.workflows import Entry, RaisedError
from tests.unit.infra.exports.world import (
    CACHE,
    CACHE_EXPORTS,
    CACHE_NAME,
    REDIS_ARGUMENT,
    RUN,
    START,
    World,
    crc32c,
)

EXPORT = "redis.projects.locations.instances.export"
OBJECT, MARKER = f"redis/{CACHE}/{RUN}.rdb", f"redis/{CACHE}/{RUN}.json"
ARGUMENT = REDIS_ARGUMENT.model_dump(mode="json")
CALLS = (
    "workflowexecutions.projects.locations.workflows.executions.list",
    EXPORT,
    "redis.projects.locations.operations.get",
    "storage.objects.get",
    "storage.objects.insert",
)


def failure(world: World) -> tuple[str, list[Entry]]:
    execution = world.begin("redis", REDIS_ARGUMENT)
    with pytest.raises(RaisedError) as caught:
        execution.run(ARGUMENT)
    return str(caught.value), execution.log


def assert_it_succeeds(world: World) -> None:
    result = world.begin("redis", REDIS_ARGUMENT).run(ARGUMENT)
    assert result == {"status": "succeeded", "run": RUN, "marker": MARKER}
    assert world.storage.names(CACHE_EXPORTS) == [MARKER, OBJECT]


def test_the_export_and_its_marker_last() -> None:
    world = World()
    execution = world.begin("redis", REDIS_ARGUMENT)
    execution.run(ARGUMENT)
    assert world.storage.content(CACHE_EXPORTS, OBJECT) == world.cache
    marker: dict[str, Any] = world.marker(MARKER, CACHE_EXPORTS)
    assert marker["finished_at"] > marker["started_at"]
    kept = {key: value for key, value in marker.items() if not key.endswith("_at")}
    assert kept == {
        "instance": CACHE,
        "run": RUN,
        "object": OBJECT,
        "bytes": len(world.cache),
        "crc32c": crc32c(world.cache),
    }
    entry = {"message": "redis export succeeded", "instance": CACHE, "run": RUN, "bytes": len(world.cache)}
    assert execution.log == [Entry("INFO", entry)]


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.THROTTLED, Kind.CUT, Kind.LOST], ids=lambda kind: kind.name)
@pytest.mark.parametrize("method", CALLS)
def test_any_call_may_fail_once(method: str, kind: Kind) -> None:
    world = World()
    world.api.faults.add(Fault(method, kind, nth=1))
    assert_it_succeeds(world)


@pytest.mark.parametrize("method", CALLS)
def test_a_call_that_never_works_is_told(method: str) -> None:
    world = World()
    world.api.faults.add(Fault(method, Kind.UNAVAILABLE, lasts=True))
    message, log = failure(world)
    assert f"redis export of {CACHE}, run {RUN}, failed - HTTP server responded with error code 503 - " in message
    assert (log[-1].severity, log[-1].payload["message"]) == ("ERROR", "redis export failed")
    assert MARKER not in world.storage.names(CACHE_EXPORTS)


def test_another_operation_is_waited_for() -> None:
    world = World()
    world.redis.operations.begin("failover", CACHE_NAME, lambda: None).left = 3
    assert_it_succeeds(world)
    assert [call.status for call in world.api.asked(EXPORT)] == [409, 409, 200]


def test_an_operation_that_ends_in_an_error_is_told() -> None:
    world = World()
    del world.storage.buckets[CACHE_EXPORTS]
    world.export = _no_bucket  # type: ignore[method-assign] # the cache's side of a bucket that is not there
    message, _ = failure(world)
    assert "operations/operation-0001 ended in " in message
    assert "no such bucket" in message


def _no_bucket(name: str, uri: str) -> None:
    raise OperationError("INTERNAL", f"{name}: no such bucket as that of {uri}")


def test_an_export_that_never_ends_is_given_up_before_the_next_hour() -> None:
    world = World()
    world.redis.operations.polls = 10**9
    message, _ = failure(world)
    assert "does not end" in message
    assert world.clock.now < START + 3600


def test_an_instance_that_is_gone_is_told_at_once() -> None:
    world = World()
    world.redis.instances.clear()
    message, _ = failure(world)
    assert f"Resource '{CACHE_NAME}' was not found" in message
    assert len(world.api.asked(EXPORT)) == 1


def test_a_second_run_leaves_it_to_the_first() -> None:
    world = World()
    world.begin("redis", REDIS_ARGUMENT)
    second = world.begin("redis", REDIS_ARGUMENT)
    assert second.run(ARGUMENT) == {"status": "skipped", "earlier": "execution-1"}
    assert second.log[0].severity == "NOTICE"
    assert second.log[0].payload["message"] == "redis export skipped"
    assert world.storage.names(CACHE_EXPORTS) == []
