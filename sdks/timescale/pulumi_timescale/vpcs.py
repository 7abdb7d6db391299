"""A VPC of Timescale Cloud (timescale_vpcs)."""

import pulumi

from pulumi_timescale import _utilities
from pulumi_timescale._inputs import VpcsTimeoutsArgs


@_utilities.input_type
class VpcsArgs:
    """The inputs of a VPC; neither its range nor its region can be changed."""

    cidr: pulumi.Input[str] = pulumi.property("cidr")
    region_code: pulumi.Input[str] = pulumi.property("regionCode")
    name: pulumi.Input[str] | None = pulumi.property("name", default=None)
    timeouts: pulumi.Input[VpcsTimeoutsArgs] | None = pulumi.property("timeouts", default=None)


@_utilities.input_type
class _VpcsState:
    """Everything a VPC's state can hold."""

    cidr: pulumi.Input[str] | None = pulumi.property("cidr", default=None)
    created: pulumi.Input[str] | None = pulumi.property("created", default=None)
    error_message: pulumi.Input[str] | None = pulumi.property("errorMessage", default=None)
    name: pulumi.Input[str] | None = pulumi.property("name", default=None)
    project_id: pulumi.Input[str] | None = pulumi.property("projectId", default=None)
    provisioned_id: pulumi.Input[str] | None = pulumi.property("provisionedId", default=None)
    region_code: pulumi.Input[str] | None = pulumi.property("regionCode", default=None)
    status: pulumi.Input[str] | None = pulumi.property("status", default=None)
    timeouts: pulumi.Input[VpcsTimeoutsArgs] | None = pulumi.property("timeouts", default=None)
    updated: pulumi.Input[str] | None = pulumi.property("updated", default=None)
    vpcs_id: pulumi.Input[int] | None = pulumi.property("vpcsId", default=None)


@pulumi.type_token("timescale:index/vpcs:Vpcs")
class Vpcs(pulumi.CustomResource):
    """A VPC in which services are reached by peering.

    The provider's own `id` is a number, which a Pulumi id cannot be: the bridge hands it out as `vpcs_id`, and `id`
    names nothing (pulumi-terraform-bridge, pkg/tfbridge/tokens/fixups.go).
    """

    cidr: pulumi.Output[str]
    created: pulumi.Output[str]
    error_message: pulumi.Output[str] = pulumi.property("errorMessage")
    name: pulumi.Output[str]
    project_id: pulumi.Output[str] = pulumi.property("projectId")
    provisioned_id: pulumi.Output[str] = pulumi.property("provisionedId")
    region_code: pulumi.Output[str] = pulumi.property("regionCode")
    status: pulumi.Output[str]
    updated: pulumi.Output[str]
    vpcs_id: pulumi.Output[int] = pulumi.property("vpcsId")

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        cidr: pulumi.Input[str],
        region_code: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        timeouts: pulumi.InputType[VpcsTimeoutsArgs] | None = None,
    ) -> None:
        given = {"cidr": cidr, "region_code": region_code, "name": name, "timeouts": timeouts}
        super().__init__(
            "timescale:index/vpcs:Vpcs",
            resource_name,
            _utilities.properties(Vpcs, VpcsArgs, given),
            _utilities.options(opts),
            package_ref=_utilities.get_package(),
        )
