"""An exporter of metrics (timescale_metric_exporter)."""

import pulumi

from pulumi_timescale import _utilities
from pulumi_timescale._inputs import (
    MetricExporterCloudwatchArgs,
    MetricExporterDatadogArgs,
    MetricExporterPrometheusArgs,
)


@_utilities.input_type
class MetricExporterArgs:
    """The inputs of an exporter: a name, a region, and exactly one destination."""

    name: pulumi.Input[str] = pulumi.property("name")
    region: pulumi.Input[str] = pulumi.property("region")
    cloudwatch: pulumi.Input[MetricExporterCloudwatchArgs] | None = pulumi.property("cloudwatch", default=None)
    datadog: pulumi.Input[MetricExporterDatadogArgs] | None = pulumi.property("datadog", default=None)
    prometheus: pulumi.Input[MetricExporterPrometheusArgs] | None = pulumi.property("prometheus", default=None)


@_utilities.input_type
class _MetricExporterState:
    """Everything an exporter's state can hold."""

    cloudwatch: pulumi.Input[MetricExporterCloudwatchArgs] | None = pulumi.property("cloudwatch", default=None)
    created: pulumi.Input[str] | None = pulumi.property("created", default=None)
    datadog: pulumi.Input[MetricExporterDatadogArgs] | None = pulumi.property("datadog", default=None)
    name: pulumi.Input[str] | None = pulumi.property("name", default=None)
    prometheus: pulumi.Input[MetricExporterPrometheusArgs] | None = pulumi.property("prometheus", default=None)
    region: pulumi.Input[str] | None = pulumi.property("region", default=None)
    type: pulumi.Input[str] | None = pulumi.property("type", default=None)


@pulumi.type_token("timescale:index/metricExporter:MetricExporter")
class MetricExporter(pulumi.CustomResource):
    """Sends the metrics of the services it is attached to, all of its own region."""

    created: pulumi.Output[str]
    name: pulumi.Output[str]
    region: pulumi.Output[str]
    type: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        name: pulumi.Input[str],
        region: pulumi.Input[str],
        cloudwatch: pulumi.InputType[MetricExporterCloudwatchArgs] | None = None,
        datadog: pulumi.InputType[MetricExporterDatadogArgs] | None = None,
        prometheus: pulumi.InputType[MetricExporterPrometheusArgs] | None = None,
    ) -> None:
        given = {
            "name": name,
            "region": region,
            "cloudwatch": cloudwatch,
            "datadog": datadog,
            "prometheus": prometheus,
        }
        super().__init__(
            "timescale:index/metricExporter:MetricExporter",
            resource_name,
            _utilities.properties(MetricExporter, MetricExporterArgs, given),
            _utilities.options(opts),
            package_ref=_utilities.get_package(),
        )
