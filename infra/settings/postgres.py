"""The PostgreSQL tier: one primary, its replicas, pooler and users."""

import math
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from infra.settings.constraints import Between, Switch, Text, Whole
from infra.settings.forms import SHORT_NAME, SHORT_NAME_FORM, Region, Zone
from infra.settings.maintenance import MaintenanceSettings
from infra.settings.model import SettingsModel, StoreSettings, refuse_all
from infra.settings.postgres_checks import contradictions
from infra.settings.postgres_parts import BackupSettings, InsightsSettings, PasswordPolicySettings, StorageSettings
from infra.settings.postgres_pooler import PoolerSettings
from infra.settings.scalar import refusal
from infra.settings.units import Size

POOLER = "pooler"
"""The pooler's own database user and service account."""

MONITOR = "monitor"
"""The database user of the exporters beside the pooler."""

Tier = Annotated[str, Text(r"db-[a-z0-9]+(?:-[A-Za-z0-9]+)*", "a Cloud SQL machine type", "db-custom-16-61440")]

InstanceName = Annotated[
    str,
    Text(
        r"[a-z](?:[a-z0-9-]{0,60}[a-z0-9])?",
        "1 to 62 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen",
        "triptrip-prod-postgres-2",
    ),
]

FlagName = Annotated[
    str, Text(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?", "a lower-case PostgreSQL setting name", "work_mem")
]


def _flag_value(value: str | float | bool) -> str | float | bool:
    if isinstance(value, float) and not math.isfinite(value):
        raise refusal("a finite number, a text or on/off", "write a number")
    if isinstance(value, str) and not value.strip():
        raise refusal("a value; an absent flag keeps the cloud's default", "write a value or remove the line")
    return value


FlagValue = Annotated[str | int | float | bool, AfterValidator(_flag_value)]
Flags = dict[FlagName, FlagValue]

_FLAGS = (
    'Sizes ("32 MB"), times ("1 s") and shares ("25 % of RAM") are converted to each flag\'s own unit and to each '
    "instance's own memory (COR-02)."
)


class PrimarySettings(SettingsModel):
    """The instance that takes writes."""

    tier: Tier = Field(
        description="Machine type: db-custom-<vCPU>-<MB of RAM> on ENTERPRISE, db-perf-optimized-N-<vCPU> on "
        "ENTERPRISE_PLUS (PG-INST, COR-01)."
    )
    zone: Zone = Field(
        description="Zone of the primary, inside its region (PG-INST); after a failover it runs in the standby's."
    )
    availability: Literal["REGIONAL", "ZONAL"] = Field(
        description="REGIONAL keeps a standby in a second zone and fails over by itself in under 60 s (PG-HA); "
        "needs backups and point-in-time recovery. ZONAL has no standby and no SLA."
    )
    secondary_zone: Zone | None = Field(
        default=None, description="Zone of the standby; absent: Google chooses (COR-23). Only with REGIONAL."
    )
    region: Region | None = Field(
        default=None,
        description="Region of the primary, when it is not project.region: project.disasterRecoveryRegion after a "
        "failover to it (REC-REGION). The pooler, the names and the backups follow.",
    )
    instance: InstanceName | None = Field(
        default=None,
        description="Name of the Cloud SQL instance that is the primary; absent: the derived one. Written by "
        "`python -m ops adopt` once a promoted replica, a clone or a restored instance stands in the old primary's "
        "place (REC-REGION, REC-PITR, REC-FULL); a name of an instance that does not exist yet makes a new one.",
    )


class ReplicaSettings(SettingsModel):
    """A read replica; it is no failover target in the primary's region (COR-23)."""

    tier: Tier = Field(description="Machine type (PG-REPL).")
    zone: Zone = Field(description="Zone, another one than the primary's (PG-REPL).")
    region: Region | None = Field(
        default=None, description="Region, when it is not project.region: a cross-region replica (PG-PHASE-4)."
    )
    flags: Flags = Field(
        default_factory=dict, description=f"Flags of this replica alone, laid over postgres.replicaFlags. {_FLAGS}"
    )
    availability: Literal["REGIONAL", "ZONAL"] = Field(
        default="ZONAL",
        description="REGIONAL gives the replica a standby of its own, so that one that is promoted has it at once "
        "(REC-REGION); it costs twice as much.",
    )
    instance: InstanceName | None = Field(
        default=None,
        description="Name of the Cloud SQL instance; absent: the derived one. Needed for a replica whose derived name "
        "belongs to a replica of an earlier primary: `python -m ops adopt` writes it.",
    )


class UserSettings(SettingsModel):
    """A database user: a service account that signs in through IAM, or with a password where it passes a pool."""

    endpoints: Annotated[list[Literal["write", "read"]], Field(min_length=1, max_length=2)] = Field(
        description="Which names it connects to: write (the primary), read (the replicas, the primary as fall-back)."
    )
    connections: Annotated[int, Whole(0, 10_000)] = Field(
        default=0,
        description="Server connections it may open, counted in the connection budget (COR-16). "
        "0 when pooled: the pool sets the number then.",
    )
    pooled: Annotated[bool, Switch()] = Field(
        default=False, description="Whether it connects through the pooler (PG-POOL)."
    )
    role: Literal["read", "write", "report", "owner"] = Field(
        default="read",
        description="The group role that the schema step puts it in, triptrip_<role>: read (all but contact data of "
        "users), write (the application's rows), report (as read, with more memory a query), or owner, which the "
        "schema step itself needs (schema/postgres/repeatable/grants.sql).",
    )


ReplicaName = Annotated[
    str,
    Text(
        SHORT_NAME,
        SHORT_NAME_FORM,
        "b",
        reserved=("primary", "write", "read", "pooler", "standby"),
    ),
]
UserName = Annotated[
    str,
    Text(
        SHORT_NAME,
        SHORT_NAME_FORM,
        "application",
        # The machines' own, PostgreSQL's and Cloud SQL's roles (Google, "About PostgreSQL users and roles").
        reserved=(
            "pooler", "monitor", "postgres", "public", "none", "cloudsqladmin", "cloudsqlsuperuser", "cloudsqlreplica",
            "cloudsqlagent", "cloudsqlimportexport", "cloudsqliamuser", "cloudsqliamserviceaccount", "cloudsqllogical",
        ),
    ),
]  # fmt: skip


class PostgresSettings(StoreSettings):
    """Cloud SQL for PostgreSQL (chapter 2 of Doc-DA-002)."""

    version: Annotated[int, Whole(14, 17)] = Field(
        examples=[16], description="Major version (PG-INST). Raising it upgrades in place; it never goes down."
    )
    edition: Literal["ENTERPRISE", "ENTERPRISE_PLUS"] = Field(
        description="Cloud SQL edition, always explicit: unset means ENTERPRISE_PLUS from version 16 on, which refuses "
        "db-custom machine types (COR-01). ENTERPRISE promises 99.95 %, ENTERPRISE_PLUS 99.99 % (TGT-PG-SLA)."
    )
    database: Annotated[
        str,
        Text(
            r"[a-z][a-z0-9_]{0,62}",
            "1 to 63 lower-case letters, digits and underscores, starting with a letter",
            "triptrip",
            reserved=("postgres", "template0", "template1", "cloudsqladmin"),
        ),
    ] = Field(description="Name of the application's database (CONN).")
    primary: PrimarySettings = Field(description="The instance that takes writes.")
    storage: StorageSettings = Field(description="The disk of the primary; replicas follow it.")
    backup: BackupSettings = Field(description="Automated backups and point-in-time recovery (PG-BACKUP, BAK-PG).")
    maintenance: MaintenanceSettings = Field(
        description="When Google may restart the primary for maintenance (PG-MAINT)."
    )
    flags: Flags = Field(default_factory=dict, description=f"Database flags of every instance (PG-FLAGS). {_FLAGS}")
    replica_flags: Flags = Field(
        default_factory=dict, description="Flags of every replica, laid over postgres.flags (COR-02)."
    )
    replicas: dict[ReplicaName, ReplicaSettings] = Field(
        default_factory=dict, description="Read replicas by name (PG-REPL); the name is part of the instance's name."
    )
    disaster_recovery_replica: ReplicaName | None = Field(
        default=None,
        description="The cross-region replica to switch over to (REC-REGION). ENTERPRISE_PLUS only; on ENTERPRISE a "
        "cross-region replica is promoted by hand. Name it in a second `up`, once it exists: the primary is made "
        "before its replicas.",
    )
    password_policy: PasswordPolicySettings = Field(
        default_factory=PasswordPolicySettings, description="Rules for built-in users that log in with a password."
    )
    insights: InsightsSettings = Field(default_factory=InsightsSettings, description="Query Insights (MON-PG, DASH).")
    data_cache: Annotated[bool, Switch()] = Field(
        default=False, description="Local SSD read cache of the primary; ENTERPRISE_PLUS only."
    )
    pooler: PoolerSettings = Field(default_factory=PoolerSettings, description="The connection pool (PG-POOL).")
    users: dict[UserName, UserSettings] = Field(description="Database users by name, each with least privilege.")
    report_work_memory: Annotated[Size, Between("4 MB", "2 GB", "1 MB")] = Field(
        default=Size.parse("256 MB"),
        description="work_mem of users with role report alone (PG-FLAGS, COR-04): each sets it for itself once, and "
        "the schema step tells who has not (docs/runbooks/break-glass-postgres.md).",
    )
    database_roles: Annotated[bool, Switch()] = Field(
        default=False,
        description="Whether users with a password are declared with their group role instead of becoming members of "
        "cloudsqlsuperuser. Set true once the schema step has made the group roles: Cloud SQL refuses a role before.",
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        replicas = len(self.replicas)
        return (
            f"PostgreSQL {self.version} {self.edition}, {self.primary.tier} {self.primary.availability}, "
            f"{self.storage.size} up to {self.storage.limit}, {replicas} replica{'' if replicas == 1 else 's'}, "
            f"pooler {self.pooler.kind}, {len(self.users)} users"
        )

    @property
    def client_paths(self) -> Mapping[str, str]:
        """Every database user, and the machines of the pooler."""
        pooler = {POOLER: "pooler"} if self.pooler.kind == "pgbouncer" else {}
        return {name: f"users.{name}" for name in self.users} | pooler

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(contradictions(self)))
        return self
