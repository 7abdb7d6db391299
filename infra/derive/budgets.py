"""Budgets an instance must fit in: memory (COR-04) and connections (COR-16).

An instance that runs out of memory because of work_mem × connections is outside Google's SLA
(cloud.google.com/sql/docs/postgres/operational-guidelines), so the sums are made before anything is built.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.derive import flags
from infra.derive.flags import FlagValue
from infra.derive.tiers import Tier
from infra.settings.postgres import PostgresSettings

WORK_MEMORY_FACTOR = 2
"""A hash node may take hash_mem_multiplier (2.0 since PostgreSQL 15) × work_mem; one such node a connection."""

CONNECTION_OVERHEAD_MIB = 5
"""Private memory of an idle backend with warm caches, in MiB; an estimate, to be replaced by a measurement."""

AUTOVACUUM_WORKERS = 3
"""PostgreSQL's autovacuum_max_workers; each may take autovacuum_work_mem, or maintenance_work_mem when unset."""

RESERVED_CONNECTIONS = 10
"""Kept free: 3 for superusers (PostgreSQL's default), 7 for Cloud SQL's own agents and an operator on call."""

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
            f"pools {self.sums} = {self.pooled} + direct {self.direct} + reserved {self.reserved} "
            f"= {self.needed} of max_connections {self.maximum}"
        )


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


def max_connections(wanted: Mapping[str, FlagValue], version: int, tier: Tier) -> int:
    """The instance's max_connections; raises FlagError where the flag cannot be set."""
    flag = flags.find("max_connections", version)
    return int(flags.render(flag, wanted.get("max_connections", _DEFAULTS["max_connections"]), tier))


def connection_budget(postgres: PostgresSettings, *, is_primary: bool, maximum: int) -> ConnectionBudget:
    """The connection budget of the primary, or of one replica.

    Pools multiply by pooler instance and by user (COR-16). Each replica must hold the whole read pool, since it may
    be the last one left, and the primary both pools, since reads fall back to it (PG-POOL, PG-ROUTE).
    """
    pooler, users = postgres.pooler, postgres.users.values()
    endpoints = ("write", "read") if is_primary else ("read",)
    pooled_users = (
        0
        if pooler.kind == "none"
        else sum(endpoint in user.endpoints for user in users if user.pooled for endpoint in endpoints)
    )
    copies = pooler.instances if pooler.kind == "pgbouncer" else 1
    size = pooler.default_pool_size + pooler.reserve_pool_size
    direct = sum(
        user.connections
        for user in users
        if (pooler.kind == "none" or not user.pooled) and (is_primary or "read" in user.endpoints)
    )
    return ConnectionBudget(
        pooled=copies * pooled_users * size,
        direct=direct,
        reserved=RESERVED_CONNECTIONS,
        maximum=maximum,
        sums=f"{copies} × {pooled_users} × ({pooler.default_pool_size} + {pooler.reserve_pool_size})",
    )
