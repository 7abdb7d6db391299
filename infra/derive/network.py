"""The network's shape: subnets by region, the range that Google's managed services take, and the private DNS zone."""

from dataclasses import dataclass
from ipaddress import IPv4Network

from infra.derive.names import Names
from infra.settings import Settings


@dataclass(frozen=True)
class SubnetPlan:
    """One subnet; `flow_sampling` is the share (0..1) of flows that VPC Flow Logs keep."""

    key: str
    name: str
    region: str
    range: IPv4Network
    flow_sampling: float


@dataclass(frozen=True)
class NetworkPlan:
    """The network of one environment; `cache_range` is there when Memorystore for Redis needs addresses."""

    name: str
    routing_mode: str
    subnets: tuple[SubnetPlan, ...]
    private_services_name: str
    private_services_range: IPv4Network
    cache_range_name: str
    cache_range: IPv4Network | None
    peering_deletion_policy: str
    dns_zone_name: str
    dns_domain: str


def network_plan(settings: Settings, names: Names) -> NetworkPlan:
    """Lay out the network.

    The peering's deletion policy follows the deletion guards. Google refuses to delete the connection for days after
    the last instance is gone, so a guarded environment lets go of it (ABANDON), and a throw-away one removes the
    peering itself (REMOVE_PEERING), without which its network could not be deleted.
    """
    project, network = settings.project, settings.network
    places = [("primary", project.region, network.subnet_range)]
    if project.disaster_recovery_region and network.disaster_recovery_subnet_range:
        places.append(("disaster-recovery", project.disaster_recovery_region, network.disaster_recovery_subnet_range))
    return NetworkPlan(
        name=names.of("data"),
        routing_mode="GLOBAL" if len(places) > 1 else "REGIONAL",
        subnets=tuple(
            SubnetPlan(key, names.of("data", key), region, cidr, network.flow_log_sampling.fraction)
            for key, region, cidr in places
        ),
        private_services_name=names.of("private-services"),
        private_services_range=network.private_services_range,
        cache_range_name=names.of("cache-services"),
        cache_range=network.cache_range,
        peering_deletion_policy="ABANDON" if project.deletion_guards else "REMOVE_PEERING",
        dns_zone_name=names.of("internal"),
        dns_domain=network.dns_domain,
    )
