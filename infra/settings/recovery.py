"""Copies that outlive the stores: where they lie, how old they may be, and how recovery is practised (BAK-*, REC-*)."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Switch
from infra.settings.forms import Email, Region
from infra.settings.model import Finding, StoreSettings, refuse_all
from infra.settings.recovery_parts import (
    DrillSettings,
    MongodbExportSettings,
    PostgresExportSettings,
    RedisExportSettings,
    SearchCopySettings,
    StorageClass,
    TimescaleExportSettings,
)
from infra.settings.units import Duration


def _cheaper() -> dict[StorageClass, Duration]:
    return {"NEARLINE": Duration.parse("5 days")}


class RecoverySettings(StoreSettings):
    """A bucket in a second region, what is exported to it, who reads it, and the drills that prove it."""

    region: Region = Field(
        examples=["asia-northeast2"],
        description="Region of the backup bucket and of its key: another one than project.region, so that the copies "
        "outlive it (REC-REGION).",
    )
    retention: Annotated[Duration, Between("35 days", "3650 days", "1 day")] = Field(
        default=Duration.parse("35 days"),
        description="How long nobody can delete or overwrite a copy (BAK-PG: 35 days at least, COR-06).",
    )
    locked: Annotated[bool, Switch()] = Field(
        default=False,
        description="Whether the retention is locked: then nobody, owners of the project included, can ever shorten or "
        "remove it, and the bucket cannot be deleted before its last copy is old enough. True in prod.",
    )
    expiry: Annotated[Duration, Between("36 days", "3660 days", "1 day")] = Field(
        default=Duration.parse("36 days"),
        description="Age at which a copy is deleted; longer than `retention`.",
    )
    storage_classes: dict[StorageClass, Annotated[Duration, Between("1 day", "3650 days", "1 day")]] = Field(
        default_factory=_cheaper,
        examples=[{"NEARLINE": "5 days"}],
        description="Age at which a copy moves to a cheaper class. Each class bills a least time (NEARLINE 30 days, "
        "COLDLINE 90, ARCHIVE 365): moved too late, a copy expires before that time and is paid for all the same.",
    )
    deleted_kept: Annotated[Duration, Between("7 days", "90 days", "1 day")] = Field(
        default=Duration.parse("7 days"),
        description="How long a deleted copy can still be brought back (soft delete), after its retention.",
    )
    operator_groups: Annotated[list[Email], Field(min_length=1)] = Field(
        examples=[["data-platform@triptrip.jp"]],
        description="Groups whose members may act as the recovery account, which reads the copies; nobody else reads "
        "them.",
    )
    postgres: PostgresExportSettings = Field(
        default_factory=PostgresExportSettings, description="The daily export of PostgreSQL (COR-06)."
    )
    redis: RedisExportSettings = Field(
        default_factory=RedisExportSettings, description="The hourly export of the cache on Redis (RDS-BACKUP, COR-07)."
    )
    mongodb: MongodbExportSettings = Field(
        default_factory=MongodbExportSettings, description="The export of Atlas' snapshots."
    )
    timescale: TimescaleExportSettings = Field(
        default_factory=TimescaleExportSettings, description="The daily export of TimescaleDB's aggregates."
    )
    search: SearchCopySettings = Field(
        default_factory=SearchCopySettings, description="The daily snapshot of Elasticsearch in a bucket of our own."
    )
    drills: DrillSettings = Field(
        default_factory=DrillSettings, description="How often recovery is practised, and what it must reach."
    )

    @property
    def summary(self) -> str:
        """What was understood, in one line."""
        job = f", by a job each {self.drills.interval}" if self.drills.image else ""
        return (
            f"copies in {self.region} for {self.retention}{', locked' if self.locked else ''}, PostgreSQL at "
            f"{self.postgres.time}, Redis hourly for {self.redis.kept}, MongoDB every {self.mongodb.every}, aggregates "
            f"of TimescaleDB at {self.timescale.time}; a drill every {self.drills.every}{job}"
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(list(self._contradictions()))
        return self

    def _contradictions(self) -> Iterator[Finding]:
        if self.expiry <= self.retention:
            yield Finding(
                "expiry",
                self.expiry,
                f"longer than recovery.retention ({self.retention}): a copy is deleted once nothing holds it",
                f"raise it above {self.retention}, or keep copies for a shorter time",
            )
        if len(set(self.operator_groups)) != len(self.operator_groups):
            yield Finding("operatorGroups", ", ".join(self.operator_groups), "each group once", "remove the repetition")
