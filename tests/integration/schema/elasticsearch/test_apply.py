"""From nothing, twice, after edits by hand: what is in the cluster is what the files say."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.store import connected
from schema.kit import SchemaError
from tests.integration.schema.elasticsearch.conftest import Lab

Open = Callable[..., Cluster]


def test_from_nothing_and_then_nothing_more(lab: Lab) -> None:
    made = lab.apply()
    assert "create index hotels-000001" in made
    assert "create index products-000001" in made
    assert lab.plan() == []
    assert lab.store().findings() == []
    assert [record.name for record in lab.store().records()] == [line.partition(" ")[2] for line in made]
    assert all(record.is_finished for record in lab.store().records())
    assert lab.apply() == []


def test_a_plan_changes_nothing(lab: Lab) -> None:
    assert any(line.startswith("create index hotels-000001") for line in lab.plan())
    assert not lab.cluster.get("/hotels*,triptrip-schema?expand_wildcards=all")
    assert lab.store().records() == ()


BY_HAND = {
    "synonyms": ("PUT", "/_synonyms/search-english", {"synonyms_set": [{"id": "inn", "synonyms": "ryokan, motel"}]}),
    "component template": (
        "PUT",
        "/_component_template/triptrip-content",
        {"template": {"settings": {"index": {"refresh_interval": "1s"}}}},
    ),
    "lifecycle policy": ("PUT", "/_ilm/policy/search-queries", {"policy": {"phases": {}}}),
    "snapshot policy": (
        "PUT",
        "/_slm/policy/daily",
        {"name": "<a-{now/d}>", "schedule": "0 0 1 * * ?", "repository": "triptrip", "config": {"indices": ["*"]}},
    ),
    "role": ("PUT", "/_security/role/search_read", {"indices": [{"names": ["*"], "privileges": ["all"]}]}),
    "setting": ("PUT", "/hotels-000001/_settings", {"index.refresh_interval": "1s"}),
    "block": ("PUT", "/hotels-000001/_block/write", None),
    "read alias gone": ("DELETE", "/hotels-000001/_alias/hotels", None),
    "write alias gone": ("DELETE", "/hotels-000001/_alias/hotels-write", None),
    "alias without its filter": (
        "POST",
        "/_aliases",
        {"actions": [{"add": {"index": "hotels-000001", "alias": "hotels"}}]},
    ),
    "parameter of a field": (
        "PUT",
        "/hotels-000001/_mapping",
        {"properties": {"name_en": {"type": "text", "analyzer": "english_index", "search_analyzer": "english_index",
                                    "fields": {"exact": {"type": "keyword", "ignore_above": 256}}}}},
    ),
}  # fmt: skip


def test_edits_by_hand_are_found_and_undone_in_place(lab: Lab) -> None:
    lab.apply()
    before = lab.cluster.get("/hotels-000001")
    for edit, (method, path, body) in BY_HAND.items():
        lab.cluster.change(method, path, body)
        assert len(lab.plan()) == 1, (edit, lab.plan())
        assert len(lab.apply()) == 1, edit
        assert lab.plan() == [], edit
        assert lab.cluster.get("/hotels-000001") == before, edit


def test_a_field_that_was_added_by_hand_needs_a_new_index(lab: Lab) -> None:
    lab.apply()
    lab.cluster.change("PUT", "/hotels-000001/_mapping", {"properties": {"secret_price": {"type": "integer"}}})
    (line,) = lab.plan()
    assert line == "change reindex of hotels: hotels-000001 → hotels-000002: field secret_price is not in the files"
    lab.apply()
    made = lab.cluster.get("/hotels") or {}
    assert "secret_price" not in made["hotels-000002"]["mappings"]["properties"]


def test_a_new_field_goes_into_the_index_that_is_there(lab: Lab) -> None:
    lab.apply()
    lab.edit(
        "index_templates/hotels.yaml", "rooms: {type: short}", "rooms: {type: short}\n        pets: {type: boolean}"
    )
    lines = lab.plan()
    assert any("mapping of hotels-000001: field pets is new" in line for line in lines), lines
    lab.apply()
    assert lab.plan() == []
    lab.write({"1": {"name_en": "Dog friendly", "pets": True}})
    assert lab.used() == "hotels-000001"


def test_what_is_not_declared_is_refused(lab: Lab) -> None:
    lab.apply()
    with pytest.raises(SchemaError, match="strict"):
        lab.cluster.change("PUT", "/hotels-write/_doc/1", {"nmae_ja": "typo"})


def test_nothing_is_written_through_the_read_alias(lab: Lab) -> None:
    lab.apply()
    with pytest.raises(SchemaError, match="no write index is defined for alias \\[hotels\\]"):
        lab.cluster.change("PUT", "/hotels/_doc/1", {"name_ja": "宿"})


def test_an_index_with_the_name_of_an_alias_is_refused(lab: Lab) -> None:
    lab.cluster.change("PUT", "/hotels")
    with pytest.raises(SchemaError, match="index hotels: has the name that an alias is to have"):
        lab.plan()


def test_a_stranger_index_under_our_template_is_told(lab: Lab) -> None:
    lab.apply()
    lab.cluster.change("PUT", "/hotels-test")
    assert lab.store().findings() == ["index hotels-test is not one of ours; templates of hotels apply to it"]


def test_what_former_files_made_is_told_and_stays(lab: Lab) -> None:
    """ADR 0023: nothing is deleted that the files do not name."""
    lab.apply()
    for name in ("index_templates/products", "snapshot_policies/daily"):
        (lab.folder / f"{name}.yaml").unlink()
    assert lab.apply() == []
    assert lab.store().findings() == [
        "index template products is in no file any more; delete it when nobody needs it",
        "snapshot policy daily is in no file any more; delete it when nobody needs it",
    ]


def test_a_rule_that_cannot_be_read_is_refused_before_it_is_put(lab: Lab) -> None:
    lab.apply()
    lab.edit("synonym_sets/search-japanese.yaml", "空港, エアポート", "空港, りょかん")
    with pytest.raises(SchemaError, match="rule airport of synonym set search-japanese: りょかん cannot be read"):
        lab.plan()


def test_synonyms_change_without_a_reindex(lab: Lab) -> None:
    lab.apply()
    lab.write({"1": {"name_ja": "湯けむりの宿"}})
    asked = {"query": {"match": {"name_ja": "スパ"}}}
    assert lab.cluster.search("/hotels/_search", asked)["hits"]["total"]["value"] == 0
    lab.edit("synonym_sets/search-japanese.yaml", '"旅館, 宿, ryokan"', '"旅館, 宿, ryokan, スパ"')
    assert lab.apply() == ["change synonym set search-japanese"]
    assert lab.cluster.search("/hotels/_search", asked)["hits"]["total"]["value"] == 1


def test_two_at_once_do_it_once(lab: Lab, closing: Open) -> None:
    clusters = [closing(lab.address()) for _ in range(2)]
    made: list[list[str]] = []
    failed: list[BaseException] = []

    def run(cluster: Cluster) -> None:
        try:
            made.append(lab.apply(cluster, wait=60))
        except BaseException as error:  # noqa: BLE001 # shown below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(cluster,)) for cluster in clusters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sorted(len(lines) > 0 for lines in made) == [False, True]
    assert lab.plan() == []


def test_the_holder_is_named(lab: Lab, closing: Open) -> None:
    with lab.store().lock(0):
        store = lab.store(closing(lab.address()))
        with (
            pytest.raises(SchemaError, match=r"is being changed by .* process \d+, whose lease ends at"),
            store.lock(0),
        ):
            pass
    with store.lock(0):
        pass


def test_a_lease_that_ran_out_is_taken_over_and_its_holder_stops(lab: Lab, closing: Open) -> None:
    other = closing(lab.address())
    with lab.store(lease_seconds=2).lock(0):
        # As if this process had been held up, and somebody who died had taken it: the next one finds it expired.
        lease: Any = lab.cluster.get("/triptrip-schema/_doc/lease")
        past = {**lease["_source"], "token": "another's", "expires_at": "2026-01-01T00:00:00.000+00:00"}
        lab.cluster.unguarded("PUT", "/triptrip-schema/_doc/lease", past)
        with lab.store(other).lock(5):
            lab.server.workspace.wait_for("the first one has noticed", lambda: _is_stopped(lab.cluster), 30)
        assert other.get("/hotels*") == {}


def _is_stopped(cluster: Cluster) -> bool:
    try:
        cluster.guard()
    except SchemaError as error:
        return "could not be renewed" in str(error)
    return False


@pytest.mark.parametrize(
    ("privileges", "missing"),
    [
        (["monitor"], "GET /_security/api_key is refused .403.: the cluster privilege read_security is missing"),
        (
            ["monitor", "manage_security", "manage_search_synonyms"],
            "POST /_analyze is refused .403.: the cluster privilege manage is missing",
        ),
    ],
)
def test_a_role_that_lacks_a_privilege_is_told_which(
    lab: Lab, closing: Open, privileges: list[str], missing: str
) -> None:
    lab.cluster.change("PUT", "/_security/role/stranger", {"cluster": privileges, "indices": []})
    password = lab.server.workspace.password
    lab.cluster.change("PUT", "/_security/user/stranger", {"password": password, "roles": ["stranger"]})
    store = lab.store(closing(lab.address("stranger")))
    with pytest.raises(SchemaError, match=missing):
        store.steps()


def test_an_unknown_user_is_told(lab: Lab) -> None:
    with (
        connected(lab.address("nobody")) as cluster,
        pytest.raises(SchemaError, match=r"these credentials \(401\)") as told,
    ):
        lab.store(cluster).steps()
    assert lab.server.workspace.password not in str(told.value)
