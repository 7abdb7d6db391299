"""Timescale Cloud as Pulumi resources: the Terraform provider timescale/timescale 2.13.3 behind Pulumi's bridge.

Names, tokens and types are those that `pulumi package add terraform-provider timescale/timescale 2.13.3` generates, so
that the generated SDK could take this one's place. `../schema.yaml` is the provider's own documentation of them.
"""

from pulumi_timescale._inputs import (
    LogExporterCloudwatchArgs,
    MetricExporterCloudwatchArgs,
    MetricExporterDatadogArgs,
    MetricExporterPrometheusArgs,
    ServiceTimeoutsArgs,
    VpcsTimeoutsArgs,
)
from pulumi_timescale.log_exporter import LogExporter, LogExporterArgs
from pulumi_timescale.metric_exporter import MetricExporter, MetricExporterArgs
from pulumi_timescale.peering_connection import PeeringConnection, PeeringConnectionArgs
from pulumi_timescale.provider import Provider, ProviderArgs
from pulumi_timescale.service import Service, ServiceArgs
from pulumi_timescale.vpcs import Vpcs, VpcsArgs

__all__ = [
    "LogExporter",
    "LogExporterArgs",
    "LogExporterCloudwatchArgs",
    "MetricExporter",
    "MetricExporterArgs",
    "MetricExporterCloudwatchArgs",
    "MetricExporterDatadogArgs",
    "MetricExporterPrometheusArgs",
    "PeeringConnection",
    "PeeringConnectionArgs",
    "Provider",
    "ProviderArgs",
    "Service",
    "ServiceArgs",
    "ServiceTimeoutsArgs",
    "Vpcs",
    "VpcsArgs",
    "VpcsTimeoutsArgs",
]
