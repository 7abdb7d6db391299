"""Timescale Cloud in AWS Tokyo: the time series (TS-SVC, COR-11)."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Switch, Text, Whole
from infra.settings.forms import ClientName
from infra.settings.model import SettingsModel, StoreSettings, refuse_all
from infra.settings.timescale_checks import contradictions
from infra.settings.timescale_parts import (
    Compute,
    LogExporterSettings,
    MetricExporterSettings,
    VpcSettings,
)


class TimescaleReplicaSettings(SettingsModel):
    """A read replica: a service of its own that follows the first, in the same region, with the same password."""

    compute: Compute = Field(
        description="Processor and memory of each node; the vendor's default would be 0.5 CPU whatever the source has."
    )
    nodes: Annotated[int, Whole(1, 10)] = Field(default=1, description="Nodes that share the reads.")


class TimescaleClientSettings(SettingsModel):
    """A program that is handed the connection. The vendor's API knows one user, tsdbadmin, and no other."""

    endpoints: Annotated[list[Literal["write", "read"]], Field(min_length=1, max_length=2)] = Field(
        description="Which connections it is handed: write (the service), read (the read replica, else a "
        "high-availability replica, else the service)."
    )
    pooled: Annotated[bool, Switch()] = Field(
        default=False, description="Whether it connects through the pooler, in transaction mode."
    )


class TimescaleSettings(StoreSettings):
    """Timescale Cloud: another cloud than Google's, 1 to 10 ms away, with egress charged on both sides (COR-11)."""

    project_id: Annotated[
        str, Text(r"[a-z0-9]{10}", "the ten lower-case letters and digits the console shows", "abcdef0123")
    ] = Field(
        description="The project at the vendor (its console, project settings). The client credentials for it are made "
        "there by hand and kept in Secret Manager as <prefix>-timescale-access-key and -secret-key."
    )
    region: Annotated[str, Text(r"(?:aws|azure)/[a-z]+(?:-?[a-z0-9]+)*", "<cloud>/<region>", "aws/ap-northeast-1")] = (
        Field(
            description="Where the service runs, cloud named first: never Google Cloud (COR-11). Another region "
            "replaces the service, data and all. Names: infra/catalog/timescale.yaml."
        )
    )
    environment_tag: Literal["PROD", "DEV"] = Field(description="The vendor's own tag of the service; PROD in prod.")
    compute: Compute = Field(
        description="Processor and memory (TS-SVC). A change restarts the service; storage is charged as used."
    )
    ha_replicas: Annotated[int, Whole(0, 2)] = Field(
        default=0, description="Replicas that take over by themselves: 0, 1 or 2, in other zones."
    )
    sync_replicas: Annotated[int, Whole(0, 1)] = Field(
        default=0,
        description="How many of them confirm every commit; 1 needs haReplicas: 2, so that one may be lost.",
    )
    connection_pooler: Annotated[bool, Switch()] = Field(
        default=False, description="A pooler in front of the service, and of the read replica."
    )
    data_tiering: Annotated[bool, Switch()] = Field(
        default=False,
        description="Old chunks on the vendor's object storage (its plans Scale and Enterprise). Once on, nobody but "
        "the vendor's support can turn it off.",
    )
    password_version: Annotated[int, Whole(1, 1_000_000)] = Field(
        default=1, description="Raise it by one to give tsdbadmin a new password and every client a new secret."
    )
    read_replica: TimescaleReplicaSettings | None = Field(default=None, description="A read replica; absent: none.")
    clients: dict[ClientName, TimescaleClientSettings] = Field(
        description="The programs that are handed the connection, each in secrets of its own (CONN). All of them sign "
        "in as tsdbadmin, the one user that the service has: name no more than need it.",
    )
    vpc: VpcSettings | None = Field(
        default=None,
        description="A VPC at the vendor that alone reaches the service. Absent: the service has a public name, "
        "protected by TLS and the password.",
    )
    metric_exporter: MetricExporterSettings | None = Field(
        default=None, description="Metrics to AWS CloudWatch. Datadog and Prometheus need a secret and are not offered."
    )
    log_exporter: LogExporterSettings | None = Field(
        default=None, description="Logs to AWS CloudWatch; attaching it needs a restart of the service."
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        replica = f"{self.read_replica.nodes} read node(s)" if self.read_replica else "no read replica"
        return (
            f"TimescaleDB on Timescale Cloud in {self.region} (not Google Cloud), {self.compute}, "
            f"{self.ha_replicas} high-availability replica(s), {replica}, "
            f"pooler {'on' if self.connection_pooler else 'off'}, "
            f"{'reached through its VPC' if self.vpc else 'public name with TLS'}, {len(self.clients)} client(s)"
        )

    @property
    def client_paths(self) -> Mapping[str, str]:
        """Every program that is handed the connection."""
        return {name: f"clients.{name}" for name in self.clients}

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(contradictions(self)))
        return self
