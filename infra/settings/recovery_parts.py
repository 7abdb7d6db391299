"""Exports of each store, the ages that are promised for them, and drills."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Whole
from infra.settings.forms import Image
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.units import Duration, LocalTime

StorageClass = Literal["NEARLINE", "COLDLINE", "ARCHIVE"]

DrillKind = Literal["pit", "full", "export"]
"""What a drill restores: the newest logs (REC-PITR), the newest backup (REC-FULL), the newest export (COR-06).

In the order in which they are practised where none has been."""

_PROMISE = (
    "How old the newest copy may be; an older one raises an alert. Longer than the time between two copies, since a "
    "run takes its time."
)


class PostgresExportSettings(SettingsModel):
    """Every database as a file, once a day, made on a machine beside the primary (serverless export)."""

    time: LocalTime = Field(
        default=LocalTime.parse("07:00 Asia/Tokyo"),
        description="When it starts, apart from backups and maintenance. Rendered to UTC (COR-05).",
    )
    promise: Annotated[Duration, Between("25 hours", "14 days", "1 hour")] = Field(
        default=Duration.parse("26 hours"), description=_PROMISE
    )


class RedisExportSettings(SettingsModel):
    """The cache as an RDB file, every hour."""

    minute: Annotated[int, Whole(0, 59)] = Field(
        default=30, description="Minute of the hour at which it starts; the instance's own snapshots are on the hour."
    )
    kept: Annotated[Duration, Between("1 day", "30 days", "1 day")] = Field(
        default=Duration.parse("1 day"),
        description="How long an export is kept, and cannot be deleted (RDS-BACKUP: 24 hours).",
    )
    promise: Annotated[Duration, Between("2 hours", "24 hours", "1 hour")] = Field(
        default=Duration.parse("3 hours"), description=_PROMISE
    )


class MongodbExportSettings(SettingsModel):
    """Snapshots of Atlas as files in the backup bucket, beside those that Atlas keeps."""

    every: Literal["week", "month"] = Field(
        default="week",
        description="How often Atlas exports a snapshot by itself. Daily exports are switched on by MongoDB's support "
        "alone (SDK 4.18.0, CloudBackupSchedule.export.frequencyType).",
    )
    promise: Annotated[Duration, Between("8 days", "62 days", "1 hour")] = Field(
        default=Duration.parse("8 days"), description=_PROMISE
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        least = Duration.parse("32 days")
        if self.every == "month" and self.promise < least:
            refuse_all(
                [
                    Finding(
                        "promise", self.promise, f"at least {least} with every: month", f"raise it to {least} or more"
                    )
                ]
            )
        return self


class TimescaleExportSettings(SettingsModel):
    """The aggregates of TimescaleDB as files, once a day, by a job of the schema step's image (TS-CAGG).

    Timescale Cloud goes a few days back by itself; hours whose prices have gone after their retention are nowhere else.
    """

    time: LocalTime = Field(
        default=LocalTime.parse("08:00 Asia/Tokyo"), description="When it starts. Rendered to UTC (COR-05)."
    )
    promise: Annotated[Duration, Between("25 hours", "14 days", "1 hour")] = Field(
        default=Duration.parse("26 hours"), description=_PROMISE
    )


class SearchCopySettings(SettingsModel):
    """What is promised of the snapshots that the schema step's policy asks for, once a day."""

    promise: Annotated[Duration, Between("25 hours", "14 days", "1 hour")] = Field(
        default=Duration.parse("26 hours"), description=_PROMISE
    )


class TargetSettings(SettingsModel):
    """What a recovery must reach; a drill measures it."""

    rpo: Annotated[Duration, Between("0 s", "14 days", "1 s")] = Field(
        description="How much of the newest data may be missing afterwards."
    )
    rto: Annotated[Duration, Between("1 minute", "7 days", "1 s")] = Field(
        description="How long it may take until the data can be used."
    )
    every: Annotated[Duration, Between("1 day", "400 days", "1 day")] = Field(
        description="How often it must have been met; `python -m ops drill --check` tells when it is overdue."
    )


def _document() -> dict[DrillKind, TargetSettings]:
    """RTO by the longest times of Doc-DA-002, 5.3; RPO by TGT-PG-RPO, and by a copy a day that takes up to an hour."""
    rows: dict[DrillKind, tuple[str, str, str]] = {
        "pit": ("1 minute", "1 hour", "31 days"),
        "full": ("25 hours", "8 hours", "92 days"),
        "export": ("25 hours", "8 hours", "92 days"),
    }
    return {
        kind: TargetSettings(rpo=Duration.parse(rpo), rto=Duration.parse(rto), every=Duration.parse(every))
        for kind, (rpo, rto, every) in rows.items()
    }


class DrillSettings(SettingsModel):
    """A restore into a throw-away place, measured and kept as a record in the backup bucket."""

    every: Annotated[Duration, Between("1 day", "35 days", "1 day")] = Field(
        default=Duration.parse("30 days"),
        description="Longest time between two drills; then an alert says that one is overdue.",
    )
    image: Image | None = Field(
        default=None,
        description="The image of the recovery commands, by its digest; docs/runbooks/recovery-postgres.md says how "
        "it is built. With it a Cloud Run job practises recovery of PostgreSQL; without it people run the drills.",
        examples=["asia-northeast1-docker.pkg.dev/triptrip-images/platform/recovery@sha256:" + "0123456789abcdef" * 4],
    )
    interval: Literal["week", "month"] = Field(
        default="week",
        description="How often the job runs: on Sunday, or on the second of the month. Each time it practises the kind "
        "that is due first, so that all kinds have their turn.",
    )
    time: LocalTime = Field(
        default=LocalTime.parse("12:00 Asia/Tokyo"),
        description="When it starts, apart from backups, exports and maintenance. Rendered to UTC (COR-05).",
    )
    timeout: Annotated[Duration, Between("1 hour", "24 hours", "1 hour")] = Field(
        default=Duration.parse("12 hours"),
        description="How long one drill may run. One that is cut off leaves its throw-away instance to the next drill, "
        "which deletes it.",
    )
    targets: dict[DrillKind, TargetSettings] = Field(
        default_factory=_document,
        examples=[{"pit": {"rpo": "1 minute", "rto": "1 hour", "every": "31 days"}}],
        description="What each kind of drill must reach; a kind that is left out is not drilled.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        least = _LEAST[self.interval]
        if self.image is not None and self.every < least:
            allowed = f"at least {least} with interval: {self.interval}, or every drill would come too late"
            refuse_all([Finding("every", self.every, allowed, f"raise it to {least} or more, or drill more often")])
        return self


_LEAST: Mapping[str, Duration] = {"week": Duration.parse("8 days"), "month": Duration.parse("32 days")}
"""The longest time between two runs of a schedule, and a day for the run itself."""
