"""What only one engine of the cache has, its clients' pool, and what it is measured against."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.settings.constraints import Between, Switch, Whole
from infra.settings.forms import Zone
from infra.settings.model import SettingsModel
from infra.settings.scalar import refusal
from infra.settings.times import whole_utc_hour
from infra.settings.units import Duration, LocalTime, Share, Size

SNAPSHOT_HOURS = (1, 6, 12, 24)
"""Periods between RDB snapshots that Memorystore offers (Redis API, PersistenceConfig.rdbSnapshotPeriod)."""


def _snapshot_period(every: Duration) -> Duration:
    if every not in {Duration.parse(f"{hours} hours") for hours in SNAPSHOT_HOURS}:
        raise refusal("1, 6, 12 or 24 hours, the periods that Memorystore for Redis offers", "write 1 hour")
    return every


class SnapshotSettings(SettingsModel):
    """RDB snapshots: Memorystore for Redis keeps the last one only, to recover a node, and has no AOF (COR-07)."""

    every: Annotated[Duration, AfterValidator(_snapshot_period)] = Field(
        description="Time between two snapshots (RDS-BACKUP): 1, 6, 12 or 24 hours; what is lost at worst."
    )
    start: LocalTime = Field(
        description="Time of day that the snapshots are aligned to (RDS-BACKUP). Rendered to UTC (COR-05)."
    )


class RedisSettings(SettingsModel):
    """What only Memorystore for Redis, Standard tier, has. The tier is never BASIC: that one has no standby."""

    version: Literal["REDIS_7_0", "REDIS_7_2"] = Field(
        default="REDIS_7_2",
        description="Redis version (RDS-INST). Raised in place; a lower one would replace the instance.",
    )
    zone: Zone = Field(description="Zone of the first node. A change would replace the instance.")
    alternative_zone: Zone = Field(
        description="Zone of the second node, another one; Google places further nodes. A change would replace the "
        "instance."
    )
    usable: Annotated[Size, Between("1 GB", "299 GB", "1 GB")] = Field(
        examples=["28 GB"],
        description="Memory for data (maxmemory-gb), below cache.size: what is left over carries snapshots, failovers "
        "and resizing; Google advises to act at 80 % of the system's memory (TRIG).",
    )
    read_endpoint: Annotated[bool, Switch()] = Field(
        default=True,
        description="Whether the replicas answer reads behind an address of their own (RDS-INST): from 5 GB on. Once "
        "on it can never be off again, and switching it on later needs a further address range: decide at creation. "
        "false: one replica, the standby alone, and reads go to the primary.",
    )
    snapshots: SnapshotSettings = Field(description="RDB snapshots (RDS-BACKUP, COR-07).")


class ValkeyBackupSettings(SettingsModel):
    """Automated backups: one a day, kept beside the instance."""

    time: Annotated[LocalTime, AfterValidator(whole_utc_hour)] = Field(
        description="When the daily backup starts, a full hour in UTC (RDS-BACKUP). Rendered to UTC (COR-05)."
    )
    retained: Annotated[Duration, Between("1 day", "365 days", "1 day")] = Field(
        description="How long a backup is kept (RDS-BACKUP)."
    )


class ValkeySettings(SettingsModel):
    """What only Memorystore for Valkey has: the engine that gives an append-only file and backups (COR-07)."""

    version: Literal["VALKEY_7_2", "VALKEY_8_0", "VALKEY_9_0"] = Field(
        default="VALKEY_8_0", description="Valkey version; raised in place, never lowered."
    )
    append_sync: Literal["EVERY_SEC", "ALWAYS", "NEVER"] = Field(
        default="EVERY_SEC",
        description="When the append-only file reaches the disk: EVERY_SEC loses a second at worst (RDS-BACKUP).",
    )
    backup: ValkeyBackupSettings = Field(description="Automated backups (RDS-BACKUP).")


class CachePoolSettings(SettingsModel):
    """The connection pool of a client (RDS-POOL); handed to it with the connection, since the server has none."""

    min_idle: Annotated[int, Whole(0, 10_000)] = Field(default=10, description="Connections kept open when idle.")
    max_idle: Annotated[int, Whole(0, 10_000)] = Field(default=50, description="Idle connections beyond are closed.")
    max_total: Annotated[int, Whole(1, 10_000)] = Field(default=100, description="Connections at most.")
    max_wait: Annotated[Duration, Between("1 ms", "1 minute", "1 ms")] = Field(
        default=Duration.parse("5 s"), description="How long a request waits for a connection."
    )


class CacheTargetSettings(SettingsModel):
    """What the cache is measured against; what the service does not reach is told at every check (COR-08, COR-09)."""

    operations_per_second: Annotated[int, Whole(1, 1_000_000_000)] | None = Field(
        default=None, examples=[1_000_000], description="Operations a second (TGT-CACHE-PERF); absent: no target."
    )
    availability: Share | None = Field(
        default=None, examples=["99.95 %"], description="Availability a month (TGT-CACHE-SLA); absent: no target."
    )
