"""The connection pool in front of PostgreSQL: what it is, how large, and where reads may go (PG-POOL, PG-ROUTE)."""

from typing import Annotated, Literal

from pydantic import Field

from infra.settings.constraints import Between, Text, Whole
from infra.settings.forms import Image, SecretVersion
from infra.settings.model import SettingsModel
from infra.settings.units import Duration

MachineType = Annotated[str, Text(r"[a-z0-9]+-[a-z0-9]+(?:-\d+)?", "a Compute Engine machine type", "e2-standard-2")]


class ReadsSettings(SettingsModel):
    """Which replicas serve reads (PG-ROUTE), and what the primary carries when there is none."""

    maximum_lag: Annotated[Duration, Between("200 ms", "1 hour", "1 ms")] = Field(
        default=Duration.parse("1 s"),
        description="How far behind the primary a replica of the read pool may be (PG-ROUTE, COR-17).",
    )
    relaxed_lag: Annotated[Duration, Between("200 ms", "1 hour", "1 ms")] = Field(
        default=Duration.parse("30 s"),
        description="The same for the second read pool, <database>_relaxed, for callers that accept older data "
        "(PG-ROUTE).",
    )
    check_every: Annotated[Duration, Between("100 ms", "5 s", "1 ms")] = Field(
        default=Duration.parse("500 ms"),
        description="How often health and lag are checked (PG-ROUTE: every 5 s or less).",
    )
    recover_after: Annotated[int, Whole(1, 100)] = Field(
        default=4,
        description="Checks in a row that a replica must pass, below half the limit, before it is used again: one that "
        "hovers around the limit must not come and go.",
    )
    fallback_pool_size: Annotated[int, Whole(1, 1_000)] = Field(
        default=20,
        description="Connections to the primary that each pooler instance and read pool opens while no replica can be "
        "used; more clients wait, so that lost replicas do not drown the primary (PG-POOL).",
    )


class PoolerSettings(SettingsModel):
    """The connection pool in front of the instances (PG-POOL)."""

    kind: Literal["none", "managed", "pgbouncer"] = Field(
        default="none",
        description="none: clients connect to the instances; managed: Cloud SQL's own pool (ENTERPRISE_PLUS only); "
        "pgbouncer: machines with PgBouncer in transaction mode and a read router, behind pg-write and pg-read.",
    )
    instances: Annotated[int, Whole(2, 16)] = Field(
        default=2, description="PgBouncer machines, spread over the region's zones; their pools add up (COR-16)."
    )
    default_pool_size: Annotated[int, Whole(1, 10_000)] = Field(
        default=100,
        description="Server connections a pool keeps, for each database, user and pooler instance (PG-POOL).",
    )
    reserve_pool_size: Annotated[int, Whole(0, 1_000)] = Field(
        default=5, description="Further server connections when clients wait (PG-POOL)."
    )
    max_client_connections: Annotated[int, Whole(1, 100_000)] = Field(
        default=10_000,
        description="Client connections a pooler instance accepts, for writes and for reads each (TGT-PG-CONN).",
    )
    reads: ReadsSettings = Field(
        default_factory=ReadsSettings, description="Where PgBouncer's reads go (PG-ROUTE); pgbouncer only."
    )
    machine_type: MachineType = Field(
        default="e2-standard-2", description="Machine type of a pooler instance; pgbouncer only."
    )
    image: Image | None = Field(
        default=None,
        description="The image of services/pooler, by its digest; required for pgbouncer. docs/runbooks/pooler.md says "
        "how it is built.",
    )
    certificate: SecretVersion | None = Field(
        default=None,
        description="The certificate that pg-write and pg-read show to clients: PEM, its chain and then its key; "
        "required for pgbouncer. docs/runbooks/pooler.md says how it is made and renewed.",
    )
    certificate_authority: SecretVersion | None = Field(
        default=None,
        description="The authority that signed it, which clients trust: PEM; required for pgbouncer.",
    )
    password_version: Annotated[int, Whole(1, 10_000)] = Field(
        default=1,
        description="Raise it to give the pooler and every pooled user a new password; clients read theirs anew.",
    )

    @property
    def pool(self) -> int:
        """Most server connections of a pool, its reserve included."""
        return self.default_pool_size + self.reserve_pool_size

    @property
    def pool_sum(self) -> str:
        """How that number comes about, for a message."""
        return f"defaultPoolSize {self.default_pool_size} + reservePoolSize {self.reserve_pool_size} = {self.pool}"
