"""What surrounds a service at Timescale Cloud: the VPC that reaches it, and where its metrics and logs go. All AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_timescale as timescale

from infra.components.component import Component
from infra.derive.timescale import TimescalePlan


@dataclass(frozen=True)
class Exporters:
    """Ids of the exporters that services attach; None where there is none."""

    metric: pulumi.Output[str] | None
    log: pulumi.Output[str] | None


def attached_vpc(owner: Component, plan: TimescalePlan) -> pulumi.Output[int] | None:
    """Declare the VPC with its peering; returns the number by which services attach to it, None without one."""
    if plan.vpc is None:
        return None
    vpc = timescale.Vpcs(
        "timescale-vpc",
        name=plan.name,
        cidr=str(plan.vpc.range),
        region_code=plan.region.code,
        opts=owner.inside(),
    )
    if peering := plan.vpc.peering:
        timescale.PeeringConnection(
            "timescale-peering",
            timescale_vpc_id=vpc.vpcs_id,
            peer_account_id=peering.account_id,
            peer_region_code=peering.region,
            peer_vpc_id=peering.vpc_id,
            peer_tgw_id=peering.transit_gateway_id,
            peer_cidr_blocks=[str(each) for each in peering.ranges] or None,
            opts=owner.inside(),
        )
    return vpc.vpcs_id


def exporters(owner: Component, plan: TimescalePlan) -> Exporters:
    """Declare the exporters, in the service's region: no service of another one can attach to them."""
    return Exporters(metric=_metric(owner, plan), log=_log(owner, plan))


def _metric(owner: Component, plan: TimescalePlan) -> pulumi.Output[str] | None:
    wanted = plan.metric_exporter
    if wanted is None:
        return None
    return timescale.MetricExporter(
        "timescale-metrics",
        name=f"{plan.name}-metrics",
        region=plan.region.code,
        cloudwatch=timescale.MetricExporterCloudwatchArgs(
            region=wanted.region,
            role_arn=wanted.role_arn,
            log_group_name=wanted.log_group,
            log_stream_name=wanted.log_stream,
            namespace=wanted.namespace,
        ),
        opts=owner.inside(),
    ).id


def _log(owner: Component, plan: TimescalePlan) -> pulumi.Output[str] | None:
    wanted = plan.log_exporter
    if wanted is None:
        return None
    return timescale.LogExporter(
        "timescale-logs",
        name=f"{plan.name}-logs",
        region=plan.region.code,
        cloudwatch=timescale.LogExporterCloudwatchArgs(
            region=wanted.region,
            role_arn=wanted.role_arn,
            log_group_name=wanted.log_group,
            log_stream_name=wanted.log_stream,
        ),
        opts=owner.inside(),
    ).id
