"""The time series as they will be declared: one service at Timescale Cloud, its read replica, who is handed what."""

from dataclasses import dataclass
from typing import Literal

from infra.catalog import timescale_rows
from infra.catalog.timescale_rows import CloudRegion, Compute
from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.timescale import TimescaleClientSettings, TimescaleSettings
from infra.settings.timescale_parts import LogExporterSettings, MetricExporterSettings, VpcSettings

DATABASE = "tsdb"
"""The one database of a new service (Tiger Data documentation, "Connect to your service"; recalled 2026-11-25)."""

TLS = "sslmode=verify-full&sslrootcert=system"
"""The certificate is signed by a public authority. For the first half hour of a service's life it is self-signed and
refused (Tiger Data documentation, "Connect with a stricter SSL mode")."""

Host = Literal["service", "pooler", "standby", "replica", "replica-pooler"]


@dataclass(frozen=True)
class ReadReplicaPlan:
    """A read replica; without high availability, which the provider refuses on one."""

    name: str
    compute: Compute
    nodes: int


@dataclass(frozen=True)
class ConnectionPlan:
    """A secret: which client it is for, which endpoint it opens, and the host that stands behind it."""

    client: str
    endpoint: str
    host: Host

    @property
    def key(self) -> str:
        """The secret's key."""
        return f"timescale-{self.client}-{self.endpoint}"


@dataclass(frozen=True)
class TimescalePlan:
    """The whole store; `access_key` and `secret_key` are ids of secrets that are made by hand once."""

    project_id: str
    access_key: str
    secret_key: str
    name: str
    cloud: str
    region: CloudRegion
    environment_tag: str
    compute: Compute
    ha_replicas: int
    sync_replicas: int
    connection_pooler: bool
    data_tiering: bool
    password_version: int
    read_replica: ReadReplicaPlan | None
    connections: tuple[ConnectionPlan, ...]
    vpc: VpcSettings | None
    metric_exporter: MetricExporterSettings | None
    log_exporter: LogExporterSettings | None


def timescale_plan(timescale: TimescaleSettings, _: Settings, names: Names) -> TimescalePlan:
    """Work the store out from settings that `infra.derive.checks` has accepted."""
    replica = timescale.read_replica
    return TimescalePlan(
        project_id=timescale.project_id,
        access_key=names.of("timescale", "access-key"),
        secret_key=names.of("timescale", "secret-key"),
        name=names.of("timescale"),
        cloud=timescale.region.partition("/")[0],
        region=timescale_rows.cloud_regions()[timescale.region],
        environment_tag=timescale.environment_tag,
        compute=timescale_rows.computes()[timescale.compute],
        ha_replicas=timescale.ha_replicas,
        sync_replicas=timescale.sync_replicas,
        connection_pooler=timescale.connection_pooler,
        data_tiering=timescale.data_tiering,
        password_version=timescale.password_version,
        read_replica=ReadReplicaPlan(
            names.of("timescale", "read"), timescale_rows.computes()[replica.compute], replica.nodes
        )
        if replica
        else None,
        connections=tuple(
            ConnectionPlan(name, endpoint, _host(timescale, client, endpoint))
            for name, client in sorted(timescale.clients.items())
            for endpoint in sorted(client.endpoints)
        ),
        vpc=timescale.vpc,
        metric_exporter=timescale.metric_exporter,
        log_exporter=timescale.log_exporter,
    )


def _host(timescale: TimescaleSettings, client: TimescaleClientSettings, endpoint: str) -> Host:
    """What stands behind an endpoint: reads go to the read replica, else to a standby, else to the service."""
    if endpoint == "read" and timescale.read_replica:
        return "replica-pooler" if client.pooled else "replica"
    if endpoint == "read" and timescale.ha_replicas:
        return "standby"
    return "pooler" if client.pooled else "service"
