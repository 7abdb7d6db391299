"""Copying by the cluster itself, whose API the tests' node has not: what is sent, and what its answers mean."""

from typing import Any

import pytest

from schema.elasticsearch import indices
from schema.elasticsearch.copying import ByReindex
from schema.elasticsearch.desired import desired
from schema.elasticsearch.rebuild import aliases_of
from schema.kit import SchemaError, load_environment
from tests.unit.schema.elasticsearch.clusters import ToldCluster

QUERY = {"range": {"_seq_no": {"gt": 7}}}


def copied(*told: Any) -> tuple[ToldCluster, Any]:
    cluster = ToldCluster({"POST /_reindex": {"task": "node:1"}, "GET /_tasks/node:1": list(told)})
    return cluster, ByReindex(cluster, poll_seconds=0)


def done(**response: Any) -> dict[str, Any]:
    return {"completed": True, "response": {"total": 5, "failures": [], **response}}


def test_a_copy_is_a_task_that_is_waited_for() -> None:
    cluster, copying = copied({"completed": False}, {"completed": False}, done())
    assert copying.copy("hotels-000001", "hotels-000002", QUERY) == 5
    ((method, path, body),) = cluster.sent
    assert (method, path) == ("POST", "/_reindex?wait_for_completion=false&slices=auto&refresh=false")
    assert body["source"] == {"index": "hotels-000001", "size": 1000, "query": QUERY}
    assert body["dest"] == {"index": "hotels-000002", "op_type": "index"}
    assert body["conflicts"] == "abort"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            done(failures=[{"id": "9", "cause": {"reason": "no number"}}]),
            "document 9 of hotels-000001: does not fit the new index: no number",
        ),
        (done(canceled="by user request"), "was cancelled: by user request"),
        ({"completed": True, "error": {"type": "index_closed", "reason": "closed"}}, "index_closed: closed"),
        (None, "its task is gone"),
    ],
)
def test_a_copy_that_is_not_whole_is_an_error(told: Any, message: str) -> None:
    _, copying = copied(told)
    with pytest.raises(SchemaError, match=message):
        copying.copy("hotels-000001", "hotels-000002", QUERY)


def test_a_copy_ends_with_the_right_to_change_the_cluster() -> None:
    cluster, copying = copied(*[{"completed": False}] * 3)
    turns = iter([None, SchemaError("the lease", "is lost")])

    def guard() -> None:
        if error := next(turns):
            raise error

    cluster.guard = guard
    with pytest.raises(SchemaError, match="the lease: is lost"):
        copying.copy("hotels-000001", "hotels-000002", QUERY)


def test_a_copy_that_an_interrupted_run_left_is_cancelled_and_no_other() -> None:
    described = "reindex from [hotels-000001] to [hotels-000002][_doc]"
    tasks = {
        "n:1": {"description": described},
        "n:2": {"description": described, "parent_task_id": "n:1"},
        "n:3": {"description": "reindex from [hotels-000001] to [somebody-elses]"},
    }
    cluster = ToldCluster({"GET /_tasks": {"nodes": {"n": {"tasks": tasks}}}})
    ByReindex(cluster).stop("hotels-000001", "hotels-000002")
    assert [path for _, path, _ in cluster.sent] == ["/_tasks/n:1/_cancel?wait_for_completion=true"]


def test_an_index_that_is_no_longer_wanted_is_deleted_after_the_copy_that_fills_it() -> None:
    (wanted,) = (index for index in desired(load_environment("prod")).indices if index.name == "hotels")
    made = {"settings": {"index": {}, **wanted.settings}, "mappings": wanted.mappings}
    tasks = {"n:1": {"description": "reindex from [hotels-000001] to [hotels-000002]"}}
    cluster = ToldCluster(
        {
            "GET /hotels*": {
                "hotels-000001": {**made, "aliases": aliases_of(wanted)},
                "hotels-000002": {**made, "aliases": {}},
            },
            "GET /_tasks": {"nodes": {"n": {"tasks": tasks}}},
            "GET /hotels-000002/_alias": {"hotels-000002": {"aliases": {}}},
        }
    )
    (change,) = indices.changes(cluster, ByReindex(cluster), wanted)
    assert (change.action, change.what, change.detail) == ("delete", "index hotels-000002", "was never finished")
    change.run()
    assert [f"{method} {path.partition('?')[0]}" for method, path, _ in cluster.sent] == [
        "POST /_tasks/n:1/_cancel",
        "DELETE /hotels-000002",
    ]
