"""The private network: subnets, outbound NAT, firewall, the connection to managed services, and private names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
import pulumi_gcp as gcp

from infra import catalog
from infra.catalog import FirewallRow
from infra.components.component import Component
from infra.components.project_services import ProjectServices
from infra.derive.network import NetworkPlan, SubnetPlan

_PEERING_MINUTES = 20
"""The provider's own 10 minutes are often too few for the first connection of a network."""


@dataclass(frozen=True)
class NetworkArgs:
    """What the network is built from."""

    plan: NetworkPlan
    services: ProjectServices


class Network(Component):
    """Everything that gives stores a private address and a stable name.

    Nothing has a public address. `private_services` must stand among the dependencies of every store that takes its
    address from it: the store's inputs do not mention the connection, and creating the store before it fails.
    `cache_range` is Memorystore for Redis's own; None where that is not in the stack.
    """

    network_id: pulumi.Output[str]
    private_services_range: pulumi.Output[str]
    cache_range: pulumi.Output[str] | None
    private_services: pulumi.Resource
    dns_zone: pulumi.Output[str]
    subnets: Mapping[str, gcp.compute.Subnetwork]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._plan = args.plan
        self._network = gcp.compute.Network(
            "network",
            name=args.plan.name,
            description="Private network of the data platform",
            auto_create_subnetworks=False,
            routing_mode=args.plan.routing_mode,
            opts=self.inside(args.services["compute"]),
        )
        self.network_id = self._network.id
        self.subnets = {subnet.key: self._subnet_with_nat(subnet) for subnet in args.plan.subnets}
        for row in catalog.firewall_rules():
            self._firewall(row)
        self._connect_private_services(args.services)
        self._private_zone(args.services)
        self.register_outputs({"networkId": self.network_id, "dnsZone": self.dns_zone})

    def _subnet_with_nat(self, plan: SubnetPlan) -> gcp.compute.Subnetwork:
        subnet = gcp.compute.Subnetwork(
            f"subnet-{plan.key}",
            name=plan.name,
            region=plan.region,
            network=self.network_id,
            ip_cidr_range=str(plan.range),
            private_ip_google_access=True,
            log_config={
                "aggregation_interval": "INTERVAL_5_MIN",
                "flow_sampling": plan.flow_sampling,
                "metadata": "INCLUDE_ALL_METADATA",
            },
            opts=self.inside(),
        )
        router = gcp.compute.Router(
            f"router-{plan.key}", name=plan.name, region=plan.region, network=self.network_id, opts=self.inside()
        )
        gcp.compute.RouterNat(
            f"nat-{plan.key}",
            name=plan.name,
            region=plan.region,
            router=router.name,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
            log_config={"enable": True, "filter": "ERRORS_ONLY"},
            opts=self.inside(),
        )
        return subnet

    def _firewall(self, row: FirewallRow) -> None:
        allows = [{"protocol": rule.protocol, "ports": list(rule.ports)} for rule in row.allow]
        denies = [{"protocol": rule.protocol, "ports": list(rule.ports)} for rule in row.deny]
        gcp.compute.Firewall(
            f"firewall-{row.name}",
            name=f"{self._plan.name}-{row.name}",
            description=row.description,
            network=self.network_id,
            direction=row.direction,
            priority=row.priority,
            source_ranges=list(row.source_ranges),
            target_tags=list(row.target_tags) or None,
            allows=allows or None,
            denies=denies or None,
            log_config={"metadata": "INCLUDE_ALL_METADATA"},
            opts=self.inside(),
        )

    def _connect_private_services(self, services: ProjectServices) -> None:
        plan = self._plan
        self.private_services_range = self._allocate(
            "private-services-range", plan.private_services_name, plan.private_services_range
        )
        self.cache_range = (
            self._allocate("cache-range", plan.cache_range_name, plan.cache_range) if plan.cache_range else None
        )
        self.private_services = gcp.servicenetworking.Connection(
            "private-services",
            network=self.network_id,
            service="servicenetworking.googleapis.com",
            # A range that comes later is appended in place; a range itself can never be changed.
            reserved_peering_ranges=[
                each for each in (self.private_services_range, self.cache_range) if each is not None
            ],
            deletion_policy=plan.peering_deletion_policy,
            update_on_creation_fail=True,
            opts=self.inside(services["servicenetworking"], minutes=_PEERING_MINUTES),
        )

    def _allocate(self, key: str, name: str, cidr: IPv4Network) -> pulumi.Output[str]:
        """Set a range aside for Google's managed services; returns the name they are told."""
        allocated = gcp.compute.GlobalAddress(
            key,
            name=name,
            purpose="VPC_PEERING",
            address_type="INTERNAL",
            address=str(cidr.network_address),
            prefix_length=cidr.prefixlen,
            network=self.network_id,
            opts=self.inside(),
        )
        told: pulumi.Output[str] = allocated.name
        return told

    def _private_zone(self, services: ProjectServices) -> None:
        zone = gcp.dns.ManagedZone(
            "private-zone",
            name=self._plan.dns_zone_name,
            dns_name=f"{self._plan.dns_domain}.",
            description="Stable names of the stores: a failover or a restore moves a name, not every client",
            visibility="private",
            private_visibility_config={"networks": [{"network_url": self.network_id}]},
            opts=self.inside(services["dns"]),
        )
        self.dns_zone = zone.name
