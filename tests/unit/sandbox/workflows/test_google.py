"""Connectors and requests against the simulated APIs: what Google would not take, and operations that are awaited."""

from typing import Any

import pytest

from sandbox.api import Fault, Kind
from sandbox.workflows import RaisedError, SimulatedGoogle, SourceError
from tests.unit.infra.exports.world import BACKUPS, CACHE_NAME, INSTANCE, PROJECT, World

EXPORT = "googleapis.sqladmin.v1.instances.export"
CONTEXT = {"fileType": "SQL", "databases": ["bookings"], "uri": f"gs://{BACKUPS}/a/b.sql.gz"}
ARGUMENTS = {"project": PROJECT, "instance": INSTANCE, "body": {"exportContext": CONTEXT}}


def google(world: World) -> SimulatedGoogle:
    return SimulatedGoogle(world.api, world.clock)


def test_a_long_running_operation_is_awaited_and_polled_more_and_more_slowly() -> None:
    world = World()
    world.sql.operations.polls = 4
    policy = {"initial_delay": 10, "multiplier": 2, "max_delay": 30}
    begun = world.clock.now
    answer = google(world).connector(EXPORT, {**ARGUMENTS, "connector_params": {"polling_policy": policy}})
    assert answer["status"] == "DONE"
    assert world.clock.now - begun == 10 + 20 + 30 + 30
    assert world.storage.names(BACKUPS) == ["a/b.sql.gz"]


def test_an_operation_need_not_be_awaited() -> None:
    answer = google(World()).connector(EXPORT, {**ARGUMENTS, "connector_params": {"skip_polling": True}})
    assert answer["status"] == "PENDING"


def test_an_operation_that_fails_or_takes_too_long() -> None:
    with pytest.raises(RaisedError, match=r"ERROR_RDBMS: .*cannot read bookings") as caught:
        google(World(broken={"bookings"})).connector(EXPORT, ARGUMENTS)
    assert caught.value.value["tags"] == ["OperationError"]
    assert caught.value.value["operation"]["status"] == "DONE"
    world = World()
    world.sql.operations.polls = 10**9
    with pytest.raises(RaisedError, match="longer than 60 s") as caught:
        google(world).connector(EXPORT, {**ARGUMENTS, "connector_params": {"timeout": 60}})
    assert caught.value.value["tags"] == ["TimeoutError"]


@pytest.mark.parametrize(
    ("call", "arguments", "why"),
    [
        ("googleapis.sqladmin.v1.instances.explode", {}, "explode"),
        ("googleapis.sqladmin.v1.tables.list", {}, "tables"),
        ("googleapis.nothing.v1.things.list", {}, "nothing"),
        (EXPORT, {"project": PROJECT, "body": {}}, "instance"),
        (EXPORT, {**ARGUMENTS, "colour": 1}, "colour"),
        (EXPORT, {**ARGUMENTS, "connector_params": {"patience": 1}}, "no connector parameter patience"),
        ("googleapis.storage.v1.objects.get", {"bucket": BACKUPS, "object": "a/b"}, "must be encoded"),
    ],
)
def test_a_wrong_call_is_no_error_that_a_source_could_catch(call: str, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(SourceError, match=why):
        google(World()).connector(call, arguments)


def test_a_field_that_the_document_does_not_know_is_refused_by_google() -> None:
    body = {"exportContext": {**CONTEXT, "colour": "red"}}
    with pytest.raises(RaisedError, match="error code 400") as caught:
        google(World()).connector(EXPORT, {**ARGUMENTS, "body": body})
    assert caught.value.value["code"] == 400
    assert "colour" in caught.value.value["body"]["error"]["message"]


def test_an_object_is_written_once_and_read_by_its_encoded_name() -> None:
    world = World()
    arguments = {"bucket": BACKUPS, "name": "a/b", "uploadType": "media", "ifGenerationMatch": "0", "body": b"{}"}
    made = google(world).connector("googleapis.storage.v1.objects.insert", arguments)
    assert (made["name"], world.storage.content(BACKUPS, "a/b")) == ("a/b", b"{}")
    found = google(world).connector("googleapis.storage.v1.objects.get", {"bucket": BACKUPS, "object": "a%2Fb"})
    assert found["generation"] == made["generation"]
    with pytest.raises(RaisedError, match="error code 412"):
        google(world).connector("googleapis.storage.v1.objects.insert", arguments)


@pytest.mark.parametrize(
    ("kind", "tag"), [(Kind.CUT, "ConnectionError"), (Kind.LOST, "ConnectionError"), (Kind.SILENT, "TimeoutError")]
)
def test_a_connection_that_breaks(kind: Kind, tag: str) -> None:
    world = World()
    world.api.faults.add(Fault("sql.databases.list", kind))
    with pytest.raises(RaisedError) as caught:
        google(world).connector("googleapis.sqladmin.v1.databases.list", {"project": PROJECT, "instance": INSTANCE})
    assert caught.value.value["tags"] == [tag]


def test_a_request_tells_code_and_body_and_wants_a_token() -> None:
    world = World()
    request = {"url": f"https://redis.googleapis.com/v1/{CACHE_NAME}", "auth": {"type": "OAuth2"}}
    answer = google(world).http("get", request)
    assert (answer["code"], answer["body"]["state"]) == (200, "READY")
    with pytest.raises(RaisedError, match="error code 404") as caught:
        google(world).http("get", {**request, "url": request["url"] + "-2"})  # type: ignore[operator] # a text
    assert caught.value.value["tags"] == ["HttpError"]
    with pytest.raises(SourceError, match="OAuth2"):
        google(world).http("get", {"url": request["url"]})
    with pytest.raises(RaisedError, match="error code 404"):
        google(world).http("get", {**request, "url": "https://unknown.googleapis.com/v1/x"})
