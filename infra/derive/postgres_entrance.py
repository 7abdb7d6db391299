"""By which names and ports programs reach PostgreSQL: through a pool, and without one (CONN, PG-POOL, PG-ROUTE)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from infra.derive import pooler
from infra.derive import postgres_ports as ports
from infra.derive.pooler_files import read_services
from infra.settings.postgres import PostgresSettings, UserSettings

CERTIFICATE_PATH = "/etc/triptrip/postgres-ca.pem"
"""Where applications mount the secret that holds the servers' certificate authorities."""

RELAXED = "read-relaxed"
"""The purpose of the read pool that accepts older data."""


@dataclass(frozen=True)
class Door:
    """A way in: where a program connects, and by which authority it knows who answers (COR-18)."""

    host: str
    port: int
    database: str
    verification: str
    certificate_authority: str

    def connection_string(self, user: str, password: str = "") -> str:
        """What the application is handed (CONN); without a password it signs in with an IAM token."""
        signing = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        tls = f"sslmode={self.verification}&sslrootcert={quote(self.certificate_authority, safe='')}"
        return f"postgresql://{signing}@{self.host}:{self.port}/{self.database}?{tls}"


@dataclass(frozen=True)
class Entrance:
    """The names of a tier; `replicas` are those of the primary's region.

    With PgBouncer before the instances pg-write and pg-read are its machines, and every instance has a name of its own:
    for PgBouncer, and for programs that hold connections of their own.
    """

    postgres: PostgresSettings
    domain: str
    replicas: tuple[str, ...]

    @property
    def hosts(self) -> Mapping[str, str]:
        """What clients hold."""
        return {endpoint: self._name(endpoint) for endpoint in ("write", "read")}

    @property
    def endpoints(self) -> Mapping[str, str]:
        """The same with the port behind it."""
        own = {"write": ports.WRITES, "read": ports.READS} if self._has_machines else {}
        return {endpoint: f"{host}:{own.get(endpoint, ports.SERVER)}" for endpoint, host in self.hosts.items()}

    @property
    def servers(self) -> Mapping[str, str]:
        """The instances' own names by key; empty when clients reach them by the names that they hold."""
        if not self._has_machines:
            return {}
        return {"primary": self._name("primary"), **{key: self._name("replica", key) for key in self.replicas}}

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Names beside these, with the instances that they stand for: each one's own, and all that serve reads."""
        if not self._has_machines:
            return {}
        readers = self.replicas or ("primary",)
        return {host: (key,) for key, host in self.servers.items()} | {self._name("replicas"): readers}

    def doors(self, user: UserSettings) -> Mapping[str, Door]:
        """A user's ways in, by purpose: read and write, and the relaxed reads where they exist."""
        return {purpose: door for endpoint in user.endpoints for purpose, door in self._doors(user, endpoint).items()}

    def _doors(self, user: UserSettings, endpoint: str) -> Mapping[str, Door]:
        database = self.postgres.database
        if not self._has_machines:
            port = ports.MANAGED_POOL if user.pooled else ports.SERVER
            return {endpoint: self._instances(self._name(endpoint), port)}
        if not user.pooled:
            return {
                endpoint: self._instances(self._name("primary" if endpoint == "write" else "replicas"), ports.SERVER)
            }
        if endpoint == "write":
            return {"write": self._pool("write", ports.WRITES, database)}
        services = read_services(self.postgres.pooler, database)
        purposes = zip(("read", RELAXED), services, strict=True)
        return {purpose: self._pool("read", ports.READS, service) for purpose, service in purposes}

    @property
    def _has_machines(self) -> bool:
        return self.postgres.pooler.kind == "pgbouncer"

    def _instances(self, host: str, port: int) -> Door:
        # Each instance has an authority of its own and a certificate without our names in it.
        return Door(host, port, self.postgres.database, "verify-ca", CERTIFICATE_PATH)

    def _pool(self, endpoint: str, port: int, database: str) -> Door:
        return Door(self._name(endpoint), port, database, "verify-full", pooler.CERTIFICATE_PATH)

    def _name(self, *parts: str) -> str:
        return f"{'-'.join(('pg', *parts))}.{self.domain}"
