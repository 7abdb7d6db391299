"""The endpoint table is the document's, and nothing private ever gets a route to the cache (CACHE-EP, CACHE-LAYERS)."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from infra.catalog.cdn_rows import EdgeRow, EndpointRow, NegativeRow, edge, endpoints
from infra.derive import cdn_routes
from infra.derive.cdn import CdnPlan, InstanceGroupsPlan, ServerlessPlan
from infra.derive.platform import PlatformPlan, derive
from infra.settings import SettingsError, load
from tests.stacks import declared, settings_of

PUBLIC = {
    "group": "public_read_heavy", "method": "GET", "path": "/hotels", "private": False, "cdn": "5 minutes",
    "stale": "5 minutes", "browser": "1 minute", "redis": "1 minute", "query": "all", "tags": ["listing:hotels"],
    "id": "CACHE-EP",
}  # fmt: skip


def derived(changes: dict[str, Any] | None = None) -> PlatformPlan:
    return derive(settings_of("prod", changes))


def prod(changes: dict[str, Any] | None = None) -> CdnPlan:
    plan = derived({"cdn": changes} if changes else None).cdn
    assert plan is not None
    return plan


def test_the_table_has_every_endpoint_of_the_document_with_its_times() -> None:
    kept = {
        f"{row.method} {row.path}": (row.group, str(row.cdn or "never"), str(row.redis or "never"))
        for row in endpoints()
    }
    public, personal, search, live, write = (
        ("public_read_heavy", "5 minutes", "1 minute"),
        ("personalized", "never", "30 s"),
        ("search_results", "1 minute", "30 s"),
        ("real_time_data", "never", "10 s"),
        ("write_operations", "never", "never"),
    )
    assert kept == {
        **dict.fromkeys(("GET /hotels", "GET /hotels/{id}", "GET /attractions", "GET /products"), public),
        **dict.fromkeys(("GET /users/me", "GET /users/me/bookings", "GET /users/me/orders"), personal),
        **dict.fromkeys(("GET /search/hotels", "GET /search/products"), search),
        **dict.fromkeys(("GET /inventory/{id}/availability", "GET /rooms/{id}/price"), live),
        **dict.fromkeys(("POST /bookings", "POST /orders", "PUT /users/me"), write),
    }


def test_keys_are_the_documents() -> None:
    rows = {f"{row.method} {row.path}": row for row in endpoints()}
    assert rows["GET /search/hotels"].query == ("query", "filters", "page")
    assert [row.path for row in endpoints() if row.user] == ["/users/me", "/users/me/bookings", "/users/me/orders"]
    assert {row.group for row in endpoints() if row.refresh} == {"real_time_data"}


def test_every_tag_that_a_write_clears_is_some_answers_tag() -> None:
    carried = {tag for row in endpoints() for tag in row.tags}
    assert {tag for row in endpoints() for tag in row.invalidates} <= carried


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"private": True}, "never kept by a shared cache"),
        ({"group": "personalized", "user": True, "private": True}, "never kept by a shared cache"),
        ({"group": "personalized", "user": True}, "is private: say so"),
        ({"group": "real_time_data"}, "is private: say so"),
        ({"user": True}, "with user_id in the key is private"),
        ({"method": "POST"}, "POST is private"),
        ({"group": "write_operations", "method": "POST", "private": True, "redis": None, "tags": []}, "never kept"),
        ({"cdn": "30 s", "browser": "10 s"}, "outside 1 minute to 1 day"),
        ({"cdn": "25 hours"}, "outside 1 minute to 1 day"),
        ({"redis": "2 hours"}, "outside 1 s to 1 hour"),
        ({"stale": None}, "without it Cloud CDN takes 1 day"),
        ({"stale": "8 days"}, "at most 7 days"),
        ({"browser": None}, "browser is written out"),
        ({"browser": "6 minutes"}, "at most cdn (5 minutes)"),
        ({"query": None}, "which parameters are part of the key"),
        ({"tags": []}, "it could not be purged"),
        ({"invalidates": ["listing:hotels"]}, "a read clears no tag"),
        ({"path": "/hotels/*"}, "String should match pattern"),
        ({"cdn": 300}, "a whole number and ms"),
        ({"max": "1 hour"}, "Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_row_that_would_share_what_is_private_cannot_be_read(changes: dict[str, Any], reason: str) -> None:
    assert EndpointRow(**PUBLIC).cached
    with pytest.raises(ValidationError) as caught:
        EndpointRow(**{**PUBLIC, **changes})
    assert reason in str(caught.value)


def test_a_write_is_kept_nowhere_and_says_what_it_clears() -> None:
    write = {"group": "write_operations", "method": "POST", "path": "/bookings", "private": True, "id": "CACHE-EP"}
    assert not EndpointRow(**write, invalidates=["user:bookings"]).cached
    for changes in ({}, {"invalidates": ["user:bookings"], "redis": "10 s"}, {"invalidates": ["a:b"], "tags": ["a:b"]}):
        with pytest.raises(ValidationError, match="kept nowhere"):
            EndpointRow(**write, **changes)


def test_what_the_edge_always_does_is_bounded_too() -> None:
    with pytest.raises(ValidationError, match="Authorization"):
        EdgeRow(ignored_query=(), bypass=("Pragma",), negative=())
    with pytest.raises(ValidationError, match="longer than 30 minutes"):
        NegativeRow(code=404, ttl="31 minutes")
    with pytest.raises(ValidationError, match="each code once"):
        EdgeRow(ignored_query=(), bypass=("Authorization",), negative=(edge().negative[0], edge().negative[0]))


def test_only_cacheable_reads_have_a_route() -> None:
    assert [(route.path, route.ttl, route.stale, route.browser) for route in prod().routes] == [
        ("/api/hotels", 300, 300, 60),
        ("/api/hotels/*", 300, 300, 60),
        ("/api/attractions", 300, 300, 60),
        ("/api/products", 300, 300, 60),
        ("/api/search/hotels", 60, 0, 30),
        ("/api/search/products", 60, 0, 30),
    ]
    assert [route.path for route in prod().routes if route.is_template] == ["/api/hotels/*"]
    assert all("Authorization" in route.bypass for route in prod().routes)


def test_the_prefix_is_a_setting() -> None:
    plan = prod({"pathPrefix": "/api/v1"})
    assert all(route.path.startswith("/api/v1/") for route in plan.routes)
    assert "/api/v1/users/me" in plan.uncached_examples


def test_a_search_is_kept_by_its_three_parameters_and_a_list_by_all_but_campaign_marks() -> None:
    by_path = {route.path: route for route in prod().routes}
    assert by_path["/api/search/hotels"].included == ("query", "filters", "page")
    assert by_path["/api/hotels"].included is None
    assert "utm_source" in by_path["/api/hotels"].excluded


def test_a_public_path_that_is_also_a_private_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = EndpointRow(**{**PUBLIC, "path": "/users/{id}"})
    assert [(one.path, other.path) for one, other in cdn_routes.shadowed((*endpoints(), wide))] == [
        ("/users/{id}", "/users/me"),
        ("/users/{id}", "/users/me"),
    ]
    monkeypatch.setattr(cdn_routes, "shadowed", lambda: ((wide, endpoints()[4]),))
    with pytest.raises(SettingsError) as caught:
        derived()
    assert "no path that is also GET /users/me, which is private" in str(caught.value)


def test_a_private_row_cannot_become_a_route() -> None:
    private = next(row for row in endpoints() if row.private)
    assert cdn_routes.routes("/api", [private]) == ()


def test_the_backend_is_a_service_of_the_projects_region_or_of_its_own() -> None:
    backend = prod().backend
    assert backend == ServerlessPlan("triptrip-prod-triptrip-api-asia-northeast1", "asia-northeast1", "triptrip-api")
    moved = prod({"backend": {"region": "asia-northeast2"}}).backend
    assert isinstance(moved, ServerlessPlan)
    assert moved.name != backend.name


def test_instance_groups_have_defaults_for_what_is_left_out() -> None:
    raw = declared("prod")
    group = "projects/triptrip-prod/zones/asia-northeast1-a/instanceGroups/api"
    backend = {"kind": "instance-group", "groups": [group], "healthPath": "/healthz"}
    plan = derive(load({**raw, "cdn": {**raw["cdn"], "backend": backend}})).cdn
    assert plan is not None
    assert plan.backend == InstanceGroupsPlan("triptrip-prod-api", (group,), "http", "HTTP", "/healthz", 30, 60)


def test_attacks_are_refused_before_requests_are_counted() -> None:
    plan = prod({"rateLimit": {"action": "ban", "ban": "10 minutes"}})
    assert [rule.priority for rule in plan.firewall] == [1000, 1010, 1020, 1030]
    assert plan.firewall[0].expression == "evaluatePreconfiguredWaf('sqli-v33-stable', {'sensitivity': 1})"
    assert (plan.limit.priority, plan.limit.requests, plan.limit.ban) == (10_000, 1200, 600)
    assert prod().limit == replace(plan.limit, ban=None)


def test_the_oldest_tls_decides_the_ciphers() -> None:
    assert (prod().min_tls, prod().tls_profile) == ("TLS_1_2", "MODERN")
    assert prod({"minTls": "TLS_1_3"}).tls_profile == "RESTRICTED"


def test_rules_that_only_log_are_told_in_prod() -> None:
    told = [each.path for each in derived({"cdn": {"firewall": {"preview": True}}}).advice]
    assert "cdn.firewall.preview" in told
    assert "cdn.firewall.preview" not in [each.path for each in derived().advice]


def test_the_table_for_people_has_a_row_an_endpoint() -> None:
    text = cdn_routes.render()
    for row in endpoints():
        assert f"| `{row.method} {row.path}` | {row.group} |" in text
    assert "| `GET /users/me` | personalized | yes | – | – | – | 30 s | `user_id` |" in text
