"""The private network: subnets that are declared one by one, private in range, and logged."""

from collections.abc import Iterator

from policies.exposure.reading import is_narrow, is_private
from policies.kit import Case, Parameter, Resource, Severity, must_be, must_reach, rule, stated
from policies.kit.types import GLOBAL_ADDRESS, NAT, NETWORK, SUBNETWORK

_PREFIX = {"prefix": Parameter(16, "Shortest prefix length in bits of a range")}


@rule(
    "net-no-auto-subnets",
    title="The network has no subnets that nobody declared",
    severity=Severity.MEDIUM,
    types=[NETWORK],
    sources=["CIS GCP 5.0: 3.1", "NIST 800-53: SC-7", "NIST 800-53: CM-2", "trivy GCP-0010"],
    reason="automatic mode makes a subnet in every region of the world, each a place for machines that nobody watches",
    fix="set autoCreateSubnetworks to false: Google's own default is true",
    good=[Case({"name": "data", "autoCreateSubnetworks": False})],
    bad=[
        Case({"name": "data", "autoCreateSubnetworks": True}),
        Case({"name": "data"}),
        Case({"name": "default", "autoCreateSubnetworks": False}),
    ],
)
def no_auto_subnets(network: Resource) -> Iterator[str]:
    yield from must_be(network, "autoCreateSubnetworks", False)
    if network.get("name") == "default":
        yield stated(network, "name", "a name of our own")


@rule(
    "net-private-google-access",
    title="Machines reach Google's services without the internet",
    severity=Severity.MEDIUM,
    types=[SUBNETWORK],
    sources=["NIST 800-53: SC-7", "CKV_GCP_74", "trivy GCP-0075"],
    reason="without it a machine needs a way to the internet to read a secret or write a log",
    fix="set privateIpGoogleAccess to true",
    good=[Case({"privateIpGoogleAccess": True})],
    bad=[Case({"privateIpGoogleAccess": False}), Case({})],
)
def private_google_access(subnet: Resource) -> Iterator[str]:
    yield from must_be(subnet, "privateIpGoogleAccess", True)


_INTERVALS = ("INTERVAL_5_SEC", "INTERVAL_30_SEC", "INTERVAL_1_MIN", "INTERVAL_5_MIN")


def _flow_logs(**config: object) -> Case:
    kept = {"aggregationInterval": "INTERVAL_5_MIN", "flowSampling": 0.5, "metadata": "INCLUDE_ALL_METADATA"}
    return Case({"logConfig": {**kept, **config}})


@rule(
    "net-flow-logs",
    title="Subnets record who talked to whom",
    severity=Severity.MEDIUM,
    types=[SUBNETWORK],
    sources=["CIS GCP 5.0: 3.10", "NIST 800-53: AU-12", "NIST 800-53: SI-4", "CKV_GCP_26", "trivy GCP-0029"],
    reason="without flow logs nobody can tell where data went after a break-in",
    fix="set network.flowLogSampling in the stack file",
    parameters={"sampled": Parameter(50, "Per cent of the traffic that is recorded at least")},
    good=[_flow_logs(), _flow_logs(flowSampling=1, aggregationInterval="INTERVAL_5_SEC")],
    bad=[
        Case({}),
        Case({"logConfig": None}),
        _flow_logs(flowSampling=0.0),
        _flow_logs(flowSampling=0.1),
        _flow_logs(flowSampling=None),
        _flow_logs(flowSampling=2),
        _flow_logs(metadata="EXCLUDE_ALL_METADATA"),
        _flow_logs(aggregationInterval="INTERVAL_15_MIN"),
    ],
)
def flow_logs(subnet: Resource, sampled: int) -> Iterator[str]:
    config = subnet.node("logConfig")
    part = config.number("flowSampling")
    if part is None or not sampled <= part * 100 <= 100:  # noqa: PLR2004 # per cent
        yield f"logConfig.flowSampling is {config.shown('flowSampling')}; it must be from {sampled / 100:g} to 1"
    yield from must_be(subnet, "logConfig.aggregationInterval", *_INTERVALS)
    yield from must_be(subnet, "logConfig.metadata", "INCLUDE_ALL_METADATA")


@rule(
    "net-nat-logs",
    title="Ways out to the internet are recorded",
    severity=Severity.LOW,
    types=[NAT],
    sources=["NIST 800-53: AU-12", "NIST 800-53: SC-7"],
    reason="data that is carried out leaves by the address translation, and nowhere else is it seen",
    fix="set logConfig.enable to true with filter ERRORS_ONLY or ALL",
    good=[Case({"logConfig": {"enable": True, "filter": "ERRORS_ONLY"}})],
    bad=[
        Case({}),
        Case({"logConfig": {"enable": False, "filter": "ALL"}}),
        Case({"logConfig": {"enable": True}}),
        Case({"logConfig": {"enable": True, "filter": "NONE"}}),
    ],
)
def nat_logs(nat: Resource) -> Iterator[str]:
    yield from must_be(nat, "logConfig.enable", True)
    yield from must_be(nat, "logConfig.filter", "ERRORS_ONLY", "ALL")


@rule(
    "net-private-ranges",
    title="Subnets have private ranges and no addresses of the internet",
    severity=Severity.HIGH,
    types=[SUBNETWORK],
    sources=["NIST 800-53: SC-7", "CON-GCP"],
    reason="a public range is routed to its owner by everybody else, and an external IPv6 range is open to all",
    fix="set network.subnetRange and network.disasterRecoverySubnetRange in the stack file",
    parameters=_PREFIX,
    good=[Case({"ipCidrRange": "10.10.0.0/20"})],
    bad=[
        Case({"ipCidrRange": "0.0.0.0/0"}),
        Case({"ipCidrRange": "10.0.0.0/8"}),
        Case({"ipCidrRange": "203.0.113.0/24"}),
        Case({}),
        Case({"ipCidrRange": "10.10.0.0/20", "stackType": "IPV4_IPV6", "ipv6AccessType": "EXTERNAL"}),
    ],
)
def private_ranges(subnet: Resource, prefix: int) -> Iterator[str]:
    if not (is_private(subnet.text("ipCidrRange")) and is_narrow(subnet.text("ipCidrRange"), prefix)):
        yield stated(subnet, "ipCidrRange", f"a private range of /{prefix} or narrower")
    yield from must_be(subnet, "ipv6AccessType", None, "", "INTERNAL")


_RANGE = {
    "addressType": "INTERNAL",
    "purpose": "VPC_PEERING",
    "address": "10.20.0.0",
    "prefixLength": 20,
    "name": "own",
}


@rule(
    "net-service-ranges",
    title="What is handed to Google for its services is a private range",
    severity=Severity.MEDIUM,
    types=[GLOBAL_ADDRESS],
    sources=["NIST 800-53: SC-7", "CON-GCP"],
    reason="a range that is public or too wide hides other networks behind the stores",
    fix="set network.privateServicesRange and network.cacheRange in the stack file",
    parameters={
        **_PREFIX,
        "narrowest": Parameter(29, "Longest prefix length in bits of a range"),
    },
    good=[Case(_RANGE), Case({"addressType": "EXTERNAL"})],
    bad=[
        Case({**_RANGE, "address": "203.0.113.0"}),
        Case({**_RANGE, "address": None}),
        Case({**_RANGE, "prefixLength": 8}),
        Case({**_RANGE, "prefixLength": 57}),
        Case({**_RANGE, "prefixLength": None}),
        Case({**_RANGE, "purpose": "PRIVATE_SERVICE_CONNECT"}),
    ],
)
def service_ranges(range_: Resource, prefix: int, narrowest: int) -> Iterator[str]:
    if range_.get("addressType") != "INTERNAL":
        return
    yield from must_be(range_, "purpose", "VPC_PEERING")
    if not is_private(range_.text("address")):
        yield stated(range_, "address", "stated and private")
    yield from must_reach(range_, "prefixLength", prefix, "bits")
    if (range_.number("prefixLength") or 0) > narrowest:
        yield stated(range_, "prefixLength", f"{narrowest} or less")
