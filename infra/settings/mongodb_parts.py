"""Backups, maintenance, alerts, access and compliance of the document store."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from infra.settings.constraints import Between, Switch, Text
from infra.settings.forms import Email, Region
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.scalar import refusal
from infra.settings.times import whole_utc_hour
from infra.settings.units import Duration, LocalTime, WeeklyTime

AtlasId = Annotated[
    str,
    Text(r"[0-9a-f]{24}", "an id of MongoDB Atlas, 24 hexadecimal digits in quotes", "64f0c2a19b7e4d3a85c6b1e0"),
]
InstanceSize = Annotated[
    str, Text(r"M\d{2,3}", "a dedicated size of Atlas on Google Cloud; Gen2 is not offered in Japan", "M30")
]
PersonName = Annotated[str, Text(r"[^\W\d_](?:[\w .'-]{0,58}[\w.])?", "a person's name", "Hanako")]

# API, `policyItemHourly.frequencyInterval` (SDK 4.18.0; facts of 2026-11-24).
_SNAPSHOT_HOURS = (1, 2, 4, 6, 8, 12)


def _snapshot_interval(interval: Duration) -> Duration:
    if interval.milliseconds not in [Duration.parse(f"{hours} hours").milliseconds for hours in _SNAPSHOT_HOURS]:
        hours = ", ".join(str(each) for each in _SNAPSHOT_HOURS)
        raise refusal(f"one of {hours} hours", "choose the next shorter one")
    return interval


class AutoscalingSettings(SettingsModel):
    """Between which sizes Atlas changes the nodes by itself."""

    minimum: InstanceSize = Field(description="Smallest size; its disk range must hold mongodb.disk.")
    maximum: InstanceSize = Field(description="Largest size, which bounds what autoscaling can cost.")


class MongodbBackupSettings(SettingsModel):
    """Snapshots and point-in-time recovery (MDB-BACKUP)."""

    time: LocalTime = Field(description="Time of day the snapshots are counted from. Rendered to UTC (COR-05).")
    snapshot_every: Annotated[Duration, AfterValidator(_snapshot_interval)] = Field(
        default=Duration.parse("6 hours"),
        examples=["6 hours"],
        description="Interval of the frequent snapshots: 1, 2, 4, 6, 8 or 12 hours (COR-14).",
    )
    snapshots_retained: Annotated[Duration, Between("1 day", "365 days", "1 day")] = Field(
        description="How long frequent snapshots are kept; the restore window cannot be longer (COR-14)."
    )
    restore_window: Annotated[Duration, Between("1 day", "365 days", "1 day")] = Field(
        description="How far back any moment can be restored (MDB-BACKUP)."
    )
    daily_retained: Annotated[Duration, Between("1 day", "3650 days", "1 day")] = Field(
        description="How long the daily snapshot is kept (MDB-BACKUP)."
    )
    copy_region: Region | None = Field(
        default=None,
        description="Second Google Cloud region that snapshots and oplogs are copied to (REC-REGION). Absent: no copy. "
        "The copies are encrypted with the first region's key.",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        findings: list[Finding] = []
        if self.restore_window > self.snapshots_retained:
            findings.append(
                Finding(
                    "restoreWindow",
                    self.restore_window,
                    f"at most mongodb.backup.snapshotsRetained ({self.snapshots_retained}): Atlas restores a moment "
                    "on top of a frequent snapshot (COR-14)",
                    f"shorten it to {self.snapshots_retained}, or keep snapshots longer",
                )
            )
        if self.daily_retained < self.snapshots_retained:
            findings.append(
                Finding(
                    "dailyRetained",
                    self.daily_retained,
                    f"at least mongodb.backup.snapshotsRetained ({self.snapshots_retained}): rarer snapshots are kept "
                    "at least as long as more frequent ones",
                    f"raise it to {self.snapshots_retained} or more",
                )
            )
        refuse_all(findings)
        return self


class MongodbMaintenanceSettings(SettingsModel):
    """The weekly hour in which Atlas may start maintenance."""

    window: Annotated[WeeklyTime, AfterValidator(whole_utc_hour)] = Field(
        description="Start of the weekly hour. Rendered to UTC, the time zone of a new Atlas project (COR-05)."
    )
    defer_once: Annotated[bool, Switch()] = Field(
        default=True, description="Whether every maintenance is put off by one week, so that dev takes it first."
    )


class AlertSettings(SettingsModel):
    """Who is told when something is wrong; what is watched is in infra/catalog/atlas_alerts.yaml."""

    emails: Annotated[list[Email], Field(max_length=10)] = Field(
        default_factory=list, description="Addresses, also those of chat channels and pagers; no secret is needed."
    )
    project_roles: list[Literal["GROUP_OWNER", "GROUP_CLUSTER_MANAGER", "GROUP_DATA_ACCESS_ADMIN"]] = Field(
        default_factory=list, description="Roles in the Atlas project whose holders get an e-mail."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        findings: list[Finding] = []
        if not self.emails and not self.project_roles:
            findings.append(
                Finding("emails", "nobody", "at least one address or project role", "add the team's address")
            )
        for path, given in (("emails", self.emails), ("projectRoles", self.project_roles)):
            if len(set(given)) != len(given):
                findings.append(Finding(path, ", ".join(given), "each one once", "remove the repetition"))
        refuse_all(findings)
        return self


class WorkloadIdentitySettings(SettingsModel):
    """The identity provider by which Atlas accepts Google service accounts, made once by the organisation's owner."""

    id: AtlasId = Field(description="The provider's id in Atlas, the first part of every user's name.")
    audience: Annotated[
        str, Text(r"[A-Za-z0-9][A-Za-z0-9:/._-]{0,254}", "the audience the provider expects", "triptrip-mongodb")
    ] = Field(description="The provider's audience: what clients ask Google for a token for, and what Atlas checks.")


class MongodbUserSettings(SettingsModel):
    """A database user: a service account that signs in with its own token, without a password."""

    roles: Annotated[list[Literal["read", "readWrite", "dbAdmin"]], Field(min_length=1, max_length=3)] = Field(
        description="Built-in roles on mongodb.database: readWrite for programs, dbAdmin too for the schema step."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.roles)) != len(self.roles):
            refuse_all([Finding("roles", ", ".join(self.roles), "each role once", "remove the repetition")])
        return self


class ComplianceSettings(SettingsModel):
    """Who may speak for the Backup Compliance Policy, which nobody but MongoDB's support can take back."""

    email: Email = Field(description="Address of the security or legal representative.")
    first_name: PersonName = Field(description="First name of the representative.")
    last_name: PersonName = Field(description="Last name of the representative.")
