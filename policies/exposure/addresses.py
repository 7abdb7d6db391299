"""What has an address of the internet: the load balancer in front of the API, and nothing else."""

import re
from collections.abc import Iterator, Mapping, Sequence

from policies.kit import Case, Node, Parameter, Resource, Severity, Stack, last_part, must_be, must_be_set, rule, stated
from policies.kit.machines import MACHINES
from policies.kit.types import (
    ADDRESS,
    FORWARDING_RULE,
    GLOBAL_ADDRESS,
    GLOBAL_FORWARDING_RULE,
    INSTANCE_TEMPLATE,
    MACHINE,
    REGION_INSTANCE_TEMPLATE,
)
from policies.kit.waiting import about_each, some_of

_ATTACHMENT = re.compile(r"projects/[^/]+/regions/[^/]+/serviceAttachments/[^/]+")
_PROXY = re.compile(r"(https://www\.googleapis\.com/compute/v1/)?projects/[^/]+/global/targetHttps?Proxies/[^/]+")


def _named(name: str, type_: str, **inputs: object) -> Case:
    return Case(stack={name: (type_, inputs)})


@rule(
    "net-one-public-address",
    title="Only the load balancer has a public address",
    severity=Severity.CRITICAL,
    types=[ADDRESS, GLOBAL_ADDRESS],
    sources=["CIS GCP 5.0: 4.9", "NIST 800-53: SC-7", "CKV_GCP_40", "trivy GCP-0031"],
    reason="an address that is reserved is soon attached to something, and the whole internet reaches it",
    fix="set addressType to INTERNAL: Google's own default is EXTERNAL",
    parameters={"public": Parameter(("cdn-address",), "Addresses, by their name in the program, that may be public")},
    good=[
        _named("endpoint", ADDRESS, addressType="INTERNAL"),
        _named("range", GLOBAL_ADDRESS, addressType="INTERNAL"),
        _named("cdn-address", GLOBAL_ADDRESS, addressType="EXTERNAL"),
    ],
    bad=[
        _named("endpoint", ADDRESS, addressType="EXTERNAL"),
        _named("endpoint", ADDRESS),
        _named("range", GLOBAL_ADDRESS),
        _named("another", GLOBAL_ADDRESS, addressType="EXTERNAL"),
        _named("cdn-address", GLOBAL_ADDRESS, addressType="ELSEWHERE"),
    ],
)
def one_public_address(address: Resource, public: Sequence[str]) -> Iterator[str]:
    yield from must_be(address, "addressType", "INTERNAL", *(["EXTERNAL"] if address.name in public else []))


@rule(
    "net-no-public-machine",
    title="No machine has a public address",
    severity=Severity.HIGH,
    types=MACHINES,
    sources=["CIS GCP 5.0: 4.9", "NIST 800-53: SC-7", "CKV_GCP_40", "trivy GCP-0031"],
    reason="a machine beside the stores that the internet reaches is the way to them",
    fix="leave accessConfigs out; sign in through Identity-Aware Proxy",
    good=[Case({"networkInterfaces": [{"subnetwork": "s"}]}, each) for each in MACHINES],
    bad=[
        Case({"networkInterfaces": [{"subnetwork": "s", "accessConfigs": [{}]}]}, MACHINE),
        Case({"networkInterfaces": [{"subnetwork": "s", "ipv6AccessConfigs": [{"networkTier": "PREMIUM"}]}]}, MACHINE),
        Case({"networkInterfaces": [{"subnetwork": "s", "accessConfigs": [{}]}]}, REGION_INSTANCE_TEMPLATE),
        Case({"networkInterfaces": [{"subnetwork": "s"}, {"accessConfigs": [{"natIp": "a"}]}]}, INSTANCE_TEMPLATE),
    ],
)
def no_public_machine(machine: Resource) -> Iterator[str]:
    def check(interface: Node) -> Iterator[str]:
        for path in ("accessConfigs", "ipv6AccessConfigs"):
            if interface.has(path):
                yield f"{interface.where}.{path} is set"

    yield from about_each(machine.nodes("networkInterfaces"), check)


_ENDPOINT = {
    "ipAddress": "projects/p/regions/r/addresses/a",
    "loadBalancingScheme": "",
    "network": "projects/p/global/networks/data",
    "target": "projects/partner/regions/r/serviceAttachments/a",
}


def _forwarding(**inputs: object) -> Case:
    return Case({**_ENDPOINT, **inputs}, FORWARDING_RULE)


def _without(kept: Mapping[str, object], name: str, type_: str) -> Case:
    return Case({path: value for path, value in kept.items() if path != name}, type_)


@rule(
    "net-endpoints-private",
    title="Endpoints of partners are private",
    severity=Severity.HIGH,
    types=[FORWARDING_RULE],
    sources=["NIST 800-53: SC-7", "CONN"],
    reason="a forwarding rule without a word about its scheme is a load balancer that the internet reaches",
    fix="set loadBalancingScheme to an empty text and target to the partner's service attachment",
    good=[
        _forwarding(),
        Case({"loadBalancingScheme": "INTERNAL", "ipAddress": "a", "network": "n", "backendService": "b"}),
    ],
    bad=[
        _forwarding(loadBalancingScheme="EXTERNAL"),
        _forwarding(loadBalancingScheme="EXTERNAL_MANAGED"),
        _forwarding(target="projects/p/regions/r/targetPools/a"),
        *(_without(_ENDPOINT, each, FORWARDING_RULE) for each in _ENDPOINT),
    ],
)
def endpoints_private(forwarding: Resource) -> Iterator[str]:
    scheme = forwarding.get("loadBalancingScheme")
    if scheme not in ("", "INTERNAL", "INTERNAL_MANAGED"):
        yield stated(forwarding, "loadBalancingScheme", "an empty text, INTERNAL or INTERNAL_MANAGED")
    yield from must_be_set(forwarding, "network")
    yield from must_be_set(forwarding, "ipAddress")
    if scheme == "" and not _ATTACHMENT.search(forwarding.text("target")):
        yield stated(forwarding, "target", "a service attachment")


_FRONT = {
    "loadBalancingScheme": "EXTERNAL_MANAGED",
    "ipAddress": "projects/p/global/addresses/api",
    "ipProtocol": "TCP",
    "portRange": "443",
    "target": "projects/p/global/targetHttpsProxies/api",
}


def _front(name: str = "cdn-forward-https", **inputs: object) -> Case:
    return _named(name, GLOBAL_FORWARDING_RULE, **{**_FRONT, **inputs})


@rule(
    "net-one-front",
    title="Only the API's load balancer is open to the internet, on the ports of the web",
    severity=Severity.HIGH,
    types=[GLOBAL_FORWARDING_RULE],
    sources=["NIST 800-53: SC-7", "CACHE-LAYERS"],
    reason="a second way in passes the firewall, the limit of requests and the log of the first",
    fix="put it behind the same load balancer, or name it in the rule's parameter",
    parameters={
        "fronts": Parameter(
            ("cdn-forward-https", "cdn-forward-http"), "Forwarding rules, by their name in the program, that are open"
        )
    },
    good=[_front(), _front("cdn-forward-http", portRange="80", target="projects/p/global/targetHttpProxies/api")],
    bad=[
        _front("another"),
        _front(portRange="5432"),
        _front(portRange="1-65535"),
        _front(ipProtocol="UDP"),
        _front(loadBalancingScheme="EXTERNAL"),
        _front(target="projects/p/global/targetTcpProxies/postgres"),
        *(_without(_FRONT, each, GLOBAL_FORWARDING_RULE) for each in _FRONT),
    ],
)
def one_front(front: Resource, fronts: Sequence[str]) -> Iterator[str]:
    if front.name not in fronts:
        yield f"{front.name} is open to the internet; only {', '.join(fronts)} may be"
    yield from must_be(front, "loadBalancingScheme", "EXTERNAL_MANAGED")
    yield from must_be(front, "ipProtocol", "TCP")
    yield from must_be(front, "portRange", "443", "80", "443-443", "80-80")
    # Without an address of its own it takes any, which nobody has reserved.
    yield from must_be_set(front, "ipAddress")
    if not _PROXY.fullmatch(front.text("target")):
        yield stated(front, "target", "a proxy for HTTP or HTTPS")


def _at(type_: str, reserved: str, address: str) -> Case:
    return Case(stack={"address": (reserved, {"name": "api"}), "front": (type_, {"ipAddress": address})})


@rule(
    "net-own-addresses",
    title="What is open or leads to a partner uses an address that this stack reserved",
    severity=Severity.MEDIUM,
    types=[FORWARDING_RULE, GLOBAL_FORWARDING_RULE, ADDRESS, GLOBAL_ADDRESS],
    sources=["NIST 800-53: SC-7", "NIST 800-53: CM-8"],
    reason="an address that nobody reserved can go to somebody else, who then gets what is sent to it",
    fix="take ipAddress from a reserved address",
    good=[
        _at(GLOBAL_FORWARDING_RULE, GLOBAL_ADDRESS, "projects/p/global/addresses/api"),
        _at(FORWARDING_RULE, ADDRESS, "projects/p/regions/r/addresses/api"),
    ],
    bad=[
        _at(GLOBAL_FORWARDING_RULE, GLOBAL_ADDRESS, "projects/p/global/addresses/other"),
        _at(FORWARDING_RULE, ADDRESS, "10.0.0.2"),
        _at(FORWARDING_RULE, ADDRESS, ""),
    ],
)
def own_addresses(stack: Stack) -> Iterator[tuple[Resource, str]]:
    reserved = stack.of(ADDRESS, GLOBAL_ADDRESS)

    def check(forwarding: Resource) -> Iterator[tuple[Resource, str]]:
        name = last_part(forwarding.text("ipAddress"))
        if not (name and some_of(reserved, lambda address: address.text("name") == name)):
            yield forwarding, stated(forwarding, "ipAddress", "an address that this stack reserved")

    yield from about_each(stack.of(FORWARDING_RULE, GLOBAL_FORWARDING_RULE), check)
