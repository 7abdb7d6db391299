"""An address of our own network behind which a partner's service answers (Private Service Connect)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.component import Component
from infra.components.foundation import Foundation


@dataclass(frozen=True)
class PrivateEndpoint:
    """An endpoint that was made: its address, the name of its forwarding rule, and the connection's id at Google."""

    address: pulumi.Output[str]
    rule_name: pulumi.Output[str]
    connection_id: pulumi.Output[str]
    rule: gcp.compute.ForwardingRule


def private_endpoint(
    owner: Component, foundation: Foundation, key: str, service_attachment: pulumi.Input[str]
) -> PrivateEndpoint:
    """Reserve an address in the primary subnet and forward it to a service attachment."""
    name, region = foundation.names.of(key), foundation.region
    address = gcp.compute.Address(
        f"endpoint-address-{key}",
        name=name,
        region=region,
        address_type="INTERNAL",
        subnetwork=foundation.network.subnets["primary"].id,
        opts=owner.inside(),
    )
    rule = gcp.compute.ForwardingRule(
        f"endpoint-{key}",
        name=name,
        region=region,
        network=foundation.network.network_id,
        ip_address=address.id,
        # An endpoint of Private Service Connect has no scheme; the provider's default would make it a load balancer.
        load_balancing_scheme="",
        target=service_attachment,
        allow_psc_global_access=True,
        opts=owner.inside(),
    )
    return PrivateEndpoint(address.address, rule.name, rule.psc_connection_id, rule)
