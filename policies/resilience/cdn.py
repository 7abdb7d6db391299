"""The CDN: what it serves when the API is slow or down, and for how long."""

from collections.abc import Iterator
from typing import Any

from policies.kit import Case, Node, Parameter, Resource, Severity, Undecided, leaves, must_be, rule
from policies.kit.types import BACKEND_SERVICE, URL_MAP
from policies.kit.waiting import all_of
from policies.resilience.reading import is_unknown, must_be_given

_STATED = {
    "cacheMode": "FORCE_CACHE_ALL",
    "defaultTtl": {"seconds": "300"},
    "clientTtl": {"seconds": "60"},
    "serveWhileStale": {"seconds": "300"},
    "negativeCaching": True,
    "negativeCachingPolicies": [{"code": 404, "ttl": {"seconds": "30"}}],
    "requestCoalescing": True,
}
_HOLDS_A_POLICY = frozenset(
    {"cachePolicy", "defaultRouteAction", "pathMatchers", "pathRules", "routeAction", "routeRules"}
)


def _map(**policy: object) -> dict[str, object]:
    return {"pathMatchers": [{"routeRules": [{"routeAction": {"cachePolicy": {**_STATED, **policy}}}]}]}


def _policies(node: Node) -> Iterator[Node]:
    """Every cache policy of a URL map, wherever it stands."""
    for name, value in node.values.items():
        inner = Node(value, f"{node.where}.{name}".lstrip(".")) if isinstance(value, dict) else None
        if inner and name == "cachePolicy":
            yield inner
        elif inner:
            yield from _policies(inner)
        elif isinstance(value, list):
            yield from _in_list(node, name, value)


def _in_list(node: Node, name: str, items: list[Any]) -> Iterator[Node]:
    for index, item in enumerate(items):
        if isinstance(item, dict):
            yield from _policies(Node(item, f"{node.where}.{name}[{index}]".lstrip(".")))


@rule(
    "cdn-origin-shield",
    title="Cached routes shield the API, and say how old an answer may be",
    severity=Severity.MEDIUM,
    types=[URL_MAP],
    sources=["NIST 800-53: SC-5", "CACHE-LAYERS", "CACHE-EP"],
    reason="without coalescing and negative caching a burst of equal requests reaches the API; a time that is not "
    "stated is a day, and so old are the prices then",
    fix="correct the endpoint's row in infra/catalog/endpoints.yaml",
    parameters={
        "most_seconds": Parameter(86400, "Longest time to live of a cached answer, in seconds"),
        "most_stale_seconds": Parameter(300, "Longest time an answer may be served beyond that, in seconds"),
        "most_error_seconds": Parameter(300, "Longest time an error may be served from the cache, in seconds"),
    },
    good=[Case(_map()), Case(_map(serveWhileStale={"seconds": "0"})), Case({"defaultService": "api"})],
    bad=[
        Case(_map(serveWhileStale=None)),
        Case(_map(serveWhileStale={"seconds": "86400"})),
        Case(_map(defaultTtl={"seconds": "31536000"})),
        Case(_map(clientTtl=None)),
        Case(_map(negativeCaching=False)),
        Case(_map(negativeCachingPolicies=[{"code": 404, "ttl": {"seconds": "1800"}}])),
        Case(_map(negativeCachingPolicies=[])),
        Case(_map(requestCoalescing=False)),
        Case(_map(cacheMode="CACHE_ALL_STATIC")),
    ],
)
def origin_shield(
    routes: Resource, most_seconds: int, most_stale_seconds: int, most_error_seconds: int
) -> Iterator[str]:
    def check(policy: Node) -> Iterator[str]:
        return all_of(
            must_be(policy, "cacheMode", "FORCE_CACHE_ALL", "USE_ORIGIN_HEADERS"),
            must_be(policy, "requestCoalescing", True),
            must_be(policy, "negativeCaching", True),
            _answers(policy, most_seconds),
            _at_most(policy, "serveWhileStale.seconds", most_stale_seconds),
            _errors(policy, most_error_seconds),
        )

    yield from all_of(*map(check, _policies(routes)), _hidden_policies(routes))


def _hidden_policies(routes: Resource) -> Iterator[str]:
    """Finds nothing; raises Undecided when an unknown may hold a cache policy."""
    for path, value in leaves(dict(routes.values)):
        if is_unknown(value) and path[-1] in _HOLDS_A_POLICY:
            raise Undecided(".".join(path))
    yield from ()


def _answers(policy: Node, most: float) -> Iterator[str]:
    if policy.get("cacheMode") == "FORCE_CACHE_ALL":
        times = ("defaultTtl.seconds", "clientTtl.seconds")
        yield from all_of(*(_at_most(policy, path, most) for path in times))


def _errors(policy: Node, most: float) -> Iterator[str]:
    errors = policy.nodes("negativeCachingPolicies")
    if not errors:
        yield f"{policy.where}.negativeCachingPolicies is not set"
    yield from all_of(*(_at_most(error, "ttl.seconds", most) for error in errors))


def _at_most(node: Node, path: str, most: float) -> Iterator[str]:
    seconds = node.number(path)
    if seconds is None or not 0 <= seconds <= most:
        yield f"{node.where}.{path} is {node.shown(path)}; it must be stated, {most:g} seconds at most"


@rule(
    "cdn-routes-cache",
    title="The CDN itself caches nothing that no route names",
    severity=Severity.HIGH,
    types=[BACKEND_SERVICE],
    sources=["NIST 800-53: SC-5", "CACHE-EP"],
    reason="a backend that caches by itself serves one user's bookings to another, or day-old prices",
    fix="keep cdnPolicy.cacheMode USE_ORIGIN_HEADERS on the backend; what is cached stands in the routes",
    good=[
        Case({"enableCdn": True, "cdnPolicy": {"cacheMode": "USE_ORIGIN_HEADERS"}}),
        Case({"enableCdn": False}),
        Case({}),
    ],
    bad=[
        Case({"enableCdn": True, "cdnPolicy": {"cacheMode": "FORCE_CACHE_ALL"}}),
        Case({"enableCdn": True}),
    ],
)
def routes_cache(backend: Resource) -> Iterator[str]:
    if backend.get("enableCdn"):
        yield from must_be(backend, "cdnPolicy.cacheMode", "USE_ORIGIN_HEADERS")


@rule(
    "cdn-cached-backend",
    title="A cached route has a backend with the CDN switched on, and backends to send to",
    severity=Severity.LOW,
    types=[BACKEND_SERVICE],
    sources=["NIST 800-53: SC-5", "CACHE-LAYERS"],
    reason="a backend service without backends answers every request with an error",
    fix="set cdn.backend in the stack file",
    good=[Case({"backends": [{"group": "group"}]})],
    bad=[Case({"backends": []}), Case({})],
)
def has_backends(backend: Resource) -> Iterator[str]:
    yield from must_be_given(backend, "backends")
