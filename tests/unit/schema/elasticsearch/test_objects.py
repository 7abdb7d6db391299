"""What is sent to the cluster for each object, those above all that the tests' node has no API for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schema.elasticsearch.desired import Desired, desired
from schema.elasticsearch.objects import KINDS, Kind, Wanted, changes, unclaimed
from schema.kit import load_environment
from tests.unit.schema.elasticsearch.clusters import ToldCluster

PROD = load_environment("prod")
WANTED: Desired = desired(PROD)


def named(kind: str, name: str) -> Wanted:
    return next(each for each in WANTED.objects if (each.kind.title, each.name) == (kind, name))


@pytest.mark.parametrize("wanted", WANTED.objects, ids=lambda each: each.what)
def test_what_is_not_there_is_put_whole_at_its_place(wanted: Wanted) -> None:
    cluster = ToldCluster()
    (change,) = changes(cluster, wanted)
    assert (change.action, change.what) == ("create", wanted.what)
    assert cluster.sent == []
    change.run()
    ((method, path, body),) = cluster.sent
    assert (method, path) == ("PUT", f"{wanted.kind.path}/{wanted.name}")
    assert body == (None if wanted.kind.only_made else wanted.marked())


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        (named("lifecycle policy", "search-queries"), lambda body: {"search-queries": {"version": 3, **body}}),
        (named("snapshot policy", "daily"), lambda body: {"daily": {"version": 1, "policy": body}}),
        (named("snapshot repository", "triptrip"), lambda body: {"triptrip": {**body, "uuid": "a1"}}),
        (named("data stream", "search-queries"), lambda _: {"data_streams": [{"name": "search-queries"}]}),
    ],
    ids=lambda each: each.what if isinstance(each, Wanted) else "",
)
def test_what_is_there_as_it_should_be_is_left(wanted: Wanted, answer: Any) -> None:
    path = f"GET {wanted.kind.path}/{wanted.name}"
    assert list(changes(ToldCluster({path: answer(wanted.marked())}), wanted)) == []


def test_rules_of_synonyms_may_stand_in_any_order() -> None:
    rules = [{"id": name, "synonyms": f"{name}, other"} for name in ("onsen", "airport", "inn")]
    wanted = replace(named("synonym set", "search-english"), body={"synonyms_set": rules})
    told: dict[str, Any] = {"count": 3, "synonyms_set": sorted(rules, key=lambda rule: rule["id"])}
    assert list(changes(ToldCluster({"GET /_synonyms/search-english": told}), wanted)) == []
    fewer = {"count": 2, "synonyms_set": told["synonyms_set"][:2]}
    assert len(list(changes(ToldCluster({"GET /_synonyms/search-english": fewer}), wanted))) == 1


def test_another_retention_of_snapshots_is_put_back() -> None:
    wanted = named("snapshot policy", "daily")
    other = {**wanted.marked(), "retention": {"expire_after": "1d", "min_count": 7, "max_count": 60}}
    cluster = ToldCluster({"GET /_slm/policy/daily": {"daily": {"version": 1, "policy": other}}})
    (change,) = changes(cluster, wanted)
    assert change.detail == "retention.expire_after: 1d → 30d"
    change.run()
    assert cluster.sent == [("PUT", "/_slm/policy/daily", wanted.marked())]


LISTS: dict[str, Callable[[Any], Any]] = {
    "component template": lambda of: {
        "component_templates": [{"name": name, "component_template": body} for name, body in of.items()]
    },
    "index template": lambda of: {
        "index_templates": [{"name": name, "index_template": body} for name, body in of.items()]
    },
    "lifecycle policy": lambda of: {name: {"version": 1, **body} for name, body in of.items()},
    "snapshot policy": lambda of: {name: {"version": 1, "policy": body} for name, body in of.items()},
    "role": lambda of: of,
}
NOT_OURS: dict[str, list[Any]] = {
    "component template": [{"template": {}}, {"template": {}, "_meta": {"managed_by": "x-pack"}}],
    "index template": [{"index_patterns": []}],
    "lifecycle policy": [{"policy": {"phases": {}}}],
    "snapshot policy": [{"name": "<a>"}, {"name": "<a>", "config": {}}],
    "role": [{"cluster": []}, {"cluster": [], "metadata": {"_reserved": True}}],
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.mark], ids=lambda kind: kind.title)
def test_what_bears_our_mark_and_has_no_file_is_told(kind: Kind) -> None:
    ours = next(each for each in WANTED.objects if each.kind is kind)
    there = {"former": ours.marked(), ours.name: ours.marked()}
    there |= {f"other-{number}": body for number, body in enumerate(NOT_OURS[kind.title])}
    cluster = ToldCluster({f"GET {kind.path}": LISTS[kind.title](there)})
    assert list(unclaimed(cluster, kind, {ours.name})) == ["former"]
    assert list(unclaimed(ToldCluster(), kind, {ours.name})) == []


def test_snapshots_go_to_the_bucket_and_by_the_client_that_the_program_declares() -> None:
    plan = PROD.plan.elasticsearch
    assert plan is not None
    assert plan.snapshots is not None
    body = named("snapshot repository", "triptrip").body
    assert body["type"] == "gcs"
    assert body["settings"]["bucket"] == plan.snapshots.bucket
    assert body["settings"]["client"] == "triptrip"


def test_what_another_needs_stands_before_it() -> None:
    order = [kind.folder for kind in KINDS]
    for first, then in (
        ("synonym_sets", "component_templates"),
        ("component_templates", "index_templates"),
        ("lifecycle_policies", "index_templates"),
        ("index_templates", "data_streams"),
        ("snapshot_repositories", "snapshot_policies"),
    ):
        assert order.index(first) < order.index(then)


def test_every_client_of_every_stack_has_a_key_in_the_secret_that_the_program_declares() -> None:
    for stack in ("dev", "prod"):
        environment = load_environment(stack)
        plan = environment.plan.elasticsearch
        assert plan is not None
        assert [(key.client, key.secret) for key in desired(environment).keys] == [
            (client, f"triptrip-{stack}-elasticsearch-{client}-api-key") for client in plan.key_holders
        ]
