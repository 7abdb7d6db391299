"""A client's API key: made once, held to its role, handed over through a secret, and never lost between the two."""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from schema.elasticsearch.cluster import Cluster
from schema.kit import SchemaError
from tests.integration.schema.elasticsearch.conftest import Lab

Open = Callable[..., Cluster]


def active(lab: Lab, client: str) -> list[str]:
    """The ids of the keys of a client that are in force."""
    told = lab.cluster.get("/_security/api_key?owner=false") or {}
    return [key["id"] for key in told["api_keys"] if not key["invalidated"] and key["name"].endswith(client)]


def identifier(key: str | None) -> str:
    return base64.b64decode(key or "").decode().partition(":")[0]


def test_each_client_is_handed_one_key_and_a_second_run_makes_none(lab: Lab) -> None:
    lab.apply()
    for client in ("application", "indexer"):
        assert active(lab, client) == [identifier(lab.key(client))]
    before = {name: list(versions) for name, versions in lab.vault.versions.items()}
    lab.apply()
    assert lab.vault.versions == before


def test_a_key_can_do_what_its_role_says_and_no_more(lab: Lab, closing: Open) -> None:
    lab.apply()
    address = f"http://{lab.server.endpoint}"
    searching, indexing = (closing(address, lab.key(client)) for client in ("application", "indexer"))
    indexing.change("PUT", "/hotels-write/_doc/1?refresh=true", {"name_ja": "宿"})
    assert searching.search("/hotels/_count")["count"] == 1
    refused = [
        (searching, "PUT", "/hotels-write/_doc/2", {"name_ja": "宿"}),
        (searching, "DELETE", "/hotels-000001", None),
        (searching, "POST", "/_security/api_key", {"name": "mine"}),
        (indexing, "DELETE", "/hotels-write/_doc/1", None),
        (indexing, "PUT", "/hotels-000001/_mapping", {"properties": {"more": {"type": "keyword"}}}),
        (indexing, "PUT", "/_index_template/mine", {"index_patterns": ["mine-*"]}),
    ]
    for cluster, method, path, body in refused:
        with pytest.raises(SchemaError, match="403"):
            cluster.change(method, path, body)
    with pytest.raises(SchemaError, match="403"):
        searching.search("/hotels-000001/_search")


def test_a_kill_between_making_a_key_and_handing_it_over_leaves_none_behind(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(name: str, payload: str) -> str:
        raise SchemaError("the process", f"is gone before {name} has {len(payload)} characters")

    with monkeypatch.context() as patched:
        patched.setattr(lab.vault, "add_version", die)
        with pytest.raises(SchemaError, match="the process"):
            lab.apply()
    assert len(active(lab, "application")) == 1
    assert lab.key("application") is None
    assert any("1 that nobody has go" in line for line in lab.plan())
    lab.apply()
    assert active(lab, "application") == [identifier(lab.key("application"))]
    assert lab.plan() == []


def test_a_kill_between_handing_a_key_over_and_noting_it_makes_another_one(lab: Lab) -> None:
    lab.apply()
    handed = lab.key("application")
    roles = {"search_read": {"indices": [{"names": ["hotels"], "privileges": ["read"]}]}}
    body = {"role_descriptors": roles, "metadata": {"client": "application"}}
    lab.cluster.change("PUT", f"/_security/api_key/{identifier(handed)}", body)
    lab.apply()
    assert lab.key("application") != handed
    assert active(lab, "application") == [identifier(lab.key("application"))]


def test_a_role_that_changed_changes_the_key_in_place(lab: Lab, closing: Open) -> None:
    lab.apply()
    key = lab.key("application")
    lab.edit("roles/search_read.yaml", "names: [hotels, products]", "names: [hotels]")
    assert any(line.startswith("change API key") for line in lab.plan())
    lab.apply()
    assert lab.key("application") == key
    searching = closing(f"http://{lab.server.endpoint}", key)
    assert searching.search("/hotels/_count")["count"] == 0
    with pytest.raises(SchemaError, match="403"):
        searching.search("/products/_search")


def test_a_key_that_somebody_invalidated_is_made_anew(lab: Lab) -> None:
    lab.apply()
    before = lab.key("indexer")
    lab.cluster.change("DELETE", "/_security/api_key", {"ids": [identifier(before)]})
    lab.apply()
    assert lab.key("indexer") != before
    assert active(lab, "indexer") == [identifier(lab.key("indexer"))]


def test_a_key_of_a_client_that_is_gone_is_told_until_it_is_invalidated(lab: Lab) -> None:
    lab.cluster.change("POST", "/_security/api_key", {"name": "somebody's own"})
    lab.apply()
    assert lab.store().findings() == []
    plan = lab.environment.plan
    assert plan.elasticsearch
    fewer = replace(plan.elasticsearch, clients=("application",), key_holders=("application",))
    lab.environment = replace(lab.environment, plan=replace(plan, elasticsearch=fewer))
    assert lab.plan() == []
    told = (
        "API key triptrip-dev-elasticsearch-indexer is in force, and its client is not in the stack file; invalidate it"
    )
    assert lab.store().findings() == [told]
    lab.cluster.change("DELETE", "/_security/api_key", {"ids": [identifier(lab.key("indexer"))]})
    assert lab.store().findings() == []


def test_a_run_by_an_api_key_can_do_all_but_make_the_clients_keys(lab: Lab, closing: Open) -> None:
    """As the job does it, once a user has made the clients' keys."""
    descriptor = {"all": {"cluster": ["all"], "indices": [{"names": ["*"], "privileges": ["all"]}]}}
    made = lab.cluster.change("POST", "/_security/api_key", {"name": "step", "role_descriptors": descriptor}) or {}
    cluster = closing(f"http://{lab.server.endpoint}", made["encoded"])
    with pytest.raises(SchemaError, match="cannot make or change the clients' API keys"):
        lab.store(cluster).steps()
    lab.apply()
    lab.edit("synonym_sets/search-english.yaml", "souvenir, omiyage, gift", "souvenir, omiyage")
    assert lab.apply(cluster) == ["change synonym set search-english"]
