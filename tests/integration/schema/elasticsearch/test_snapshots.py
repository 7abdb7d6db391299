"""Snapshots of what the schema made: taken, an index lost, and restored beside and under its alias."""

from tests.integration.schema.elasticsearch.conftest import Lab


def test_a_lost_index_comes_back_from_a_snapshot_with_its_documents_and_alias(lab: Lab) -> None:
    lab.apply()
    lab.write({str(number): {"name_ja": f"宿{number}", "price_yen": number} for number in range(20)})
    repository = {"type": "fs", "settings": {"location": str(lab.server.repository / "test")}}
    lab.cluster.change("PUT", "/_snapshot/test", repository)
    policy = lab.cluster.get("/_slm/policy/daily") or {}
    config = {key: value for key, value in policy["daily"]["policy"]["config"].items() if key != "metadata"}
    taken = lab.cluster.change("PUT", "/_snapshot/test/one?wait_for_completion=true", config) or {}
    assert taken["snapshot"]["state"] == "SUCCESS"
    assert {"hotels-000001", "products-000001", "triptrip-schema"} <= {*taken["snapshot"]["indices"]}
    lab.cluster.change("DELETE", "/hotels-000001")
    restored = {"indices": "hotels-000001", "include_aliases": True}
    lab.cluster.change("POST", "/_snapshot/test/one/_restore?wait_for_completion=true", restored)
    assert lab.cluster.search("/hotels/_count")["count"] == 20
    assert lab.plan() == []
    lab.cluster.change("DELETE", "/_snapshot/test/one")
    lab.cluster.change("DELETE", "/_snapshot/test")
