"""Google's own clients against the simulated APIs: what documents allow and refuse, and trouble on demand."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import httplib2
import pytest
from google.api_core.exceptions import Forbidden, NotFound, PreconditionFailed
from googleapiclient.errors import HttpError

from sandbox.api import Fault, Kind
from sandbox.api.discovery import document
from tests.unit.sandbox.api.world import PRIMARY, PROJECT, World

CLONE = {"cloneContext": {"destinationInstanceName": "copy"}}


def refused(call: Callable[[], Any]) -> tuple[int, str, str]:
    with pytest.raises(HttpError) as caught:
        call()
    body = json.loads(caught.value.content)["error"]
    assert body["code"] == caught.value.status_code
    return body["code"], body["status"], body["message"]


def posted(world: World, path: str, body: object, method: str = "POST") -> tuple[int, str]:
    request = urllib.request.Request(  # noqa: S310 # our own server
        f"{world.server.url}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 # our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _filled(parameter: str, row: Mapping[str, Any]) -> str:
    """A value of a path's parameter that fits its pattern."""
    return re.sub(r"\[\^/\]\+", "x", row.get("pattern", "x").strip("^$")).replace("\\", "") or parameter


@pytest.mark.parametrize("name", ["sqladmin.v1", "storage.v1", "dns.v1", "redis.v1"])
def test_every_method_of_a_document_is_found_by_its_own_path(name: str) -> None:
    source = document(name)
    for method in source.methods.values():
        path = re.sub(r"\{\+?(\w+)\}", lambda found: _filled(found[1], method.parameters[found[1]]), method.path)  # noqa: B023
        found = source.find(method.routes[0].http, path)
        assert found is not None, path
        assert found[0].id == method.id


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("v1/projects/p/locations/l/instances/i:export", "redis.projects.locations.instances.export"),
        (
            "v1/projects/p/locations/l/backupCollections/c/backups/b:export",
            "redis.projects.locations.backupCollections.backups.export",
        ),
        ("v1/projects/p/locations/l/instances", "redis.projects.locations.instances.create"),
    ],
)
def test_methods_that_share_a_template_are_told_apart_by_their_patterns(path: str, method: str) -> None:
    found = document("redis.v1").find("POST", path)
    assert found is not None
    assert found[0].id == method


def test_an_unknown_path_and_a_method_without_a_handler_are_named(world: World) -> None:
    assert posted(world, "sqladmin.v1/v1/projects/p/nothing", {})[0] == 404
    status, text = posted(world, f"sqladmin.v1/v1/projects/{PROJECT}/instances/{PRIMARY}/restart", {})
    assert status == 501
    assert "sql.instances.restart has no handler" in text


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"cloneContext": {"destination": "x"}}, "Unknown name \"destination\" at 'cloneContext': Cannot find field."),
        ({"cloneContext": {"destinationInstanceName": 7}}, "Invalid value at 'cloneContext.destinationInstanceName'"),
        ({"cloneContext": {"pointInTime": "yesterday"}}, "(google.protobuf.Timestamp)"),
        ({"cloneContext": {"databaseNames": "x"}}, "(repeated field)"),
        ({"cloneContext": []}, "(message)"),
    ],
)
def test_a_body_that_the_schema_does_not_know_is_refused(world: World, body: object, message: str) -> None:
    status, text = posted(world, f"sqladmin.v1/v1/projects/{PROJECT}/instances/{PRIMARY}/clone", body)
    assert status == 400
    assert message in json.loads(text)["error"]["message"]
    assert json.loads(text)["error"]["status"] == "INVALID_ARGUMENT"
    assert world.databases.lineage == {PRIMARY: ("empty",)}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?colour=red", 'Unknown name "colour": Cannot bind query parameter.'),
        ("?maxResults=many", "Invalid value at 'maxResults'"),
    ],
)
def test_query_parameters_are_checked(world: World, query: str, message: str) -> None:
    status, text = posted(world, f"sqladmin.v1/v1/projects/{PROJECT}/instances{query}", None, "GET")
    assert status == 400
    assert message in json.loads(text)["error"]["message"]


def test_a_missing_required_parameter_is_refused(world: World) -> None:
    status, text = posted(world, f"redis.v1/v1/projects/{PROJECT}/locations/l/instances", {"tier": "BASIC"})
    assert status == 400
    assert "Required parameter is missing: instanceId" in json.loads(text)["error"]["message"]


def test_an_operation_takes_polls_and_only_then_has_an_effect(world: World) -> None:
    sql = world.client("sqladmin", "v1")
    begun = sql.instances().clone(project=PROJECT, instance=PRIMARY, body=CLONE).execute()
    assert begun["status"] == "PENDING"
    assert "copy" not in world.databases.lineage
    seen = [sql.operations().get(project=PROJECT, operation=begun["name"]).execute()["status"] for _ in range(3)]
    assert seen == ["RUNNING", "RUNNING", "DONE"]
    assert world.databases.lineage["copy"] == ("clone", PRIMARY, None)
    assert sql.instances().get(project=PROJECT, instance="copy").execute()["state"] == "RUNNABLE"


def test_an_operation_that_fails_says_why_and_leaves_a_failed_instance(world: World) -> None:
    world.api.faults.add(Fault("sql.instances.clone", Kind.OPERATION))
    sql = world.client("sqladmin", "v1")
    begun = sql.instances().clone(project=PROJECT, instance=PRIMARY, body=CLONE).execute()
    for _ in range(3):
        told = sql.operations().get(project=PROJECT, operation=begun["name"]).execute()
    assert told["error"]["errors"][0]["code"] == "INTERNAL_ERROR"
    assert sql.instances().get(project=PROJECT, instance="copy").execute()["state"] == "FAILED"
    assert "copy" not in world.databases.lineage


@pytest.mark.parametrize(
    ("kind", "status"), [(Kind.INTERNAL, 500), (Kind.UNAVAILABLE, 503), (Kind.THROTTLED, 429)], ids=str
)
def test_a_refused_call_has_no_effect_and_the_next_one_passes(world: World, kind: Kind, status: int) -> None:
    world.api.faults.add(Fault("sql.instances.clone", kind, nth=1, retry_after=7))
    clone = world.client("sqladmin", "v1").instances().clone(project=PROJECT, instance=PRIMARY, body=CLONE)
    with pytest.raises(HttpError) as caught:
        clone.execute()
    assert caught.value.status_code == status
    assert caught.value.resp.get("retry-after") == ("7" if kind is Kind.THROTTLED else None)
    assert (PROJECT, "copy") not in world.sql.instances
    clone.execute()
    assert (PROJECT, "copy") in world.sql.instances
    assert [call.status for call in world.api.asked("sql.instances.clone")] == [status, 200]


@pytest.mark.parametrize(("kind", "done"), [(Kind.CUT, False), (Kind.LOST, True), (Kind.SILENT, True)], ids=str)
def test_a_severed_call_may_or_may_not_have_been_done(world: World, kind: Kind, done: bool) -> None:
    world.api.faults.add(Fault("sql.instances.clone", kind))
    timeout = 0.2 if kind is Kind.SILENT else 10
    clone = world.client("sqladmin", "v1", timeout).instances().clone(project=PROJECT, instance=PRIMARY, body=CLONE)
    # The client's own second try after a cut would meet the second call.
    world.api.faults.add(Fault("sql.instances.clone", Kind.CUT, nth=2))
    with pytest.raises((OSError, httplib2.HttpLib2Error)):
        clone.execute()
    assert ((PROJECT, "copy") in world.sql.instances) is done
    assert world.api.asked("sql.instances.clone")[0].status is None


def test_storage_keeps_generations_preconditions_and_retention(world: World) -> None:
    world.storage.add_bucket("backups", timedelta(days=35))
    bucket = world.bucket_client().bucket("backups")
    blob = bucket.blob("postgres/x/success.json")
    blob.upload_from_string(b'{"a": 1}', content_type="application/json", if_generation_match=0)
    assert blob.download_as_bytes() == b'{"a": 1}'
    assert [found.name for found in bucket.list_blobs(prefix="postgres/")] == ["postgres/x/success.json"]
    with pytest.raises(PreconditionFailed):
        bucket.blob("postgres/x/success.json").upload_from_string(b"2", if_generation_match=0)
    with pytest.raises(Forbidden, match="retention"):
        bucket.blob("postgres/x/success.json").upload_from_string(b"2")
    with pytest.raises(Forbidden, match="retention"):
        blob.delete()
    with pytest.raises(NotFound):
        bucket.blob("nothing").download_as_bytes()


def test_a_large_upload_goes_in_a_session(world: World) -> None:
    world.storage.add_bucket("backups")
    content = bytes(range(256)) * 4096
    blob = world.bucket_client().bucket("backups").blob("large")
    blob.chunk_size = 256 * 1024
    with blob.open("wb", ignore_flush=True) as stream:
        stream.write(content)
    assert world.storage.content("backups", "large") == content
    assert world.bucket_client().bucket("backups").blob("large").download_as_bytes() == content


def test_a_change_of_names_is_made_whole_or_not_at_all(world: World) -> None:
    world.dns.add_zone(PROJECT, "zone", "test.internal", {"pg-write.test.internal": ["10.0.0.1"]})
    dns = world.client("dns", "v1")
    old = dns.resourceRecordSets().list(project=PROJECT, managedZone="zone").execute()["rrsets"][0]
    new = {**old, "rrdatas": ["10.0.0.2"]}
    wrong = {"deletions": [{**old, "rrdatas": ["10.9.9.9"]}], "additions": [new]}
    create = dns.changes().create
    assert refused(create(project=PROJECT, managedZone="zone", body=wrong).execute)[0] == 412
    assert world.dns.addresses(PROJECT, "zone", "pg-write.test.internal") == ["10.0.0.1"]
    right = {"deletions": [old], "additions": [new]}
    begun = create(project=PROJECT, managedZone="zone", body=right).execute()
    assert begun["status"] == "pending"
    assert world.dns.addresses(PROJECT, "zone", "pg-write.test.internal") == ["10.0.0.2"]
    get = dns.changes().get(project=PROJECT, managedZone="zone", changeId=begun["id"])
    assert [get.execute()["status"] for _ in range(2)] == ["pending", "done"]


def test_redis_has_operations_of_its_own(world: World) -> None:
    name = f"projects/{PROJECT}/locations/asia-northeast1/instances/cache"
    world.redis.add(name)
    redis = world.client("redis", "v1").projects().locations()
    body = {"outputConfig": {"gcsDestination": {"uri": "gs://exports/x.rdb"}}}
    begun = redis.instances().export(name=name, body=body).execute()
    again = refused(redis.instances().export(name=name, body=body).execute)
    assert again[0] == 409
    for _ in range(3):
        told = redis.operations().get(name=begun["name"]).execute()
    assert told["done"] is True
    assert "no data" in told["error"]["message"]
