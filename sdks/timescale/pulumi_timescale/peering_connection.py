"""A peering of a Timescale Cloud VPC with an AWS VPC or transit gateway (timescale_peering_connection)."""

from collections.abc import Sequence

import pulumi

from pulumi_timescale import _utilities


@_utilities.input_type
class PeeringConnectionArgs:
    """The inputs of a peering: either the VPC or the transit gateway on the other side, and its account and region."""

    peer_account_id: pulumi.Input[str] = pulumi.property("peerAccountId")
    peer_region_code: pulumi.Input[str] = pulumi.property("peerRegionCode")
    timescale_vpc_id: pulumi.Input[int] = pulumi.property("timescaleVpcId")
    peer_cidr_blocks: pulumi.Input[Sequence[pulumi.Input[str]]] | None = pulumi.property("peerCidrBlocks", default=None)
    peer_tgw_id: pulumi.Input[str] | None = pulumi.property("peerTgwId", default=None)
    peer_vpc_id: pulumi.Input[str] | None = pulumi.property("peerVpcId", default=None)


@_utilities.input_type
class _PeeringConnectionState:
    """Everything a peering's state can hold."""

    accepter_provisioned_id: pulumi.Input[str] | None = pulumi.property("accepterProvisionedId", default=None)
    error_message: pulumi.Input[str] | None = pulumi.property("errorMessage", default=None)
    peer_account_id: pulumi.Input[str] | None = pulumi.property("peerAccountId", default=None)
    peer_cidr_blocks: pulumi.Input[Sequence[pulumi.Input[str]]] | None = pulumi.property("peerCidrBlocks", default=None)
    peer_region_code: pulumi.Input[str] | None = pulumi.property("peerRegionCode", default=None)
    peer_tgw_id: pulumi.Input[str] | None = pulumi.property("peerTgwId", default=None)
    peer_vpc_id: pulumi.Input[str] | None = pulumi.property("peerVpcId", default=None)
    peering_connection_id: pulumi.Input[int] | None = pulumi.property("peeringConnectionId", default=None)
    peering_type: pulumi.Input[str] | None = pulumi.property("peeringType", default=None)
    provisioned_id: pulumi.Input[str] | None = pulumi.property("provisionedId", default=None)
    status: pulumi.Input[str] | None = pulumi.property("status", default=None)
    timescale_vpc_id: pulumi.Input[int] | None = pulumi.property("timescaleVpcId", default=None)
    vpc_id: pulumi.Input[str] | None = pulumi.property("vpcId", default=None)


@pulumi.type_token("timescale:index/peeringConnection:PeeringConnection")
class PeeringConnection(pulumi.CustomResource):
    """A request to peer, which the other side's AWS account accepts by `accepter_provisioned_id`.

    As for a VPC, the provider's numeric id is `peering_connection_id`; `id` names nothing.
    """

    accepter_provisioned_id: pulumi.Output[str] = pulumi.property("accepterProvisionedId")
    error_message: pulumi.Output[str] = pulumi.property("errorMessage")
    peer_account_id: pulumi.Output[str] = pulumi.property("peerAccountId")
    peer_cidr_blocks: pulumi.Output[Sequence[str]] = pulumi.property("peerCidrBlocks")
    peer_region_code: pulumi.Output[str] = pulumi.property("peerRegionCode")
    peer_tgw_id: pulumi.Output[str | None] = pulumi.property("peerTgwId")
    peer_vpc_id: pulumi.Output[str | None] = pulumi.property("peerVpcId")
    peering_connection_id: pulumi.Output[int] = pulumi.property("peeringConnectionId")
    peering_type: pulumi.Output[str] = pulumi.property("peeringType")
    provisioned_id: pulumi.Output[str] = pulumi.property("provisionedId")
    status: pulumi.Output[str]
    timescale_vpc_id: pulumi.Output[int] = pulumi.property("timescaleVpcId")
    vpc_id: pulumi.Output[str] = pulumi.property("vpcId")

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        peer_account_id: pulumi.Input[str],
        peer_region_code: pulumi.Input[str],
        timescale_vpc_id: pulumi.Input[int],
        peer_cidr_blocks: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        peer_tgw_id: pulumi.Input[str] | None = None,
        peer_vpc_id: pulumi.Input[str] | None = None,
    ) -> None:
        given = {
            "peer_account_id": peer_account_id,
            "peer_region_code": peer_region_code,
            "timescale_vpc_id": timescale_vpc_id,
            "peer_cidr_blocks": peer_cidr_blocks,
            "peer_tgw_id": peer_tgw_id,
            "peer_vpc_id": peer_vpc_id,
        }
        super().__init__(
            "timescale:index/peeringConnection:PeeringConnection",
            resource_name,
            _utilities.properties(PeeringConnection, PeeringConnectionArgs, given),
            _utilities.options(opts),
            package_ref=_utilities.get_package(),
        )
