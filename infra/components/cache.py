"""The cache: one engine, two names in front of it, and what its clients are handed (RDS-INST, CONN, COR-18)."""

from dataclasses import dataclass

import pulumi

from infra.components.cache_redis import redis_server
from infra.components.cache_server import CacheServer
from infra.components.cache_valkey import valkey_server
from infra.components.component import Component
from infra.components.dns import address_record
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.components.secrets import Secrets
from infra.derive.cache import CachePlan

_ENGINES = {
    "redis": "Memorystore for Redis, Standard tier",
    "valkey": "Memorystore for Valkey, cluster mode off",
}


@dataclass(frozen=True)
class CacheArgs:
    """What the store is built from."""

    plan: CachePlan
    foundation: Foundation


class Cache(Component):
    """Redis or Valkey behind redis-write and redis-read; the names stay when the engine or the instance changes.

    Clients hold secrets, never an address: the connection (JSON with rediss:// URLs and the pool), the certificate
    authorities, and for Redis the AUTH string.
    """

    secrets: Secrets

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self._server = self._engine()
        for endpoint, host in args.plan.hosts.items():
            address_record(self, self._base, f"cache-name-{endpoint}", host, [self._server.addresses[endpoint]])
        self.secrets = Secrets(self, self._base)
        self._hand_out()
        self.register_outputs({"hosts": dict(args.plan.hosts)})

    @property
    def write_port(self) -> pulumi.Output[str]:
        """The port of the primary, which only the running cache tells."""
        return self._server.ports["write"].apply(_whole)

    @property
    def exporter(self) -> pulumi.Output[str] | None:
        """The IAM member that writes an export of the cache; None where the service makes backups by itself."""
        return self._server.exporter

    @property
    def record(self) -> StoreRecord:
        """The store in the inventory."""
        plan = self._args.plan
        return StoreRecord(
            store="cache",
            engine=_ENGINES[plan.engine],
            version=self._server.version,
            size=self._server.size,
            location=plan.region,
            high_availability="replicas in other zones, automatic failover",
            backup=self._server.backup,
            encryption_key=self._base.encryption.key(plan.engine, plan.region).key_id,
            endpoints={
                endpoint: pulumi.Output.concat(host, ":", self._server.ports[endpoint].apply(_whole))
                for endpoint, host in plan.hosts.items()
            },
            owner=self._base.owner,
        )

    def _engine(self) -> CacheServer:
        plan = self._args.plan
        if plan.redis:
            return redis_server(self, self._base, plan, plan.redis)
        if plan.valkey:
            return valkey_server(self, self._base, plan, plan.valkey)
        raise ValueError("a cache plan has one engine")

    def _hand_out(self) -> None:
        plan, server, keeper = self._args.plan, self._server, self.secrets
        keeper.put("cache-server-ca", server.certificates, *plan.clients, *plan.exporters)
        keeper.put("cache-connection", self._connection(), *plan.clients)
        if server.password is not None:
            keeper.put("cache-auth", server.password, *plan.clients, *plan.exporters)

    def _connection(self) -> pulumi.Output[str]:
        """The connection as JSON; a secret where it holds the password."""
        plan, server = self._args.plan, self._server

        def written(values: dict[str, float | str | None]) -> str:
            password = values.pop("password", None)
            ports = {endpoint: int(port or 0) for endpoint, port in values.items()}
            return plan.connection(ports, None if password is None else str(password))

        known = {**server.ports, **({} if server.password is None else {"password": server.password})}
        return pulumi.Output.all(**known).apply(written)


def _whole(port: float) -> str:
    """A port as text; numbers arrive as floats."""
    return str(int(port))
