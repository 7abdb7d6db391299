"""What the load balancer declares: what may be cached, who is let in, by which names; read from the plan."""

from typing import Any

import pytest

from infra.catalog.cdn_rows import endpoints
from infra.settings import load
from sandbox.plan import Plan, plan_stack
from sandbox.plan.run import plan_settings
from tests.plans import plan_of
from tests.stacks import declared

SCHEME = "EXTERNAL_MANAGED"


@pytest.fixture(scope="module")
def grouped() -> Plan:
    raw = declared("dev")
    groups = [f"projects/triptrip-dev/zones/asia-northeast1-{zone}/instanceGroups/api" for zone in "ab"]
    backend = {"kind": "instance-group", "groups": groups, "healthPath": "/healthz", "protocol": "HTTPS"}
    limit = {"requestsPerMinute": 100, "action": "ban", "ban": "5 minutes"}
    raw["cdn"] = {**raw["cdn"], "backend": backend, "rateLimit": limit, "firewall": {}, "logSampling": "0 %"}
    return plan_settings(load(raw), "dev")


def ours(plan: Plan) -> list[Any]:
    return [each for each in plan.resources if each.name.startswith("cdn-")]


def rules(plan: Plan) -> list[dict[str, Any]]:
    [matcher] = plan.named("cdn-routes").inputs["pathMatchers"]
    found: list[dict[str, Any]] = matcher["routeRules"]
    return found


def test_only_the_routes_of_cacheable_reads_reach_the_cache(plan: Plan) -> None:
    routes = plan.named("cdn-routes").inputs
    [matcher] = routes["pathMatchers"]
    api, cached = (plan.named(name).inputs["name"] for name in ("cdn-api", "cdn-api-cached"))
    for service in (routes["defaultService"], matcher["defaultService"]):
        assert service.endswith(f"backendServices/{api}")
    assert "defaultRouteAction" not in matcher
    assert "defaultRouteAction" not in routes
    matched = []
    for rule in matcher["routeRules"]:
        assert rule["service"].endswith(f"backendServices/{cached}")
        for match in rule["matchRules"]:
            [method] = match["headerMatches"]
            assert (method["headerName"], method["exactMatch"] in ("GET", "HEAD")) == (":method", True)
            assert "prefixMatch" not in match
            matched.append(match.get("fullPathMatch") or match["pathTemplateMatch"])
    assert set(matched) == {"/api" + row.path.replace("{id}", "*") for row in endpoints() if row.cached}


def test_google_itself_tries_that_every_private_path_goes_to_the_api(plan: Plan) -> None:
    tests = plan.named("cdn-routes").inputs["tests"]
    assert {one["path"] for one in tests} == {
        "/api" + row.path.replace("{id}", "1") for row in endpoints() if row.private
    }
    assert {one["service"].rpartition("/")[2] for one in tests} == {plan.named("cdn-api").inputs["name"]}


def test_a_cached_answer_is_nobodys_own(plan: Plan) -> None:
    for rule in rules(plan):
        policy = rule["routeAction"]["cachePolicy"]
        assert policy["cacheBypassRequestHeaderNames"] == ["Authorization"]
        assert rule["headerAction"] == {
            "requestHeadersToRemoves": ["Cookie"],
            "responseHeadersToRemoves": ["Set-Cookie"],
        }


def test_policies_say_every_time_themselves(plan: Plan) -> None:
    for rule in rules(plan):
        policy = rule["routeAction"]["cachePolicy"]
        assert policy["cacheMode"] == "FORCE_CACHE_ALL"
        assert "maxTtl" not in policy
        assert {"defaultTtl", "clientTtl", "serveWhileStale"} <= policy.keys()
        assert policy["negativeCaching"] is True
        assert {one["code"]: one["ttl"]["seconds"] for one in policy["negativeCachingPolicies"]} == {
            404: "30",
            410: "300",
        }


def test_a_search_has_a_key_of_its_own_parameters(prod: Plan) -> None:
    keys = {
        next(iter(rule["matchRules"])).get("fullPathMatch"): rule["routeAction"]["cachePolicy"]["cacheKeyPolicy"]
        for rule in rules(prod)
    }
    assert keys["/api/search/hotels"]["includedQueryParameters"] == ["query", "filters", "page"]
    assert "excludedQueryParameters" not in keys["/api/search/hotels"]
    assert "includedQueryParameters" not in keys["/api/hotels"]


def test_one_backend_has_a_cache_and_keeps_by_itself_only_what_the_api_allows(plan: Plan) -> None:
    api, cached = plan.named("cdn-api").inputs, plan.named("cdn-api-cached").inputs
    assert (api["enableCdn"], cached["enableCdn"]) == (False, True)
    assert "cdnPolicy" not in api
    assert cached["cdnPolicy"] == {"cacheMode": "USE_ORIGIN_HEADERS"}
    assert api["backends"] == cached["backends"]


def test_a_cloud_run_service_has_no_timeout_port_or_health_check(plan: Plan) -> None:
    assert plan.named("cdn-endpoints-triptrip-api-asia-northeast1").inputs["cloudRun"] == {"service": "triptrip-api"}
    assert not plan.of_type("healthCheck:HealthCheck")
    for name in ("cdn-api", "cdn-api-cached"):
        assert not {"timeoutSec", "portName", "healthChecks"} & plan.named(name).inputs.keys()


def test_instance_groups_are_checked_on_the_port_they_serve(grouped: Plan) -> None:
    check = grouped.named("cdn-health").inputs
    assert check["httpsHealthCheck"] == {"requestPath": "/healthz", "portSpecification": "USE_SERVING_PORT"}
    for name in ("cdn-api", "cdn-api-cached"):
        service = grouped.named(name).inputs
        assert (service["protocol"], service["portName"], service["timeoutSec"]) == ("HTTPS", "http", 30)
        assert service["connectionDrainingTimeoutSec"] == 60
        assert len(service["backends"]) == 2
        assert service["logConfig"] == {"enable": False}
    assert not grouped.of_type("RegionNetworkEndpointGroup")


def test_both_backends_stand_behind_the_same_firewall(plan: Plan) -> None:
    policy = plan.named("cdn-security").inputs
    for name in ("cdn-api", "cdn-api-cached"):
        assert plan.named(name).inputs["securityPolicy"].endswith(f"securityPolicies/{policy['name']}")
    *attacks, limit, default = policy["rules"]
    assert [rule["action"] for rule in attacks] == ["deny(403)"] * 4
    assert limit["rateLimitOptions"]["enforceOnKey"] == "IP"
    assert limit["rateLimitOptions"]["exceedAction"] == "deny(429)"
    assert (default["priority"], default["action"]) == (2147483647, "allow")


def test_an_address_can_be_banned(grouped: Plan) -> None:
    limit, _ = grouped.named("cdn-security").inputs["rules"]
    assert limit["action"] == "rate_based_ban"
    assert limit["rateLimitOptions"]["banDurationSec"] == 300


def test_dev_has_smaller_limits_and_its_own_name(prod: Plan) -> None:
    dev = plan_stack("dev")
    counts = [
        next(rule for rule in one.named("cdn-security").inputs["rules"] if rule["priority"] == 10_000)[
            "rateLimitOptions"
        ]["rateLimitThreshold"]["count"]
        for one in (dev, prod)
    ]
    assert counts[0] < counts[1]
    assert dev.named("cdn-routes").inputs["hostRules"][0]["hosts"] == ["api.dev.triptrip.jp"]


def test_every_part_is_of_one_scheme(plan: Plan) -> None:
    parts = [*plan.of_type("backendService:BackendService"), *plan.of_type("GlobalForwardingRule")]
    assert {part.inputs["loadBalancingScheme"] for part in parts} == {SCHEME}


def test_plain_http_gets_no_further_than_the_way_to_https(plan: Plan) -> None:
    redirect = plan.named("cdn-redirect").inputs
    assert redirect["defaultUrlRedirect"]["httpsRedirect"] is True
    assert not {"defaultService", "pathMatchers"} & redirect.keys()
    http, https = plan.named("cdn-forward-http").inputs, plan.named("cdn-forward-https").inputs
    assert http["ipAddress"] == https["ipAddress"]
    assert (http["portRange"], https["portRange"]) == ("80", "443")


def test_https_is_modern_and_stays_so(plan: Plan) -> None:
    assert (plan.named("cdn-tls").inputs["minTlsVersion"], plan.named("cdn-tls").inputs["profile"]) == (
        "TLS_1_2",
        "MODERN",
    )
    assert plan.named("cdn-https").inputs["certificateMap"].startswith("//certificatemanager.googleapis.com/projects/")
    [header] = plan.named("cdn-routes").inputs["headerAction"]["responseHeadersToAdds"]
    assert header["headerName"] == "Strict-Transport-Security"


def test_every_name_has_its_own_certificate() -> None:
    names = ["api.triptrip.jp", "api.triptrip.com"]
    plan = plan_of("dev", {"cdn": {"domains": names}})
    certificates = plan.of_type("certificate:Certificate")
    assert sorted(one.inputs["managed"]["domains"][0] for one in certificates) == sorted(names)
    assert all(len(one.inputs["managed"]["dnsAuthorizations"]) == 1 for one in certificates)
    assert {one.inputs["hostname"] for one in plan.of_type("CertificateMapEntry")} == set(names)


def test_lasting_parts_are_protected_and_wait_for_their_services(plan: Plan) -> None:
    unprotected = {each.type.rpartition(":")[2] for each in ours(plan) if not each.options.get("protect")}
    assert unprotected == {"RegionNetworkEndpointGroup"}
    for name in ("cdn-address", "cdn-security", "cdn-tls", "cdn-redirect"):
        assert "service-compute" in plan.named(name).options["dependsOn"]
    assert "service-certificatemanager" in plan.named("cdn-certificates").options["dependsOn"]


def test_the_inventory_tells_the_zones_owner_what_to_create(prod: Plan) -> None:
    [record] = [each for each in prod.outputs["inventory"] if each["store"] == "cdn"]
    assert record["endpoints"].keys() == {
        "api.triptrip.jp",
        "api.triptrip.jp A",
        "_acme-challenge.api.triptrip.jp CNAME",
    }
    assert record["endpoints"]["_acme-challenge.api.triptrip.jp CNAME"].endswith("authorize.certificatemanager.goog.")
    zones = prod.of_type("dns/managedZone:ManagedZone")
    assert {zone.inputs["visibility"] for zone in zones} == {"private"}, "the public zone is not ours"


def test_without_the_cdn_nothing_of_it_is_left() -> None:
    plan = plan_of("dev", {"cdn": None})
    assert not ours(plan)
    assert "service-certificatemanager" not in {each.name for each in plan.resources}
    assert "cdn" not in [each["store"] for each in plan.outputs["inventory"]]
