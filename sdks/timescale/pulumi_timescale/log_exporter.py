"""An exporter of logs (timescale_log_exporter)."""

import pulumi

from pulumi_timescale import _utilities
from pulumi_timescale._inputs import LogExporterCloudwatchArgs


@_utilities.input_type
class LogExporterArgs:
    """The inputs of an exporter: a name, a region, and a destination, which the provider asks for at creation."""

    name: pulumi.Input[str] = pulumi.property("name")
    region: pulumi.Input[str] = pulumi.property("region")
    cloudwatch: pulumi.Input[LogExporterCloudwatchArgs] | None = pulumi.property("cloudwatch", default=None)


@_utilities.input_type
class _LogExporterState:
    """Everything an exporter's state can hold."""

    cloudwatch: pulumi.Input[LogExporterCloudwatchArgs] | None = pulumi.property("cloudwatch", default=None)
    created: pulumi.Input[str] | None = pulumi.property("created", default=None)
    name: pulumi.Input[str] | None = pulumi.property("name", default=None)
    region: pulumi.Input[str] | None = pulumi.property("region", default=None)
    type: pulumi.Input[str] | None = pulumi.property("type", default=None)


@pulumi.type_token("timescale:index/logExporter:LogExporter")
class LogExporter(pulumi.CustomResource):
    """Sends the logs of the services it is attached to, all of its own region."""

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
        cloudwatch: pulumi.InputType[LogExporterCloudwatchArgs] | None = None,
    ) -> None:
        given = {"name": name, "region": region, "cloudwatch": cloudwatch}
        super().__init__(
            "timescale:index/logExporter:LogExporter",
            resource_name,
            _utilities.properties(LogExporter, LogExporterArgs, given),
            _utilities.options(opts),
            package_ref=_utilities.get_package(),
        )
