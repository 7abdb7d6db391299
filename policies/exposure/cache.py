"""Who reaches the cache: programs that sign in, from the platform's network."""

from collections.abc import Iterator

from policies.kit import Case, Node, Resource, Severity, last_part, must_be, must_be_set, rule, stated
from policies.kit.types import REDIS, REDIS_CLUSTER, VALKEY

_NETWORK = "projects/p/global/networks/data"
_DEFAULT = "projects/p/global/networks/default"

_SIGN_IN: dict[str, tuple[str, object]] = {
    REDIS: ("authEnabled", True),
    VALKEY: ("authorizationMode", "IAM_AUTH"),
    REDIS_CLUSTER: ("authorizationMode", "AUTH_MODE_IAM_AUTH"),
}
_ENDPOINTS = {
    VALKEY: ("desiredAutoCreatedEndpoints", "desiredPscAutoConnections"),
    REDIS_CLUSTER: ("pscConfigs",),
}
"""Where each engine says in which networks its endpoints are made."""


@rule(
    "red-auth",
    title="The cache asks who is there",
    severity=Severity.HIGH,
    types=list(_SIGN_IN),
    sources=["NIST 800-53: IA-2", "CKV_GCP_95", "RDS-INST"],
    reason="without a sign-in every machine in the network reads and empties sessions, counters and locks",
    fix="set authEnabled to true (Redis) or authorizationMode to IAM_AUTH (Valkey)",
    good=[
        Case({"authEnabled": True}, REDIS),
        Case({"authorizationMode": "IAM_AUTH"}, VALKEY),
        Case({"authorizationMode": "AUTH_MODE_IAM_AUTH"}, REDIS_CLUSTER),
    ],
    bad=[
        Case({"authEnabled": False}, REDIS),
        Case({}, REDIS),
        Case({"authorizationMode": "AUTH_DISABLED"}, VALKEY),
        Case({}, VALKEY),
        Case({"authorizationMode": "AUTH_MODE_DISABLED"}, REDIS_CLUSTER),
    ],
)
def sign_in(instance: Resource) -> Iterator[str]:
    path, wanted = _SIGN_IN[instance.type]
    yield from must_be(instance, path, wanted)


_INSIDE = {"connectMode": "PRIVATE_SERVICE_ACCESS", "authorizedNetwork": _NETWORK, "reservedIpRange": "range"}


def _redis(**inputs: object) -> Case:
    return Case({**_INSIDE, **inputs}, REDIS)


def _redis_without(name: str) -> Case:
    return Case({path: value for path, value in _INSIDE.items() if path != name}, REDIS)


@rule(
    "red-private",
    title="The cache stands in the platform's private network",
    severity=Severity.HIGH,
    types=[REDIS, VALKEY, REDIS_CLUSTER],
    sources=["NIST 800-53: SC-7", "CON-GCP"],
    reason="in the default network every machine of the project reaches the cache",
    fix="set authorizedNetwork with connectMode PRIVATE_SERVICE_ACCESS (Redis) or desiredAutoCreatedEndpoints (Valkey)",
    good=[
        _redis(),
        Case({"desiredAutoCreatedEndpoints": [{"network": _NETWORK, "projectId": "p"}]}, VALKEY),
        Case({"desiredPscAutoConnections": [{"network": _NETWORK, "projectId": "p"}]}, VALKEY),
        Case({"pscConfigs": [{"network": _NETWORK}]}, REDIS_CLUSTER),
    ],
    bad=[
        _redis(connectMode="DIRECT_PEERING"),
        *(_redis_without(path) for path in _INSIDE),
        _redis(authorizedNetwork=_DEFAULT),
        _redis(authorizedNetwork="default"),
        Case({}, VALKEY),
        Case({"desiredAutoCreatedEndpoints": [{"network": _DEFAULT, "projectId": "p"}]}, VALKEY),
        Case({"desiredAutoCreatedEndpoints": [{"projectId": "p"}]}, VALKEY),
        Case({"pscConfigs": []}, REDIS_CLUSTER),
    ],
)
def private(instance: Resource) -> Iterator[str]:
    if instance.type == REDIS:
        yield from must_be(instance, "connectMode", "PRIVATE_SERVICE_ACCESS")
        yield from must_be_set(instance, "reservedIpRange")
        yield from _own_network(instance, "authorizedNetwork")
        return
    endpoints = [endpoint for path in _ENDPOINTS[instance.type] for endpoint in instance.nodes(path)]
    if not endpoints:
        yield f"{_ENDPOINTS[instance.type][0]} is not set"
    for endpoint in endpoints:
        yield from _own_network(endpoint, "network")


def _own_network(node: Node, path: str) -> Iterator[str]:
    yield from must_be_set(node, path)
    if last_part(node.text(path)) == "default":
        yield stated(node, path, "a network of the platform's own")
