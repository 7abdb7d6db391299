"""The time series on Timescale Cloud, in AWS: the service, its read replica, its password and what clients are handed.

Nothing here is a resource of Google Cloud but the secrets (COR-11). The vendor has no deletion protection: Pulumi's
protect is the only guard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_random as random
import pulumi_timescale as timescale

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord, counted
from infra.components.secrets import Secrets
from infra.components.timescale_network import attached_vpc, exporters
from infra.derive.timescale import DATABASE, TLS, TimescalePlan

_TIMEOUTS = timescale.ServiceTimeoutsArgs(create="90m")
"""The provider waits 45 minutes by itself, for changes too; the engine's own timeouts do not reach it (ADR 0013)."""

_PASSWORD_LENGTH = 40
"""Letters and digits alone, so that no client's URL needs escaping; about 238 bits."""

Address = tuple[pulumi.Output[str], pulumi.Output[int]]


@dataclass(frozen=True)
class TimescaleArgs:
    """What the store is built from."""

    plan: TimescalePlan
    foundation: Foundation


class Timescale(Component):
    """One service with its read replica; every client gets a URL with the password in a secret of its own (CONN).

    No DNS name of ours stands before it: the server's certificate names the vendor's host, and a client that verifies
    it (verify-full) must hold that very name. After a restore into another service, run `up` and restart the clients.
    """

    service: timescale.Service
    read_replica: timescale.Service | None
    secrets: Secrets

    def __init__(self, name: str, args: TimescaleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._plan = args.plan
        self._base = args.foundation
        self._vpc_id = attached_vpc(self, args.plan)
        self._exporters = exporters(self, args.plan)
        self._password = self._new_password()
        self.service = self._service()
        self.read_replica = self._read_replica()
        self.secrets = self._hand_out()
        self.register_outputs({"host": self.service.hostname})

    @property
    def record(self) -> StoreRecord:
        """The store in the inventory."""
        plan = self._plan
        return StoreRecord(
            store="timescale",
            engine="TimescaleDB on Timescale Cloud",
            version="the vendor's newest at creation",
            size=f"{plan.compute.milli_cpu / 1000:g} CPU, {plan.compute.memory_gb} GB, "
            f"{plan.read_replica.nodes if plan.read_replica else 0} read nodes",
            location=f"{plan.cloud} {plan.region.code} ({plan.region.place}), not Google Cloud",
            high_availability=f"{counted(plan.ha_replicas, 'replica')}, {plan.sync_replicas} synchronous",
            backup="the vendor's own, any minute; how far back is the plan's",
            encryption_key="the vendor's own",
            endpoints={"write": _joined(self.service.hostname, self.service.port)},
            owner=self._base.owner,
        )

    def _new_password(self) -> pulumi.Output[str]:
        password = random.RandomPassword(
            "timescale-password",
            length=_PASSWORD_LENGTH,
            special=False,
            keepers={"version": str(self._plan.password_version)},
            # A new version replaces it; the old one must be allowed to go.
            opts=self.inside(protect=False),
        )
        result: pulumi.Output[str] = password.result
        return result

    def _service(self) -> timescale.Service:
        plan = self._plan
        return timescale.Service(
            "timescale-service",
            name=plan.name,
            region_code=plan.region.code,
            milli_cpu=plan.compute.milli_cpu,
            memory_gb=plan.compute.memory_gb,
            ha_replicas=plan.ha_replicas,
            sync_replicas=plan.sync_replicas,
            connection_pooler_enabled=plan.connection_pooler,
            environment_tag=plan.environment_tag,
            # Never false: the provider refuses to turn it off, and unset leaves it as it is.
            data_tiering_enabled=plan.data_tiering or None,
            paused=False,
            vpc_id=self._vpc_id,
            metric_exporter_id=self._exporters.metric,
            log_exporter_id=self._exporters.log,
            password_wo=self._password,
            # What makes the provider send a new password: it does not compare the value itself.
            password_wo_version=plan.password_version,
            timeouts=_TIMEOUTS,
            opts=self.inside(),
        )

    def _read_replica(self) -> timescale.Service | None:
        plan, replica = self._plan, self._plan.read_replica
        if replica is None:
            return None
        return timescale.Service(
            "timescale-read-replica",
            name=replica.name,
            # Its password follows the source's; high availability is refused on it.
            read_replica_source=self.service.id,
            read_replica_nodes=replica.nodes,
            region_code=plan.region.code,
            milli_cpu=replica.compute.milli_cpu,
            memory_gb=replica.compute.memory_gb,
            connection_pooler_enabled=plan.connection_pooler,
            environment_tag=plan.environment_tag,
            paused=False,
            vpc_id=self._vpc_id,
            metric_exporter_id=self._exporters.metric,
            log_exporter_id=self._exporters.log,
            timeouts=_TIMEOUTS,
            opts=self.inside(),
        )

    def _hand_out(self) -> Secrets:
        keeper, addresses = Secrets(self, self._base), self._addresses()
        for connection in self._plan.connections:
            host, port = addresses[connection.host]
            url = pulumi.Output.all(self.service.username, self._password, host, port).apply(_url)
            keeper.put(connection.key, pulumi.Output.secret(url), connection.client)
        return keeper

    def _addresses(self) -> Mapping[str, Address]:
        """Host and port by what stands there."""
        service = self.service
        found: dict[str, Address] = {
            "service": (service.hostname, service.port),
            "pooler": (service.pooler_hostname, service.pooler_port),
            "standby": (service.replica_hostname, service.replica_port),
        }
        if replica := self.read_replica:
            found["replica"] = (replica.hostname, replica.port)
            found["replica-pooler"] = (replica.pooler_hostname, replica.pooler_port)
        return found


def _url(parts: list[object]) -> str:
    user, password, host, port = parts
    return f"postgresql://{user}:{password}@{host}:{port}/{DATABASE}?{TLS}"


def _joined(host: pulumi.Output[str], port: pulumi.Output[int]) -> pulumi.Output[str]:
    return pulumi.Output.format("{0}:{1}", host, port)
