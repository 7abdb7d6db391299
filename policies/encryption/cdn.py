"""The API's load balancer: TLS to the visitor, TLS to the API, and nothing that is served without it."""

import re
from collections.abc import Iterator

from policies.kit import (
    Case,
    Node,
    Parameter,
    Resource,
    Severity,
    Stack,
    Undecided,
    last_part,
    leaves,
    must_be,
    rule,
    stated,
)
from policies.kit.references import declared
from policies.kit.types import BACKEND_SERVICE, GLOBAL_FORWARDING_RULE, HTTP_PROXY, HTTPS_PROXY, TLS_POLICY, URL_MAP
from policies.kit.values import UNKNOWN
from policies.kit.waiting import about_each, some_of

_DAY = 86400
_GLOBAL = "projects/p/global"
_About = Iterator[tuple[Resource | None, str]]


def _policy(minimum: object = "TLS_1_2", profile: object = "MODERN") -> Case:
    return Case({"minTlsVersion": minimum, "profile": profile})


@rule(
    "cdn-tls-policy",
    title="The load balancer takes TLS 1.2 or newer with modern ciphers",
    severity=Severity.HIGH,
    types=[TLS_POLICY],
    sources=["CIS GCP 5.0: 3.9", "NIST 800-53: SC-8", "CKV_GCP_4", "trivy GCP-0039"],
    reason="older TLS and old ciphers can be broken by whoever listens on the way",
    fix="set cdn.minTls in the stack file",
    good=[
        _policy(),
        _policy(profile="RESTRICTED"),
        _policy("TLS_1_3", "RESTRICTED"),
        _policy(profile="FIPS_202205"),
    ],
    bad=[
        _policy("TLS_1_0"),
        _policy("TLS_1_1"),
        _policy(None),
        _policy(profile="COMPATIBLE"),
        _policy(profile="CUSTOM"),
        _policy(profile=None),
    ],
)
def tls_policy(policy: Resource) -> Iterator[str]:
    yield from must_be(policy, "minTlsVersion", "TLS_1_2", "TLS_1_3")
    yield from must_be(policy, "profile", "MODERN", "RESTRICTED", "FIPS_202205")


_POLICY = (TLS_POLICY, {"name": "api"})


def _https(**inputs: object) -> tuple[str, dict[str, object]]:
    kept = {"name": "api", "sslPolicy": f"{_GLOBAL}/sslPolicies/api", "urlMap": f"{_GLOBAL}/urlMaps/api"}
    return (HTTPS_PROXY, {**kept, **inputs})


@rule(
    "cdn-https-proxy",
    title="The HTTPS proxy keeps the stack's own TLS policy",
    severity=Severity.HIGH,
    types=[HTTPS_PROXY, TLS_POLICY],
    sources=["CIS GCP 5.0: 3.9", "NIST 800-53: SC-8"],
    reason="a proxy without a policy takes TLS 1.0, and early data lets an attacker send a booking a second time",
    fix="keep what infra/components/cdn.py declares: sslPolicy, and no early data",
    good=[
        Case(stack={"a": _https(), "b": _POLICY}),
        Case(stack={"a": _https(tlsEarlyData="DISABLED"), "b": _POLICY}),
    ],
    bad=[
        Case(stack={"a": _https()}),
        Case(stack={"a": _https(sslPolicy=None), "b": _POLICY}),
        Case(stack={"a": _https(sslPolicy=f"{_GLOBAL}/sslPolicies/other"), "b": _POLICY}),
        Case(stack={"a": _https(tlsEarlyData="UNRESTRICTED"), "b": _POLICY}),
    ],
)
def https_proxy(stack: Stack) -> _About:
    def check(proxy: Resource) -> Iterator[tuple[Resource, str]]:
        yield from ((proxy, message) for message in must_be(proxy, "tlsEarlyData", None, "DISABLED"))
        if not declared(stack, proxy, "sslPolicy", TLS_POLICY):
            yield proxy, stated(proxy, "sslPolicy", "a TLS policy of this stack")

    yield from about_each(stack.of(HTTPS_PROXY), check)


_HTTP = (HTTP_PROXY, {"name": "redirect", "urlMap": f"{_GLOBAL}/urlMaps/redirect"})
_SENDS_ON = {"name": "redirect", "defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False}}
_CODES = (None, "MOVED_PERMANENTLY_DEFAULT", "PERMANENT_REDIRECT")


def _redirect(**inputs: object) -> tuple[str, dict[str, object]]:
    return (URL_MAP, {"name": "redirect", "defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False, **inputs}})


@rule(
    "cdn-http-redirect",
    title="Plain HTTP is only ever sent on to HTTPS",
    severity=Severity.HIGH,
    types=[HTTP_PROXY, URL_MAP],
    sources=["NIST 800-53: SC-8"],
    reason="whatever is answered without TLS can be read and changed by everybody on the way",
    fix="keep what infra/components/cdn.py declares for port 80",
    good=[
        Case(stack={"a": _HTTP, "b": _redirect()}),
        Case(stack={"a": _HTTP, "b": _redirect(redirectResponseCode="PERMANENT_REDIRECT")}),
        Case(stack={"b": (URL_MAP, {"name": "api", "defaultService": "api"})}),
    ],
    bad=[
        Case(stack={"a": _HTTP}),
        Case(stack={"a": _HTTP, "b": _redirect(httpsRedirect=False)}),
        Case(stack={"a": _HTTP, "b": _redirect(httpsRedirect=None)}),
        Case(stack={"a": _HTTP, "b": _redirect(redirectResponseCode="FOUND")}),
        Case(stack={"a": _HTTP, "b": _redirect(stripQuery=True)}),
        Case(stack={"a": _HTTP, "b": (URL_MAP, {"name": "redirect", "defaultService": "api"})}),
        Case(stack={"a": _HTTP, "b": (URL_MAP, {**_SENDS_ON, "hostRules": [{"hosts": ["a"]}]})}),
        Case(stack={"a": _HTTP, "b": (URL_MAP, {**_SENDS_ON, "pathMatchers": [{"name": "a"}]})}),
    ],
)
def http_redirect(stack: Stack) -> _About:
    def check(proxy: Resource) -> Iterator[tuple[Resource, str]]:
        maps = declared(stack, proxy, "urlMap", URL_MAP)
        if not maps:
            yield proxy, stated(proxy, "urlMap", "a URL map of this stack that redirects")
        yield from about_each(maps, lambda each: ((each, message) for message in _serves_something(each)))

    yield from about_each(stack.of(HTTP_PROXY), check)


def _serves_something(url_map: Node) -> Iterator[str]:
    yield from must_be(url_map, "defaultUrlRedirect.httpsRedirect", True)
    yield from must_be(url_map, "defaultUrlRedirect.redirectResponseCode", *_CODES)
    yield from must_be(url_map, "defaultUrlRedirect.stripQuery", False, None)
    for path in ("defaultService", "defaultRouteAction", "hostRules", "pathMatchers"):
        if url_map.has(path):
            yield f"{path} is set; a URL map behind plain HTTP must only redirect"


_PORTS = {HTTPS_PROXY: "443", HTTP_PROXY: "80"}
_TARGETS = {"targetHttpsProxies": HTTPS_PROXY, "targetHttpProxies": HTTP_PROXY}


def _front(target: str, port: str) -> tuple[str, dict[str, object]]:
    return (GLOBAL_FORWARDING_RULE, {"target": f"{_GLOBAL}/{target}", "portRange": port})


_ROUTES = (URL_MAP, {"name": "api", "defaultService": "api"})
_FRONT = _front("targetHttpsProxies/api", "443")


@rule(
    "cdn-https-only",
    title="What the API serves is reached by HTTPS, on port 443",
    severity=Severity.HIGH,
    types=[URL_MAP, HTTPS_PROXY, HTTP_PROXY, GLOBAL_FORWARDING_RULE],
    sources=["NIST 800-53: SC-8", "CONN"],
    reason="an address that leads to anything but an HTTPS proxy serves the API in plain text, or not at all",
    fix="keep what infra/components/cdn.py declares: a forwarding rule, an HTTPS proxy, and the URL map behind it",
    good=[
        Case(stack={"a": _ROUTES, "b": _https(), "c": _FRONT}),
        Case(stack={"a": _redirect(), "b": _HTTP, "c": _front("targetHttpProxies/redirect", "80")}),
    ],
    bad=[
        Case(stack={"a": _ROUTES}),
        Case(stack={"a": _ROUTES, "b": _https(urlMap=f"{_GLOBAL}/urlMaps/other"), "c": _FRONT}),
        Case(stack={"a": _ROUTES, "b": _https()}),
        Case(stack={"b": _https(), "c": _front("targetHttpsProxies/api", "80")}),
        Case(stack={"c": _front("targetTcpProxies/api", "443")}),
        Case(stack={"c": _front("targetHttpProxies/api", "443")}),
    ],
)
def https_only(stack: Stack) -> _About:
    def check_map(routes: Resource) -> Iterator[tuple[Resource, str]]:
        if routes.has("defaultUrlRedirect"):
            return
        if not some_of(stack.of(HTTPS_PROXY), lambda proxy: routes in declared(stack, proxy, "urlMap", URL_MAP)):
            yield routes, "no HTTPS proxy leads to the URL map"

    def check_proxy(proxy: Resource) -> Iterator[tuple[Resource, str]]:
        fronts = stack.of(GLOBAL_FORWARDING_RULE)
        if not some_of(fronts, lambda front: proxy in declared(stack, front, "target", HTTPS_PROXY)):
            yield proxy, "no forwarding rule leads to the HTTPS proxy"

    def check_front(front: Resource) -> Iterator[tuple[Resource, str]]:
        type_ = _target_type(stack, front)
        if not type_:
            yield front, stated(front, "target", "an HTTPS proxy, or the HTTP proxy that redirects")
        elif front.text("portRange") not in (_PORTS[type_], f"{_PORTS[type_]}-{_PORTS[type_]}"):
            yield front, stated(front, "portRange", _PORTS[type_])

    yield from about_each(stack.of(URL_MAP), check_map)
    yield from about_each(stack.of(HTTPS_PROXY), check_proxy)
    yield from about_each(stack.of(GLOBAL_FORWARDING_RULE), check_front)


def _target_type(stack: Stack, front: Resource) -> str:
    """The type of what the rule leads to, empty when it is no proxy for the web."""
    if not front.known("target"):
        for type_ in _PORTS:
            if any(each.urn in front.dependencies for each in stack.of(type_)):
                return type_
    kind = last_part(front.text("target").rpartition("/")[0])
    return _TARGETS.get(kind, "")


@rule(
    "cdn-backend-tls",
    title="The load balancer speaks TLS to the API too",
    severity=Severity.MEDIUM,
    types=[BACKEND_SERVICE],
    sources=["NIST 800-53: SC-8"],
    reason="bookings and sign-ins would cross Google's network and ours in plain text",
    fix="set protocol to HTTPS or HTTP2; cdn.backend.protocol in the stack file for instance groups",
    good=[Case({"protocol": "HTTPS"}), Case({"protocol": "HTTP2"})],
    bad=[Case({"protocol": "HTTP"}), Case({"protocol": "H2C"}), Case({"protocol": "TCP"}), Case({})],
)
def backend_tls(backend: Resource) -> Iterator[str]:
    yield from must_be(backend, "protocol", "HTTPS", "HTTP2")


_HEADER = "strict-transport-security"
_MAY_CHANGE_IT = (
    "defaultRouteAction",
    "headerAction",
    "headerName",
    "pathRules",
    "responseHeadersToAdds",
    "responseHeadersToRemoves",
    "routeAction",
    "routeRules",
    "weightedBackendServices",
)
"""Parts of a path matcher that hold headers of an answer."""
_AGE = re.compile(r"\s*max-age\s*=\s*\"?(\d+)\"?\s*(;.*)?", re.IGNORECASE)


def _headers(value: str = "max-age=31536000", name: str = "Strict-Transport-Security", **inputs: object) -> Case:
    added = {"headerName": name, "headerValue": value, "replace": True, **inputs}
    return Case({"defaultService": "api", "headerAction": {"responseHeadersToAdds": [added]}})


@rule(
    "cdn-hsts",
    title="Browsers are told to come by HTTPS only",
    severity=Severity.MEDIUM,
    types=[URL_MAP],
    sources=["NIST 800-53: SC-8", "NIST 800-53: SC-23"],
    reason="on a first visit by plain HTTP somebody on the way can answer instead of the redirect",
    fix="raise cdn.hsts in the stack file",
    parameters={"hsts_days": Parameter(365, "Least time in days for which a browser remembers to use HTTPS")},
    good=[
        _headers(),
        _headers("max-age=63072000; includeSubDomains"),
        Case({"defaultUrlRedirect": {"httpsRedirect": True}}),
    ],
    bad=[
        _headers("max-age=86400"),
        _headers("max-age=0"),
        _headers("forever"),
        _headers(name="X-Other"),
        _headers(replace=False),
        Case({"defaultService": "api"}),
        Case({"defaultService": "api", "headerAction": {"responseHeadersToAdds": []}}),
        Case(
            {
                **_headers().inputs,
                "pathMatchers": [{"headerAction": {"responseHeadersToRemoves": ["Strict-Transport-Security"]}}],
            }
        ),
        Case(
            {
                **_headers().inputs,
                "pathMatchers": [
                    {"routeRules": [{"headerAction": {"responseHeadersToAdds": [{"headerName": _HEADER}]}}]},
                ],
            }
        ),
    ],
)
def strict_transport(routes: Resource, hsts_days: int) -> Iterator[str]:
    if routes.has("defaultUrlRedirect"):
        return
    if not some_of(routes.nodes("headerAction.responseHeadersToAdds"), lambda added: _is_strict(added, hsts_days)):
        yield f"no Strict-Transport-Security of at least {hsts_days * _DAY} s replaces what the API says"
    yield from about_each(routes.nodes("pathMatchers"), _changes_it)


def _changes_it(matcher: Node) -> Iterator[str]:
    waiting = ""
    for path, value in leaves(dict(matcher.values)):
        where = f"{matcher.where}.{'.'.join(path)}"
        if value is UNKNOWN and path[-1] in _MAY_CHANGE_IT:
            waiting = where
        elif path[-1] in ("headerName", "responseHeadersToRemoves") and str(value).lower() == _HEADER:
            yield f"{where} changes Strict-Transport-Security for some paths"
    if waiting:
        raise Undecided(waiting)


def _is_strict(added: Node, hsts_days: int) -> bool:
    age = _AGE.fullmatch(added.text("headerValue"))
    named = added.text("headerName").lower() == _HEADER
    return named and added.get("replace") is True and age is not None and int(age[1]) >= hsts_days * _DAY
