"""A stack's PostgreSQL as a recovery finds it: the simulated APIs over real servers, names in DNS, a backup bucket.

What the commands are told is what an operator would tell them: endpoints and a connection string, in the environment.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from types import TracebackType
from typing import Self

import google_crc32c

from infra.derive.platform import PlatformPlan, derive
from infra.settings.load import from_stack_file
from sandbox.api import Api, ApiServer
from sandbox.api.dns import Dns
from sandbox.api.sqladmin import Databases, SqlAdmin
from sandbox.api.storage import Storage
from sandbox.servers.archive import ArchivedServers
from sandbox.servers.install import install
from sandbox.servers.postgres import PostgresServer
from sandbox.servers.template import SUPERUSER
from sandbox.servers.tier import ROOT
from sandbox.servers.workspace import Workspace

STACK = "dev"


class Estate:
    """A context manager; `variables` are the environment that the commands run in."""

    def __init__(
        self, databases: Databases, stack: str = STACK, polls: int = 2, server: ApiServer | None = None
    ) -> None:
        plan = _plan(stack)
        if plan.postgres is None:
            raise ValueError(f"{stack} has no PostgreSQL")
        self.stack = stack
        self.databases = databases
        self.postgres = plan.postgres
        self.project = f"triptrip-{stack}"
        self.primary = plan.postgres.primary.name
        self.zone = plan.network.dns_zone_name
        self.bucket = f"{self.project}-{plan.names.generation}-backups"
        self.storage, self.dns = Storage(), Dns(polls=1)
        self.sql = SqlAdmin(databases, self._object, polls)
        self.storage.add_bucket(self.bucket)
        self._open = ExitStack()
        services = (self.sql, self.storage, self.dns)
        # A server that runs already is given over to this estate, so that clients built for it can be kept.
        self.server = server or ApiServer(services)
        self._own = server is None
        if server is not None:
            server.api = Api(services)
        self.api = self.server.api

    def __enter__(self) -> Self:
        if self._own:
            self._open.enter_context(self.server)
        self.sql.add(self.project, self.primary)
        self.dns.add_zone(
            self.project,
            self.zone,
            f"{self.stack}.triptrip.internal",
            {
                self.write_name: [self.address(self.primary)],
                self.read_name: [self.address(self.primary)],
                f"redis-write.{self.stack}.triptrip.internal": ["10.21.0.4"],
            },
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def write_name(self) -> str:
        """The name that writers hold."""
        return self.postgres.hosts["write"]

    @property
    def read_name(self) -> str:
        """The name that readers hold."""
        return self.postgres.hosts["read"]

    def address(self, instance: str) -> str:
        """The private address of an instance."""
        return str(self.sql.instances[self.project, instance]["ipAddresses"][0]["ipAddress"])

    def behind(self, name: str) -> list[str]:
        """The addresses that a name stands for."""
        return self.dns.addresses(self.project, self.zone, name)

    def variables(self, way: str = "postgresql://recovery:unused@somewhere/triptrip") -> Mapping[str, str]:
        """The environment of the commands."""
        endpoints = {api: self.server.endpoint(f"{api}.v1") for api in ("sqladmin", "dns", "storage")}
        found = {f"TRIPTRIP_ENDPOINT_{api.upper()}": place for api, place in endpoints.items()}
        return {**found, "TRIPTRIP_RECOVERY_POSTGRES": way}

    def lose_instance(self) -> None:
        """Somebody deletes the primary past every guard: it is in no list any more, its backups and copies stay."""
        del self.sql.instances[self.project, self.primary]
        self.sql.deleted[self.project, self.primary] = datetime.now(UTC)

    def export(self, dump: str, counts: Mapping[str, int], run: str = "20261125T170000Z") -> str:
        """Lay an export with its marker into the bucket, as the nightly workflow does; returns its folder."""
        place = f"postgres/{self.primary}/{run}"
        database = self.postgres.database
        content = gzip.compress(dump.encode())
        listed = "".join(f"{name},{rows}\n" for name, rows in counts.items()).encode()
        self.storage.put(self.bucket, f"{place}/{database}.sql.gz", content)
        self.storage.put(self.bucket, f"{place}/{database}.counts.csv", listed)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = {
            "name": database,
            "object": f"{place}/{database}.sql.gz",
            "bytes": len(content),
            "crc32c": _crc32c(content),
            "counts_object": f"{place}/{database}.counts.csv",
            "counts_crc32c": _crc32c(listed),
        }
        marker = {"instance": self.primary, "run": run, "started_at": now, "finished_at": now, "databases": [row]}
        self.storage.put(self.bucket, f"{place}/success.json", json.dumps(marker).encode())
        return place

    def _object(self, uri: str) -> bytes:
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        return self.storage.content(bucket, name)


class RealEstate(Estate):
    """The same over real servers; `servers` are theirs."""

    def __init__(self, workspace: Workspace, stack: str = STACK) -> None:
        self.servers = ArchivedServers(workspace, install("postgres"))
        super().__init__(self.servers, stack)
        self._workspace = workspace

    def server_of(self, instance: str) -> PostgresServer:
        """The server behind an instance."""
        return self.servers.servers[instance]

    def way(self, instance: str | None = None) -> str:
        """A connection string for an instance: the primary's when none is named."""
        return self.server_of(instance or self.primary).dsn(self.postgres.database)

    def real_variables(self) -> Mapping[str, str]:
        """The environment of the commands, with the servers' port and password."""
        way = f"postgresql://{SUPERUSER}:{self._workspace.password}@unused:{self.servers.port}/postgres"
        return self.variables(way)


@cache
def _plan(stack: str) -> PlatformPlan:
    return derive(from_stack_file(ROOT / f"Pulumi.{stack}.yaml"))


def _crc32c(content: bytes) -> str:
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()
