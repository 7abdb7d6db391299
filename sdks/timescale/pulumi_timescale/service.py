"""A database service (timescale_service)."""

import pulumi

from pulumi_timescale import _utilities
from pulumi_timescale._inputs import ServiceTimeoutsArgs


@_utilities.input_type
class ServiceArgs:
    """The inputs of a service; those that the provider has deprecated are left out."""

    connection_pooler_enabled: pulumi.Input[bool] | None = pulumi.property("connectionPoolerEnabled", default=None)
    data_tiering_enabled: pulumi.Input[bool] | None = pulumi.property("dataTieringEnabled", default=None)
    environment_tag: pulumi.Input[str] | None = pulumi.property("environmentTag", default=None)
    ha_replicas: pulumi.Input[int] | None = pulumi.property("haReplicas", default=None)
    log_exporter_id: pulumi.Input[str] | None = pulumi.property("logExporterId", default=None)
    memory_gb: pulumi.Input[int] | None = pulumi.property("memoryGb", default=None)
    metric_exporter_id: pulumi.Input[str] | None = pulumi.property("metricExporterId", default=None)
    milli_cpu: pulumi.Input[int] | None = pulumi.property("milliCpu", default=None)
    name: pulumi.Input[str] | None = pulumi.property("name", default=None)
    password: pulumi.Input[str] | None = pulumi.property("password", default=None)
    password_wo: pulumi.Input[str] | None = pulumi.property("passwordWo", default=None)
    password_wo_version: pulumi.Input[int] | None = pulumi.property("passwordWoVersion", default=None)
    paused: pulumi.Input[bool] | None = pulumi.property("paused", default=None)
    read_replica_nodes: pulumi.Input[int] | None = pulumi.property("readReplicaNodes", default=None)
    read_replica_source: pulumi.Input[str] | None = pulumi.property("readReplicaSource", default=None)
    region_code: pulumi.Input[str] | None = pulumi.property("regionCode", default=None)
    sync_replicas: pulumi.Input[int] | None = pulumi.property("syncReplicas", default=None)
    timeouts: pulumi.Input[ServiceTimeoutsArgs] | None = pulumi.property("timeouts", default=None)
    vpc_id: pulumi.Input[int] | None = pulumi.property("vpcId", default=None)


@_utilities.input_type
class _ServiceState:
    """Everything a service's state can hold."""

    connection_pooler_enabled: pulumi.Input[bool] | None = pulumi.property("connectionPoolerEnabled", default=None)
    data_tiering_enabled: pulumi.Input[bool] | None = pulumi.property("dataTieringEnabled", default=None)
    environment_tag: pulumi.Input[str] | None = pulumi.property("environmentTag", default=None)
    ha_replicas: pulumi.Input[int] | None = pulumi.property("haReplicas", default=None)
    hostname: pulumi.Input[str] | None = pulumi.property("hostname", default=None)
    log_exporter_id: pulumi.Input[str] | None = pulumi.property("logExporterId", default=None)
    memory_gb: pulumi.Input[int] | None = pulumi.property("memoryGb", default=None)
    metric_exporter_id: pulumi.Input[str] | None = pulumi.property("metricExporterId", default=None)
    milli_cpu: pulumi.Input[int] | None = pulumi.property("milliCpu", default=None)
    name: pulumi.Input[str] | None = pulumi.property("name", default=None)
    password: pulumi.Input[str] | None = pulumi.property("password", default=None)
    password_wo: pulumi.Input[str] | None = pulumi.property("passwordWo", default=None)
    password_wo_version: pulumi.Input[int] | None = pulumi.property("passwordWoVersion", default=None)
    paused: pulumi.Input[bool] | None = pulumi.property("paused", default=None)
    pooler_hostname: pulumi.Input[str] | None = pulumi.property("poolerHostname", default=None)
    pooler_port: pulumi.Input[int] | None = pulumi.property("poolerPort", default=None)
    port: pulumi.Input[int] | None = pulumi.property("port", default=None)
    read_replica_nodes: pulumi.Input[int] | None = pulumi.property("readReplicaNodes", default=None)
    read_replica_source: pulumi.Input[str] | None = pulumi.property("readReplicaSource", default=None)
    region_code: pulumi.Input[str] | None = pulumi.property("regionCode", default=None)
    replica_hostname: pulumi.Input[str] | None = pulumi.property("replicaHostname", default=None)
    replica_port: pulumi.Input[int] | None = pulumi.property("replicaPort", default=None)
    sync_replicas: pulumi.Input[int] | None = pulumi.property("syncReplicas", default=None)
    timeouts: pulumi.Input[ServiceTimeoutsArgs] | None = pulumi.property("timeouts", default=None)
    username: pulumi.Input[str] | None = pulumi.property("username", default=None)
    vpc_id: pulumi.Input[int] | None = pulumi.property("vpcId", default=None)


@pulumi.type_token("timescale:index/service:Service")
class Service(pulumi.CustomResource):
    """A TimescaleDB service, or a set of read replicas of one (`read_replica_source`)."""

    connection_pooler_enabled: pulumi.Output[bool] = pulumi.property("connectionPoolerEnabled")
    data_tiering_enabled: pulumi.Output[bool] = pulumi.property("dataTieringEnabled")
    environment_tag: pulumi.Output[str] = pulumi.property("environmentTag")
    ha_replicas: pulumi.Output[int] = pulumi.property("haReplicas")
    hostname: pulumi.Output[str]
    log_exporter_id: pulumi.Output[str | None] = pulumi.property("logExporterId")
    memory_gb: pulumi.Output[int] = pulumi.property("memoryGb")
    metric_exporter_id: pulumi.Output[str | None] = pulumi.property("metricExporterId")
    milli_cpu: pulumi.Output[int] = pulumi.property("milliCpu")
    name: pulumi.Output[str]
    password: pulumi.Output[str]
    password_wo: pulumi.Output[str | None] = pulumi.property("passwordWo")
    password_wo_version: pulumi.Output[int | None] = pulumi.property("passwordWoVersion")
    paused: pulumi.Output[bool]
    pooler_hostname: pulumi.Output[str] = pulumi.property("poolerHostname")
    pooler_port: pulumi.Output[int] = pulumi.property("poolerPort")
    port: pulumi.Output[int]
    read_replica_nodes: pulumi.Output[int] = pulumi.property("readReplicaNodes")
    read_replica_source: pulumi.Output[str | None] = pulumi.property("readReplicaSource")
    region_code: pulumi.Output[str] = pulumi.property("regionCode")
    replica_hostname: pulumi.Output[str] = pulumi.property("replicaHostname")
    replica_port: pulumi.Output[int] = pulumi.property("replicaPort")
    sync_replicas: pulumi.Output[int] = pulumi.property("syncReplicas")
    username: pulumi.Output[str]
    vpc_id: pulumi.Output[int | None] = pulumi.property("vpcId")

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        connection_pooler_enabled: pulumi.Input[bool] | None = None,
        data_tiering_enabled: pulumi.Input[bool] | None = None,
        environment_tag: pulumi.Input[str] | None = None,
        ha_replicas: pulumi.Input[int] | None = None,
        log_exporter_id: pulumi.Input[str] | None = None,
        memory_gb: pulumi.Input[int] | None = None,
        metric_exporter_id: pulumi.Input[str] | None = None,
        milli_cpu: pulumi.Input[int] | None = None,
        name: pulumi.Input[str] | None = None,
        password: pulumi.Input[str] | None = None,
        password_wo: pulumi.Input[str] | None = None,
        password_wo_version: pulumi.Input[int] | None = None,
        paused: pulumi.Input[bool] | None = None,
        read_replica_nodes: pulumi.Input[int] | None = None,
        read_replica_source: pulumi.Input[str] | None = None,
        region_code: pulumi.Input[str] | None = None,
        sync_replicas: pulumi.Input[int] | None = None,
        timeouts: pulumi.InputType[ServiceTimeoutsArgs] | None = None,
        vpc_id: pulumi.Input[int] | None = None,
    ) -> None:
        given = {
            "connection_pooler_enabled": connection_pooler_enabled,
            "data_tiering_enabled": data_tiering_enabled,
            "environment_tag": environment_tag,
            "ha_replicas": ha_replicas,
            "log_exporter_id": log_exporter_id,
            "memory_gb": memory_gb,
            "metric_exporter_id": metric_exporter_id,
            "milli_cpu": milli_cpu,
            "name": name,
            "password": _utilities.secret(password),
            "password_wo": _utilities.secret(password_wo),
            "password_wo_version": password_wo_version,
            "paused": paused,
            "read_replica_nodes": read_replica_nodes,
            "read_replica_source": read_replica_source,
            "region_code": region_code,
            "sync_replicas": sync_replicas,
            "timeouts": timeouts,
            "vpc_id": vpc_id,
        }
        super().__init__(
            "timescale:index/service:Service",
            resource_name,
            _utilities.properties(Service, ServiceArgs, given),
            _utilities.options(opts, ["password", "passwordWo"]),
            package_ref=_utilities.get_package(),
        )
