"""Blocks inside the resources' inputs."""

import pulumi

from pulumi_timescale import _utilities


@_utilities.input_type
class ServiceTimeoutsArgs:
    """How long to wait for a service, as Go writes durations ("45m"); the engine's custom timeouts do not reach it."""

    create: pulumi.Input[str] | None = pulumi.property("create", default=None)


@_utilities.input_type
class VpcsTimeoutsArgs:
    """How long to wait for a VPC, as Go writes durations ("5m")."""

    create: pulumi.Input[str] | None = pulumi.property("create", default=None)


@_utilities.input_type
class MetricExporterCloudwatchArgs:
    """AWS CloudWatch: by a role to assume, or by an access key with its secret."""

    log_group_name: pulumi.Input[str] = pulumi.property("logGroupName")
    log_stream_name: pulumi.Input[str] = pulumi.property("logStreamName")
    namespace: pulumi.Input[str] = pulumi.property("namespace")
    region: pulumi.Input[str] = pulumi.property("region")
    access_key: pulumi.Input[str] | None = pulumi.property("accessKey", default=None)
    role_arn: pulumi.Input[str] | None = pulumi.property("roleArn", default=None)
    secret_key: pulumi.Input[str] | None = pulumi.property("secretKey", default=None)


@_utilities.input_type
class MetricExporterDatadogArgs:
    """Datadog."""

    api_key: pulumi.Input[str] = pulumi.property("apiKey")
    site: pulumi.Input[str] = pulumi.property("site")


@_utilities.input_type
class MetricExporterPrometheusArgs:
    """Prometheus with basic authentication."""

    password: pulumi.Input[str] = pulumi.property("password")
    username: pulumi.Input[str] = pulumi.property("username")


@_utilities.input_type
class LogExporterCloudwatchArgs:
    """AWS CloudWatch: by a role to assume, or by an access key with its secret."""

    log_group_name: pulumi.Input[str] = pulumi.property("logGroupName")
    log_stream_name: pulumi.Input[str] = pulumi.property("logStreamName")
    region: pulumi.Input[str] = pulumi.property("region")
    access_key: pulumi.Input[str] | None = pulumi.property("accessKey", default=None)
    role_arn: pulumi.Input[str] | None = pulumi.property("roleArn", default=None)
    secret_key: pulumi.Input[str] | None = pulumi.property("secretKey", default=None)
