"""What the CDN may keep: answers that are the same for everybody, and none of a user's own."""

from collections.abc import Iterator, Sequence

from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, last_part, rule, stated
from policies.kit.types import BACKEND_SERVICE, URL_MAP
from policies.kit.waiting import about_each, some_of

_OPEN = "projects/p/global/backendServices/api"
_CACHED = "projects/p/global/backendServices/api-cached"
_METHODS = ("GET", "HEAD")
_KEY = {"includeHost": True, "includeProtocol": True, "includeQueryString": True}
_POLICY = {
    "cacheMode": "FORCE_CACHE_ALL",
    "cacheKeyPolicy": _KEY,
    "cacheBypassRequestHeaderNames": ["Authorization"],
}
_HEADERS = {"requestHeadersToRemoves": ["Cookie"], "responseHeadersToRemoves": ["Set-Cookie"]}


def _match(path: str = "/api/hotels", method: str = "GET", **inputs: object) -> dict[str, object]:
    return {"fullPathMatch": path, "headerMatches": [{"headerName": ":method", "exactMatch": method}], **inputs}


def _route(policy: dict[str, object] | None = None, **inputs: object) -> Case:
    action = {"cachePolicy": {**_POLICY, **(policy or {})}}
    kept = {"headerAction": _HEADERS, "matchRules": [_match()], "routeAction": action}
    return Case({"pathMatchers": [{"routeRules": [{**kept, **inputs}]}]}, URL_MAP)


def _cached_routes(routes: Resource) -> list[Node]:
    found = [route for matcher in routes.nodes("pathMatchers") for route in matcher.nodes("routeRules")]
    return [route for route in found if route.has("routeAction.cachePolicy")]


@rule(
    "cdn-no-private-cache",
    title="The CDN keeps no answer that belongs to one user",
    severity=Severity.CRITICAL,
    types=[URL_MAP],
    sources=["NIST 800-53: AC-4", "NIST 800-53: SC-4", "CACHE-EP"],
    reason="an answer made for one user and kept by the CDN is served to everybody who asks next",
    fix="keep what infra/components/cdn_url_map.py writes into every cached route",
    good=[_route()],
    bad=[
        _route({"cacheBypassRequestHeaderNames": []}),
        _route({"cacheBypassRequestHeaderNames": ["X-Other"]}),
        _route({"cacheKeyPolicy": None}),
        *(_route({"cacheKeyPolicy": {**_KEY, name: value}}) for name in _KEY for value in (False, None)),
        _route(headerAction=None),
        _route(headerAction={**_HEADERS, "requestHeadersToRemoves": []}),
        _route(headerAction={**_HEADERS, "responseHeadersToRemoves": ["X-Other"]}),
    ],
)
def no_private_cache(routes: Resource) -> Iterator[str]:
    yield from about_each(_cached_routes(routes), _kept_apart)


def _kept_apart(route: Node) -> Iterator[str]:
    for path, header, what in (
        ("routeAction.cachePolicy.cacheBypassRequestHeaderNames", "authorization", "requests of a signed-in user"),
        ("headerAction.requestHeadersToRemoves", "cookie", "cookies of a request"),
        ("headerAction.responseHeadersToRemoves", "set-cookie", "cookies of an answer"),
    ):
        if header not in (each.lower() for each in route.texts(path)):
            yield f"{route.where}.{path} is {route.shown(path)}; it must keep {what} out of the cache"
    for name in _KEY:
        path = f"routeAction.cachePolicy.cacheKeyPolicy.{name}"
        if route.get(path) is not True:
            yield f"{route.where}.{path} is {route.shown(path)}; different answers must not share a key"


@rule(
    "cdn-cached-paths",
    title="The CDN keeps named public paths only, and only what is read",
    severity=Severity.HIGH,
    types=[URL_MAP],
    sources=["NIST 800-53: AC-4", "CACHE-EP"],
    reason="a path that is wider than it looks keeps bookings, orders or prices that are already others",
    fix="name the endpoint in infra/catalog/endpoints.yaml, with its exact path",
    parameters={
        "private": Parameter(
            ("users", "bookings", "orders", "inventory", "rooms"), "Parts of a path that are never kept by the CDN"
        )
    },
    good=[
        _route(),
        _route(
            matchRules=[{"pathTemplateMatch": "/api/hotels/*", "headerMatches": _match("", "HEAD")["headerMatches"]}]
        ),
    ],
    bad=[
        _route(matchRules=[]),
        _route(matchRules=[_match("/api/users/me")]),
        _route(matchRules=[_match(), _match("/api/rooms/1/price")]),
        _route(matchRules=[_match("/api/**")]),
        _route(matchRules=[_match("hotels")]),
        _route(matchRules=[_match(method="POST")]),
        _route(matchRules=[{"fullPathMatch": "/api/hotels"}]),
        _route(matchRules=[_match(fullPathMatch=None, prefixMatch="/api/hotels")]),
        _route(matchRules=[_match(fullPathMatch=None, regexMatch="/api/.*")]),
    ],
)
def cached_paths(routes: Resource, private: Sequence[str]) -> Iterator[str]:
    def check(route: Node) -> Iterator[str]:
        matches = route.nodes("matchRules")
        if not matches:
            yield f"{route.where}.matchRules is not set"
        for match in matches:
            yield from _exact(match, private)

    yield from about_each(_cached_routes(routes), check)


def _exact(match: Node, private: Sequence[str]) -> Iterator[str]:
    path = match.text("fullPathMatch") or match.text("pathTemplateMatch")
    parts = path.split("/")
    if not path.startswith("/") or "**" in path or any(match.has(each) for each in ("prefixMatch", "regexMatch")):
        yield f"{match.where} names no exact path"
    if kept := [each for each in private if each in parts]:
        yield f"{match.where} keeps {path}, in which {', '.join(kept)} is private"
    methods = [each for each in match.nodes("headerMatches") if each.text("headerName") == ":method"]
    if not any(each.text("exactMatch") in _METHODS and not each.get("invertMatch") for each in methods):
        yield f"{match.where} is not limited to {' or '.join(_METHODS)}"


def _stack(default: str, matcher: str = _OPEN, *, cached: bool = False) -> Case:
    return Case(
        stack={
            "api": (BACKEND_SERVICE, {"name": "api", "enableCdn": cached}),
            "cached": (BACKEND_SERVICE, {"name": "api-cached", "enableCdn": True}),
            "routes": (URL_MAP, {"defaultService": default, "pathMatchers": [{"defaultService": matcher}]}),
        }
    )


@rule(
    "cdn-default-uncached",
    title="What no route names is not cached",
    severity=Severity.HIGH,
    types=[URL_MAP, BACKEND_SERVICE],
    sources=["NIST 800-53: AC-4", "CACHE-EP"],
    reason="everything that nobody thought of goes to the default backend, users' own pages first of all",
    fix="let defaultService name the backend without a cache",
    good=[_stack(_OPEN), Case(stack={"redirect": (URL_MAP, {"defaultUrlRedirect": {"httpsRedirect": True}})})],
    bad=[
        _stack(_CACHED),
        _stack(_OPEN, _CACHED),
        _stack(_OPEN, cached=True),
        _stack("projects/p/global/backendServices/made-elsewhere"),
    ],
)
def default_uncached(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def is_uncached(name: str) -> bool:
        return some_of(
            stack.of(BACKEND_SERVICE),
            lambda backend: backend.text("name") == name and backend.get("enableCdn") in (False, None),
        )

    def check(routes: Resource) -> Iterator[tuple[Resource, str]]:
        for node in (routes, *routes.nodes("pathMatchers")):
            named = node.text("defaultService")
            if not (is_uncached(last_part(named)) if named else node.has("defaultUrlRedirect")):
                yield routes, stated(node, "defaultService", "a backend without a cache")

    yield from about_each(stack.of(URL_MAP), check)
