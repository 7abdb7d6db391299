"""The way to Timescale Cloud, which is in another cloud: its own VPC, or a public name with TLS and a password."""

from collections.abc import Iterator

from policies.exposure.reading import is_narrow, is_private
from policies.kit import Case, Parameter, Resource, Severity, must_be_set, rule, stated
from policies.kit.types import TIMESCALE_PEERING, TIMESCALE_SERVICE, TIMESCALE_VPC

_PREFIX = {"prefix": Parameter(16, "Shortest prefix length in bits of a range")}


@rule(
    "tsd-private",
    title="The time series have no public name",
    severity=Severity.HIGH,
    types=[TIMESCALE_SERVICE],
    sources=["NIST 800-53: SC-7", "TS-SVC", "COR-11"],
    reason="without a VPC the whole internet can try passwords: the vendor has no list of allowed addresses",
    fix="set timescale.vpc in the stack file",
    good=[Case({"vpcId": 42})],
    bad=[Case({}), Case({"regionCode": "ap-northeast-1"})],
)
def private(service: Resource) -> Iterator[str]:
    yield from must_be_set(service, "vpcId")


@rule(
    "tsd-ranges",
    title="The VPC of the time series and its peering are private ranges",
    severity=Severity.HIGH,
    types=[TIMESCALE_VPC, TIMESCALE_PEERING],
    sources=["NIST 800-53: SC-7"],
    reason="a wide range lets in networks of others that the other side routes to",
    fix="set timescale.vpc.range and timescale.vpc.peering.ranges in the stack file",
    parameters=_PREFIX,
    good=[
        Case({"cidr": "10.60.0.0/24"}, TIMESCALE_VPC),
        Case({"peerCidrBlocks": ["10.10.0.0/20"]}, TIMESCALE_PEERING),
        Case({"peerVpcId": "vpc-1"}, TIMESCALE_PEERING),
    ],
    bad=[
        Case({"cidr": "0.0.0.0/0"}, TIMESCALE_VPC),
        Case({"cidr": "10.0.0.0/8"}, TIMESCALE_VPC),
        Case({}, TIMESCALE_VPC),
        Case({"peerCidrBlocks": ["10.10.0.0/20", "0.0.0.0/0"]}, TIMESCALE_PEERING),
    ],
)
def ranges(resource: Resource, prefix: int) -> Iterator[str]:
    path = "cidr" if resource.type == TIMESCALE_VPC else "peerCidrBlocks"
    if resource.type == TIMESCALE_VPC:
        yield from must_be_set(resource, path)
    if not all(is_private(each) and is_narrow(each, prefix) for each in resource.texts(path)):
        yield stated(resource, path, f"private ranges of /{prefix} or narrower")
