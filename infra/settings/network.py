"""Address ranges and names of the private network."""

from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from itertools import combinations
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from infra.settings.constraints import Text
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.scalar import refusal
from infra.settings.units import Share

# RFC 1918: the ranges that every peering accepts.
_PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
# Cloud SQL uses it for its own containers; an instance there cannot be reached (Google, "Private IP").
_DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")
_FORM = "a private IPv4 range in CIDR form (inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)"


def _network(value: object) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    allowed = f"{_FORM}, e.g. 10.10.0.0/20"
    if not isinstance(value, str) or "/" not in value:
        raise refusal(allowed, "write the range with its prefix length, e.g. 10.10.0.0/20")
    try:
        network = IPv4Network(value, strict=False)
    except (AddressValueError, NetmaskValueError) as error:
        raise refusal(allowed, "write four numbers 0-255 and a prefix length 0-32, e.g. 10.10.0.0/20") from error
    if str(network) != value.strip():
        raise refusal(allowed, f"write the range's own first address: {network}")
    if not any(network.subnet_of(private) for private in _PRIVATE):
        raise refusal(allowed, "choose a range inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
    if network.overlaps(_DOCKER_BRIDGE):
        raise refusal(f"{_FORM} outside 172.17.0.0/16, which Cloud SQL cannot reach", "choose another range")
    return network


def _prefix(shortest: int, longest: int, why: str) -> AfterValidator:
    """Return the check of a range's size: prefix lengths from `shortest` (largest range) to `longest`."""

    def check(network: IPv4Network) -> IPv4Network:
        if not shortest <= network.prefixlen <= longest:
            raise refusal(
                f"a range from /{longest} to /{shortest}: {why}",
                f"write {network.network_address}/{longest}"
                if network.prefixlen > longest
                else f"write a range of /{shortest} or smaller",
            )
        return network

    return AfterValidator(check)


_Range = Annotated[
    IPv4Network,
    BeforeValidator(_network),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\d+\.\d+\.\d+\.\d+/\d+$", "examples": ["10.10.0.0/20"], "description": _FORM}
    ),
]
PrivateRange = _Range
"""A private range of any size, for networks that are not Google's."""
SubnetRange = Annotated[_Range, _prefix(8, 29, "Google takes subnets of these sizes")]
ServicesRange = Annotated[
    _Range, _prefix(8, 20, "each service and region takes a /24 of it, and it cannot be grown in place")
]
CacheRange = Annotated[
    _Range,
    _prefix(8, 28, "Memorystore for Redis with read replicas takes a /28 of it, and it cannot be grown in place"),
]


class NetworkSettings(SettingsModel):
    """The VPC's ranges; none may overlap another, because they meet in one routing table."""

    subnet_range: SubnetRange = Field(description="Range of the primary region's subnet (poolers, jobs, clients).")
    private_services_range: ServicesRange = Field(
        description="Range handed to Google for private services access: Cloud SQL takes its addresses from it. /20 "
        "or wider."
    )
    cache_range: CacheRange | None = Field(
        default=None,
        examples=["10.21.0.0/28"],
        description="A second range for private services access, of Memorystore for Redis alone (RDS-INST): /28 or "
        "wider. Needed with cache.engine: redis; without it the range is kept in reserve and not allocated. Allocating "
        "it later changes the connection in place.",
    )
    disaster_recovery_subnet_range: SubnetRange | None = Field(
        default=None,
        description="Range of the disaster recovery region's subnet (PG-PHASE-4); needed with "
        "project.disasterRecoveryRegion.",
    )
    dns_domain: Annotated[
        str,
        Text(
            r"(?!(?:.*\.)?google\.internal$)(?=.{3,190}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
            r"(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+",
            "a lower-case DNS name of two or more labels without a final dot, not under google.internal",
            "prod.triptrip.internal",
        ),
    ] = Field(
        description="Private DNS zone with the stable names that clients use, pg-write, pg-read, redis-write and "
        "redis-read among them (CONN)."
    )
    flow_log_sampling: Share = Field(
        default=Share.parse("50 %"),
        description="Part of the subnets' traffic that flow logs record; 0 % turns them off.",
    )

    @property
    def ranges(self) -> dict[str, IPv4Network]:
        """Every range that is given, by its setting's name."""
        ranges = {
            "subnetRange": self.subnet_range,
            "privateServicesRange": self.private_services_range,
            "cacheRange": self.cache_range,
            "disasterRecoverySubnetRange": self.disaster_recovery_subnet_range,
        }
        return {name: network for name, network in ranges.items() if network is not None}

    @model_validator(mode="after")
    def _check(self) -> Self:
        findings: list[Finding] = []
        findings.extend(
            Finding(
                second,
                other,
                f"a range that does not overlap network.{first} ({network})",
                "choose a free range of the same size, e.g. by raising its second number",
            )
            for (first, network), (second, other) in combinations(self.ranges.items(), 2)
            if network.overlaps(other)
        )
        if self.flow_log_sampling.of_ram:
            findings.append(
                Finding("flowLogSampling", self.flow_log_sampling, "a plain percentage, e.g. 50 %", 'remove "of RAM"')
            )
        refuse_all(findings)
        return self
