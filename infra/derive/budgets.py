"""Budgets an instance must fit in: memory (COR-04) and connections (COR-16).

An instance that runs out of memory because of work_mem × connections is outside Google's SLA
(cloud.google.com/sql/docs/postgres/operational-guidelines), so the sums are made before anything is built.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.derive import flags, pgbouncer
from infra.derive.flags import FlagValue
from infra.derive.pooler_files import read_services
from infra.derive.tiers import Tier
from infra.settings.postgres import PostgresSettings
from infra.settings.postgres_pooler import PoolerSettings

WORK_MEMORY_FACTOR = 2
"""A hash node may take hash_mem_multiplier (2.0 since PostgreSQL 15) × work_mem; one such node a connection."""

CONNECTION_OVERHEAD_MIB = 5
"""Private memory of an idle backend with warm caches, in MiB; an estimate, to be replaced by a measurement."""

AUTOVACUUM_WORKERS = 3
"""PostgreSQL's autovacuum_max_workers; each may take autovacuum_work_mem, or maintenance_work_mem when unset."""

RESERVED_CONNECTIONS = 10
"""Kept free: 3 for superusers (PostgreSQL's default), 7 for Cloud SQL's own agents and an operator on call."""

POOLER_CLIENT_KIB = 32
"""Memory of PgBouncer for a client with TLS, in KiB; measured by `make bench ARGS=pooler` and rounded up."""

POOLER_SYSTEM_MIB = 1024
"""What a pooler machine needs beside its clients: the system, its containers and the read router; an estimate."""

_ROUTER_CONNECTIONS = 1
"""The read router keeps one connection to each server."""

_DEFAULTS: Mapping[str, FlagValue] = {
    "maintenance_work_mem": "64 MB",
    "max_connections": 100,
    "shared_buffers": "33 % of RAM",
    "work_mem": "4 MB",
}
"""In force when a flag is not set (cloud.google.com/sql/docs/postgres/manage-memory-usage-best-practices)."""


@dataclass(frozen=True)
class MemoryBudget:
    """Memory an instance may be asked for, against what it has; MiB."""

    shared_buffers: int
    connections: int
    per_connection: int
    maintenance: int
    available: int

    @property
    def needed(self) -> int:
        """MiB needed when every connection works at once."""
        return self.shared_buffers + self.connections * self.per_connection + self.maintenance

    def __str__(self) -> str:
        return (
            f"shared_buffers {self.shared_buffers} MB + {self.connections} connections × {self.per_connection} MB "
            f"+ autovacuum {self.maintenance} MB = {self.needed} MB of {self.available} MB RAM"
        )


@dataclass(frozen=True)
class ConnectionBudget:
    """Connections an instance may be asked for, against what it offers."""

    pooled: int
    direct: int
    reserved: int
    maximum: int
    sums: str

    @property
    def needed(self) -> int:
        """Connections needed when every pool is full."""
        return self.pooled + self.direct + self.reserved

    def __str__(self) -> str:
        return (
            f"pools ({self.sums}) = {self.pooled} + direct {self.direct} + reserved {self.reserved} "
            f"= {self.needed} of max_connections {self.maximum}"
        )


@dataclass(frozen=True)
class PoolerMemory:
    """Memory a pooler machine may be asked for, against what it has; MiB."""

    clients: int
    available: int
    exporters: int = 0

    @property
    def needed(self) -> int:
        """MiB needed when both processes are full of clients."""
        return 2 * self.clients * POOLER_CLIENT_KIB // 1024 + POOLER_SYSTEM_MIB + self.exporters

    def __str__(self) -> str:
        return (
            f"2 processes × {self.clients} clients × {POOLER_CLIENT_KIB} KiB + system {POOLER_SYSTEM_MIB} MiB "
            + (f"+ exporters {self.exporters} MiB " if self.exporters else "")
            + f"= {self.needed} MiB of {self.available} MiB RAM"
        )


def pooler_memory(pooler: PoolerSettings, available: int, exporters: int = 0) -> PoolerMemory:
    """The memory budget of a pooler machine with so many MiB, and exporters that may take so many of them."""
    return PoolerMemory(pooler.max_client_connections, available, exporters)


def memory_budget(wanted: Mapping[str, FlagValue], version: int, tier: Tier) -> MemoryBudget:
    """The memory budget of an instance with these flags; raises FlagError where a flag cannot be set."""

    def mib(name: str) -> int:
        flag = flags.find(name, version)
        value = wanted.get(name, _DEFAULTS.get(name, -1))
        return flags.memory_bytes(flag, flags.render(flag, value, tier)) // 1024 // 1024

    return MemoryBudget(
        shared_buffers=mib("shared_buffers"),
        connections=max_connections(wanted, version, tier),
        per_connection=mib("work_mem") * WORK_MEMORY_FACTOR + CONNECTION_OVERHEAD_MIB,
        maintenance=AUTOVACUUM_WORKERS * (mib("autovacuum_work_mem") or mib("maintenance_work_mem")),
        available=tier.memory_mib,
    )


def reports_memory(postgres: PostgresSettings, wanted: Mapping[str, FlagValue], tier: Tier) -> int:
    """MiB that the connections of users with role report may take beyond everybody's work_mem (COR-04)."""
    flag = flags.find("work_mem", postgres.version)
    value = wanted.get("work_mem", _DEFAULTS["work_mem"])
    everybody = flags.memory_bytes(flag, flags.render(flag, value, tier)) // 1024 // 1024
    connections = sum(user.connections for user in postgres.users.values() if user.role == "report")
    return connections * WORK_MEMORY_FACTOR * max(0, postgres.report_work_memory.mib - everybody)


def max_connections(wanted: Mapping[str, FlagValue], version: int, tier: Tier) -> int:
    """The instance's max_connections; raises FlagError where the flag cannot be set."""
    flag = flags.find("max_connections", version)
    return int(flags.render(flag, wanted.get("max_connections", _DEFAULTS["max_connections"]), tier))


def connection_budget(
    postgres: PostgresSettings, *, is_primary: bool, maximum: int, exporters: int = 0
) -> ConnectionBudget:
    """The connection budget of the primary, or of one replica; `exporters` are the connections of a machine's.

    Pools multiply by pooler instance and by user (COR-16). Each replica must hold the whole read pool, since it may be
    the last one left; the primary holds the write pool, and what reads may take of it while no replica is left
    (PG-POOL, PG-ROUTE): the cap of PgBouncer's fall-back, or a pool of Cloud SQL's own that knows no such cap.
    """
    pooler, users = postgres.pooler, postgres.users.values()
    direct = sum(
        user.connections
        for user in users
        if (pooler.kind == "none" or not user.pooled) and (is_primary or "read" in user.endpoints)
    )
    terms = _pools(postgres, is_primary=is_primary)
    if exporters and pooler.kind == "pgbouncer":
        terms.append(_Pools("exporters", pooler.instances, 1, exporters))
    return ConnectionBudget(
        pooled=sum(term.connections for term in terms),
        direct=direct,
        reserved=RESERVED_CONNECTIONS,
        maximum=maximum,
        sums=" + ".join(map(str, terms)) or "none",
    )


@dataclass(frozen=True)
class _Pools:
    """Pools of one kind on a server: poolers × pools × connections of each."""

    what: str
    poolers: int
    pools: int
    size: int

    @property
    def connections(self) -> int:
        return self.poolers * self.pools * self.size

    def __str__(self) -> str:
        return f"{self.what} {self.poolers} × {self.pools} × {self.size}"


def _pools(postgres: PostgresSettings, *, is_primary: bool) -> list[_Pools]:
    """The pools on the primary, or on one replica.

    Beside PgBouncer's pools each of its processes looks up who signs in, and the read router asks each server for its
    position.
    """
    pooler, readers = postgres.pooler, _pooled(postgres, "read")
    copies = pooler.instances
    if pooler.kind == "none":
        return []
    if pooler.kind == "managed":
        endpoints = ("write", "read") if is_primary else ("read",)
        return [_Pools(each, 1, _pooled(postgres, each), pooler.pool) for each in endpoints]
    if not is_primary:
        return [
            _Pools("read", copies, readers, pooler.pool),
            _Pools("own", copies, 1, pgbouncer.SIGN_IN_CONNECTIONS + _ROUTER_CONNECTIONS),
        ]
    services = len(read_services(pooler, postgres.database))
    return [
        _Pools("write", copies, _pooled(postgres, "write"), pooler.pool),
        _Pools("fall-back of reads", copies, readers * services, pooler.reads.fallback_pool_size),
        _Pools("own", copies, 1, 2 * pgbouncer.SIGN_IN_CONNECTIONS + _ROUTER_CONNECTIONS),
    ]


def _pooled(postgres: PostgresSettings, endpoint: str) -> int:
    return sum(endpoint in user.endpoints for user in postgres.users.values() if user.pooled)
