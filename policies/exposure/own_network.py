"""Everything of the platform stands in its own network, with addresses and names of its own."""

from collections.abc import Iterator

from policies.exposure.reading import is_private
from policies.kit import Case, Node, Resource, Severity, Stack, last_part, must_be, must_be_set, rule, stated
from policies.kit.machines import MACHINES
from policies.kit.types import (
    ADDRESS,
    DNS_RECORD,
    DNS_ZONE,
    FIREWALL,
    GLOBAL_ADDRESS,
    NETWORK,
    PRIVATE_SERVICES,
    REDIS,
    REGION_INSTANCE_TEMPLATE,
    RUN_JOB,
    RUN_SERVICE,
    SQL_INSTANCE,
    SUBNETWORK,
)
from policies.kit.waiting import about_each, some_of

_RANGE = {"addressType": "INTERNAL", "purpose": "VPC_PEERING", "name": "own"}
_RANGES = {
    SQL_INSTANCE: "settings.ipConfiguration.allocatedIpRange",
    REDIS: "reservedIpRange",
    PRIVATE_SERVICES: "reservedPeeringRanges",
}


@rule(
    "net-own-ranges",
    title="Stores take their addresses from a range that this stack reserved for them",
    severity=Severity.MEDIUM,
    types=[*_RANGES, GLOBAL_ADDRESS],
    sources=["NIST 800-53: SC-7"],
    reason="firewalls and partners know the stores by these ranges; an address from another one passes them by",
    fix="name a range of network.privateServicesRange or network.cacheRange",
    good=[
        Case(
            stack={
                "range": (GLOBAL_ADDRESS, _RANGE),
                "services": (PRIVATE_SERVICES, {"reservedPeeringRanges": ["own"]}),
                "store": (REDIS, {"reservedIpRange": "own"}),
            }
        ),
        Case(stack={"store": (REDIS, {"reservedIpRange": "made-elsewhere"})}),
    ],
    bad=[
        Case(stack={"range": (GLOBAL_ADDRESS, _RANGE), "store": (REDIS, {"reservedIpRange": "other"})}),
        Case(
            stack={
                "range": (GLOBAL_ADDRESS, _RANGE),
                "store": (SQL_INSTANCE, {"settings": {"ipConfiguration": {"allocatedIpRange": "other"}}}),
            }
        ),
        Case(
            stack={
                "range": (GLOBAL_ADDRESS, _RANGE),
                "services": (PRIVATE_SERVICES, {"reservedPeeringRanges": ["own", "other"]}),
            }
        ),
        Case(
            stack={
                "range": (GLOBAL_ADDRESS, {**_RANGE, "purpose": "SHARED"}),
                "store": (REDIS, {"reservedIpRange": "own"}),
            }
        ),
    ],
)
def own_ranges(stack: Stack) -> Iterator[tuple[Resource, str]]:
    reserved = stack.of(GLOBAL_ADDRESS)

    def is_reserved(name: str) -> bool:
        return some_of(reserved, lambda each: each.text("name") == name and each.get("purpose") == "VPC_PEERING")

    def check(resource: Resource) -> Iterator[tuple[Resource, str]]:
        path = _RANGES[resource.type]
        if not all(map(is_reserved, resource.texts(path))):
            yield resource, stated(resource, path, "a range that this stack reserved")

    if some_of(reserved, lambda each: each.get("addressType") == "INTERNAL"):
        yield from about_each(stack.of(*_RANGES), check)


_NETWORK = "projects/p/global/networks/data"
_OTHER = "projects/p/global/networks/other"
_MUST_NAME_ONE = (FIREWALL, SUBNETWORK, "gcp:compute/router:Router", PRIVATE_SERVICES)
_INSIDE = {GLOBAL_ADDRESS: "network", ADDRESS: "subnetwork"}
_MAY_WAIT = {
    SQL_INSTANCE: "settings.ipConfiguration.privateNetwork",
    RUN_JOB: "template.template.vpcAccess.networkInterfaces",
    RUN_SERVICE: "template.vpcAccess.networkInterfaces",
}
_NAMES = {
    "network": NETWORK,
    "networkUrl": NETWORK,
    "privateNetwork": NETWORK,
    "authorizedNetwork": NETWORK,
    "subnetwork": SUBNETWORK,
}
"""Inputs that name a network or a subnet."""


def _machine(**interface: object) -> Case:
    return Case(
        stack={
            "network": (NETWORK, {"name": "data"}),
            "subnet": (SUBNETWORK, {"name": "data", "network": _NETWORK}),
            "machine": (REGION_INSTANCE_TEMPLATE, {"networkInterfaces": [interface]}),
        }
    )


def _job(subnetwork: str) -> Case:
    interface = {"networkInterfaces": [{"network": _NETWORK, "subnetwork": subnetwork}]}
    return Case(
        stack={
            "network": (NETWORK, {"name": "data"}),
            "subnet": (SUBNETWORK, {"name": "data", "network": _NETWORK}),
            "job": (RUN_JOB, {"template": {"template": {"vpcAccess": interface}}}),
        }
    )


@rule(
    "net-own-network",
    title="Everything stands in the platform's own network",
    severity=Severity.HIGH,
    types=[NETWORK, RUN_JOB, RUN_SERVICE, *MACHINES],
    sources=["NIST 800-53: SC-7", "NIST 800-53: AC-4"],
    reason="a store or an endpoint in another network is reached by whoever is in it, past our firewall and logs",
    fix="take the network from the platform's own",
    good=[
        Case(stack={"network": (NETWORK, {"name": "data"}), "subnet": (SUBNETWORK, {"network": _NETWORK})}),
        Case(stack={"subnet": (SUBNETWORK, {"network": _OTHER})}),
        _machine(subnetwork="projects/p/regions/r/subnetworks/data"),
        _job("projects/p/regions/r/subnetworks/data"),
    ],
    bad=[
        Case(stack={"network": (NETWORK, {"name": "data"}), "machine": (REGION_INSTANCE_TEMPLATE, {})}),
        _machine(),
        _machine(nicType="GVNIC"),
        _machine(subnetwork="projects/p/regions/r/subnetworks/default"),
        _machine(network=_OTHER),
        _job("projects/p/regions/r/subnetworks/default"),
        Case(stack={"network": (NETWORK, {"name": "data"}), "subnet": (SUBNETWORK, {"network": _OTHER})}),
        Case(stack={"network": (NETWORK, {"name": "data"}), "subnet": (SUBNETWORK, {})}),
        Case(stack={"network": (NETWORK, {"name": "data"}), "store": (REDIS, {"authorizedNetwork": _OTHER})}),
        Case(stack={"network": (NETWORK, {"name": "data"}), "range": (GLOBAL_ADDRESS, {"addressType": "INTERNAL"})}),
        Case(stack={"network": (NETWORK, {"name": "data"}), "endpoint": (ADDRESS, {"addressType": "INTERNAL"})}),
        Case(stack={"network": (NETWORK, {"name": "data"}), "endpoint": (ADDRESS, {"subnetwork": "s"})}),
        Case(
            stack={
                "network": (NETWORK, {"name": "data"}),
                "store": (SQL_INSTANCE, {"settings": {"ipConfiguration": {"privateNetwork": _OTHER}}}),
            }
        ),
    ],
)
def own_network(stack: Stack) -> Iterator[tuple[Resource, str]]:
    own = stack.of(NETWORK)

    def in_ours(named: tuple[Node, str]) -> Iterator[str]:
        node, path = named
        places = stack.of(_NAMES[path])
        if not some_of(places, lambda place: place.text("name") == last_part(node.text(path))):
            yield stated(node, path, "the network, or a subnet, of this stack")

    def check(resource: Resource) -> Iterator[tuple[Resource, str]]:
        if resource.type in _MUST_NAME_ONE and not resource.has("network"):
            yield resource, "network is not set"
        path = _INSIDE.get(resource.type)
        if path and resource.get("addressType") == "INTERNAL" and not resource.has(path):
            yield resource, f"{path} is not set"
        if resource.type in MACHINES:
            yield from ((resource, message) for message in _on_the_default_network(resource))
        if path := _MAY_WAIT.get(resource.type):
            resource.nodes(path)  # waits for the update while it is not known what is inside
        for message in about_each(_networks(resource), in_ours):
            yield resource, message

    if own:
        yield from about_each((each for each in stack if each.type.startswith("gcp:")), check)


def _on_the_default_network(machine: Resource) -> Iterator[str]:
    interfaces = machine.nodes("networkInterfaces")
    if not interfaces:
        yield "networkInterfaces is not set"
    for interface in interfaces:
        if not any(interface.has(path) for path in ("network", "subnetwork")):
            yield f"{interface.where}.subnetwork is not set"


def _networks(node: Node) -> Iterator[tuple[Node, str]]:
    """Every input inside that names a network: the object it is in, and its name there."""
    for name, value in node.values.items():
        items = value if isinstance(value, list) else [value]
        if name in _NAMES and node.has(name) and not any(isinstance(item, dict) for item in items):
            yield node, name
        for item in items:
            if isinstance(item, dict):
                yield from _networks(Node(item, f"{node.where}.{name}" if node.where else name))


_ZONE = {"visibility": "private", "privateVisibilityConfig": {"networks": [{"networkUrl": _NETWORK}]}}


@rule(
    "net-private-names",
    title="Names of the stores are told inside the network only",
    severity=Severity.MEDIUM,
    types=[DNS_ZONE],
    sources=["NIST 800-53: SC-7"],
    reason="a public zone tells everybody which stores there are and where",
    fix="set visibility to private, with the platform's network: Google's own default is public",
    good=[Case(_ZONE)],
    bad=[
        Case({**_ZONE, "visibility": "public"}),
        Case({**_ZONE, "visibility": None}),
        Case({"visibility": "private"}),
        Case({"visibility": "private", "privateVisibilityConfig": {"networks": []}}),
        Case({"visibility": "private", "privateVisibilityConfig": {"networks": [{}]}}),
    ],
)
def private_names(zone: Resource) -> Iterator[str]:
    yield from must_be(zone, "visibility", "private")
    networks = zone.nodes("privateVisibilityConfig.networks")
    if not networks:
        yield "privateVisibilityConfig.networks is not set"
    for network in networks:
        yield from must_be_set(network, "networkUrl")


@rule(
    "net-private-records",
    title="Names of the stores lead to private addresses",
    severity=Severity.MEDIUM,
    types=[DNS_RECORD],
    sources=["NIST 800-53: SC-7"],
    reason="a name that leads out of the network sends sign-ins to whoever stands there",
    fix="let the record follow the store's own address",
    good=[Case({"type": "A", "rrdatas": ["10.20.0.23"]})],
    bad=[
        Case({"type": "A", "rrdatas": ["203.0.113.8"]}),
        Case({"type": "A", "rrdatas": []}),
        Case({"type": "CNAME", "rrdatas": ["elsewhere.example."]}),
        Case({"rrdatas": ["10.20.0.23"]}),
    ],
)
def private_records(record: Resource) -> Iterator[str]:
    yield from must_be(record, "type", "A")
    yield from must_be_set(record, "rrdatas")
    if not all(is_private(each) for each in record.texts("rrdatas")):
        yield stated(record, "rrdatas", "private addresses")
