"""Storage, backups, passwords and insights of the PostgreSQL tier."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.constraints import Between, Switch, Text, Whole
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.units import Duration, LocalTime, Size

_StorageSize = Annotated[Size, Between("10 GB", "64 TB", "1 GB")]


class StorageSettings(SettingsModel):
    """The disk: it grows by itself up to a limit and never shrinks."""

    type: Literal["SSD", "HDD"] = Field(
        default="SSD", description="Disk type (PG-INST). ENTERPRISE_PLUS takes SSD only."
    )
    size: _StorageSize = Field(description="Size at creation (PG-INST); later the disk's own growth decides.")
    limit: _StorageSize = Field(
        description="Size at which automatic growth stops (PG-INST), so that a runaway query cannot overspend."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.limit < self.size:
            refuse_all(
                [
                    Finding(
                        "limit",
                        self.limit,
                        f"at least postgres.storage.size ({self.size})",
                        f"raise it to {self.size} or more",
                    )
                ]
            )
        return self


class BackupSettings(SettingsModel):
    """Automated backups, transaction logs and what outlives the instance."""

    time: LocalTime = Field(
        description="When the daily backup may start (PG-BACKUP): a 4-hour window opens. Rendered to UTC (COR-05)."
    )
    retained: Annotated[int, Whole(1, 365)] = Field(
        examples=[35], description="Automated backups that are kept, one a day (PG-BACKUP)."
    )
    point_in_time_recovery: Annotated[bool, Switch()] = Field(
        examples=[True],
        description="Whether any minute of the log's time can be restored (PG-BACKUP, REC-PITR, TGT-PG-RPO).",
    )
    transaction_logs: Annotated[Duration, Between("1 day", "35 days", "1 day")] = Field(
        description="How far back point-in-time recovery reaches: at most 7 days on ENTERPRISE, 35 on "
        "ENTERPRISE_PLUS (COR-06)."
    )
    location: (
        Annotated[str, Text(r"[a-z]+(?:-[a-z]+\d{1,2})?", "a region or multi-region", "asia-northeast1")] | None
    ) = Field(
        default=None, description="Region or multi-region (e.g. asia) of the backups; absent: the primary's region."
    )
    final_backup: Annotated[Duration, Between("1 day", "365 days", "1 day")] = Field(
        description="How long the backup taken at the instance's deletion is kept (BAK-PG); without it every backup "
        "goes with the instance."
    )


class PasswordPolicySettings(SettingsModel):
    """Rules for built-in users that log in with a password; IAM users have none."""

    min_length: Annotated[int, Whole(8, 64)] = Field(default=12, description="Shortest password, in characters.")
    reuse_interval: Annotated[int, Whole(0, 100)] = Field(
        default=5, description="Earlier passwords that cannot be used again."
    )
    change_interval: Annotated[Duration, Between("1 hour", "365 days", "1 s")] | None = Field(
        default=None, description="Shortest time between two changes of a password; absent: none."
    )


class InsightsSettings(SettingsModel):
    """Query Insights: what Google records of every query (MON-PG, DASH)."""

    query_length: Annotated[int, Whole(256, 4500)] = Field(
        default=1024, description="Bytes of query text that are kept. A change restarts the instance."
    )
    plans_per_minute: Annotated[int, Whole(0, 20)] = Field(default=5, description="Query plans sampled a minute.")
    application_tags: Annotated[bool, Switch()] = Field(
        default=True, description="Whether tags in SQL comments are recorded (which route ran the query)."
    )
    client_address: Annotated[bool, Switch()] = Field(
        default=False, description="Whether client addresses are recorded; they are personal data."
    )
