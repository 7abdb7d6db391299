"""The URL map in the API's own words: routes, cache policies, headers, and the tests it must pass."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_gcp as gcp

from infra.derive.cdn import CdnPlan
from infra.derive.cdn_routes import METHODS, Route


def host_rules(plan: CdnPlan) -> list[dict[str, Any]]:
    """Only our own names have routes; a request for another name is never cached."""
    return [{"hosts": [domain.domain for domain in plan.domains], "path_matcher": "api"}]


def path_matcher(plan: CdnPlan, api: gcp.compute.BackendService, cached: gcp.compute.BackendService) -> dict[str, Any]:
    """Every path to the backend without a cache, the cacheable ones to the other."""
    return {
        "name": "api",
        "default_service": api.id,
        "route_rules": [_route_rule(route, cached.id) for route in plan.routes],
    }


def tests(plan: CdnPlan, api: gcp.compute.BackendService) -> list[dict[str, Any]]:
    """Google takes a URL map only if its tests pass: no private path may ever reach the cached backend."""
    return [
        {"description": "private", "host": plan.domains[0].domain, "path": path, "service": api.id}
        for path in plan.uncached_examples
    ]


def header_action(plan: CdnPlan) -> dict[str, Any]:
    """What every answer carries."""
    return {
        "response_headers_to_adds": [
            {
                "header_name": "Strict-Transport-Security",
                "header_value": f"max-age={plan.hsts}",
                "replace": True,
            }
        ]
    }


def _route_rule(route: Route, service: pulumi.Output[str]) -> dict[str, Any]:
    return {
        "priority": route.priority,
        "service": service,
        "match_rules": [_match(route, method) for method in METHODS],
        # Whoever the visitor is, the API must not know: then its answer cannot be one person's, whatever path a trick
        # such as /hotels/..%2fusers%2fme leads to. A cookie that it sets all the same reaches nobody.
        "header_action": {"request_headers_to_removes": ["Cookie"], "response_headers_to_removes": ["Set-Cookie"]},
        "route_action": {"cache_policy": _cache_policy(route)},
    }


def _match(route: Route, method: str) -> dict[str, Any]:
    path = {"path_template_match": route.path} if route.is_template else {"full_path_match": route.path}
    return {**path, "header_matches": [{"header_name": ":method", "exact_match": method}]}


def _cache_policy(route: Route) -> dict[str, Any]:
    # Answers are JSON, which CACHE_ALL_STATIC keeps only when the API says so; the table decides, not the API.
    # FORCE_CACHE_ALL has no max_ttl: default_ttl overrides whatever the answer says.
    return {
        "cache_mode": "FORCE_CACHE_ALL",
        "default_ttl": _seconds(route.ttl),
        "client_ttl": _seconds(route.browser),
        "serve_while_stale": _seconds(route.stale),
        "request_coalescing": True,
        "cache_bypass_request_header_names": list(route.bypass),
        "cache_key_policy": {
            "include_host": True,
            "include_protocol": True,
            "include_query_string": True,
            **_parameters(route),
        },
        "negative_caching": True,
        "negative_caching_policies": [{"code": code, "ttl": _seconds(ttl)} for code, ttl in route.negative],
    }


def _parameters(route: Route) -> dict[str, list[str]]:
    if route.included is not None:
        return {"included_query_parameters": list(route.included)}
    return {"excluded_query_parameters": list(route.excluded)}


def _seconds(amount: int) -> dict[str, str]:
    return {"seconds": str(amount)}
