"""The private network: what stores need before they can be built, and what must not be torn down under them."""

from collections.abc import Iterator, Mapping

from policies.kit import Case, Resource, Severity, Stack, Undecided, must_be, must_be_set, rule
from policies.kit.types import PRIVATE_SERVICES, REDIS, SQL_INSTANCE, VALKEY
from policies.kit.waiting import about_each_resource, all_of, some_of
from policies.resilience.reading import known_text, must_be_given, same

_ENDPOINT_POLICY = "gcp:networkconnectivity/serviceConnectionPolicy:ServiceConnectionPolicy"
_PROJECT_SERVICE = "gcp:projects/service:Service"
_NETWORKS = {SQL_INSTANCE: "settings.ipConfiguration.privateNetwork", REDIS: "authorizedNetwork"}

_CONNECTION = {
    "network": "projects/p/global/networks/data",
    "service": "servicenetworking.googleapis.com",
    "reservedPeeringRanges": ["range"],
    "deletionPolicy": "ABANDON",
}
_SQL = (SQL_INSTANCE, {"settings": {"ipConfiguration": {"privateNetwork": "projects/p/global/networks/data"}}})
_REDIS = (REDIS, {"authorizedNetwork": "projects/p/global/networks/data"})


def _stack(store: tuple[str, Mapping[str, object]], **connection: object) -> Case:
    return Case(stack={"store": store, "services": (PRIVATE_SERVICES, {**_CONNECTION, **connection})})


@rule(
    "net-psa",
    title="Private services access stands before the stores that use it",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE, REDIS, PRIVATE_SERVICES],
    sources=["NIST 800-53: SC-7", "CON-GCP"],
    reason="Cloud SQL and Memorystore do not name the connection they need: built before it, they fail",
    fix="declare the connection for the store's network and let the store depend on it",
    good=[_stack(_SQL), _stack(_REDIS), Case(stack={"public": (SQL_INSTANCE, {"settings": {}})}), Case()],
    bad=[
        Case(stack={"store": _SQL}),
        Case(stack={"store": _REDIS}),
        _stack(_SQL, network="projects/p/global/networks/other"),
        _stack(_SQL, network=None),
        _stack(_SQL, reservedPeeringRanges=[]),
        _stack(_REDIS, service="other.googleapis.com"),
    ],
)
def private_services(stack: Stack) -> Iterator[tuple[Resource, str]]:
    connections = stack.of(PRIVATE_SERVICES)
    followed = {each.urn: each.dependencies for each in stack}
    # An engine tells dependencies with the whole stack; examples have none.
    ordered = any(followed.values())

    def store(resource: Resource) -> Iterator[str]:
        path = _NETWORKS[resource.type]
        if not resource.has(path):
            return
        usable = [each for each in connections if _may_serve(each, resource, path)]
        before = _built_before(resource.urn, followed)
        earlier = [each for each in usable if each.urn in before] if ordered else usable
        if not usable:
            yield f"no private services connection is declared for {resource.shown(path)}"
        elif not earlier:
            yield "it depends on no private services connection, so both may be built at once"
        else:
            # None is known to be of another network, so this is true, or not decided.
            some_of(earlier, lambda each: same(each, "network", resource, path))

    def connection(resource: Resource) -> Iterator[str]:
        yield from all_of(
            must_be(resource, "service", "servicenetworking.googleapis.com"),
            must_be_set(resource, "network"),
            must_be_given(resource, "reservedPeeringRanges"),
        )

    yield from all_of(
        about_each_resource(stack.of(SQL_INSTANCE, REDIS), store), about_each_resource(connections, connection)
    )


def _may_serve(connection: Resource, store: Resource, path: str) -> bool:
    try:
        return same(connection, "network", store, path)
    except Undecided:
        return True


def _built_before(urn: str, followed: dict[str, frozenset[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = [urn]
    while ahead:
        current = ahead.pop()
        if current not in seen:
            seen.add(current)
            ahead += followed.get(current, frozenset())
    return seen


@rule(
    "net-psa-kept",
    title="Private services access is left standing",
    severity=Severity.MEDIUM,
    types=[PRIVATE_SERVICES],
    sources=["NIST 800-53: CP-10"],
    reason="Google keeps a deleted instance's network for days: to delete the connection fails or cuts it off",
    fix="set deletionPolicy to ABANDON",
    good=[Case(_CONNECTION)],
    bad=[Case({**_CONNECTION, "deletionPolicy": "REMOVE_PEERING"}), Case({})],
)
def private_services_kept(connection: Resource) -> Iterator[str]:
    yield from must_be(connection, "deletionPolicy", "ABANDON")


_VALKEY = (VALKEY, {"desiredAutoCreatedEndpoints": [{"network": "data"}]})


@rule(
    "net-valkey-endpoints",
    title="Valkey may make its own endpoints in the network",
    severity=Severity.MEDIUM,
    types=[VALKEY, _ENDPOINT_POLICY],
    sources=["NIST 800-53: SC-7", "CON-GCP"],
    reason="without a service connection policy of the network Memorystore for Valkey has no address and fails",
    fix="declare a service connection policy of class gcp-memorystore with the network's subnet",
    good=[Case(stack={"cache": _VALKEY, "policy": (_ENDPOINT_POLICY, {"serviceClass": "gcp-memorystore"})}), Case()],
    bad=[
        Case(stack={"cache": _VALKEY}),
        Case(stack={"cache": _VALKEY, "policy": (_ENDPOINT_POLICY, {"serviceClass": "google-cloud-sql"})}),
    ],
)
def valkey_endpoints(stack: Stack) -> Iterator[tuple[Resource, str]]:
    policies = stack.of(_ENDPOINT_POLICY)
    if not any(known_text(each, "serviceClass") == "gcp-memorystore" for each in policies):
        for instance in stack.of(VALKEY):
            yield instance, "no service connection policy of class gcp-memorystore is declared"


@rule(
    "api-kept",
    title="Google APIs stay on when the stack goes",
    severity=Severity.MEDIUM,
    types=[_PROJECT_SERVICE],
    sources=["NIST 800-53: CP-10", "NIST 800-53: CM-2"],
    reason="switching an API off deletes what it holds, for every other stack of the project as well",
    fix="set disableOnDestroy to false",
    good=[Case({"disableOnDestroy": False}), Case({"disableOnDestroy": False, "disableDependentServices": False})],
    bad=[
        Case({"disableOnDestroy": True}),
        Case({}),
        Case({"disableOnDestroy": False, "disableDependentServices": True}),
    ],
)
def api_kept(service: Resource) -> Iterator[str]:
    yield from must_be(service, "disableOnDestroy", False)
    yield from must_be(service, "disableDependentServices", False, None)
