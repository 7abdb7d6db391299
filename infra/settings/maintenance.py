"""When Google may restart the primary for maintenance, and when not (PG-MAINT, COR-05)."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from infra.settings.constraints import Text
from infra.settings.engine_yaml import ENGINE_MIDNIGHT
from infra.settings.model import Finding, SettingsModel, refuse_all
from infra.settings.times import whole_utc_hour
from infra.settings.units import LocalTime, WeeklyTime

# Cloud SQL takes one deny period of at most 90 days (Google, "About maintenance on Cloud SQL instances").
_LONGEST_DENY_DAYS = 90
_DATE = r"(?:20\d\d-)?(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"


def _plain_date(value: object) -> object:
    """Undo what the engine makes of a YAML date without quotes (`infra.settings.engine_yaml`)."""
    return value.removesuffix(ENGINE_MIDNIGHT) if isinstance(value, str) else value


DenyDate = Annotated[
    str,
    Text(_DATE, "a date, mm-dd (every year) or yyyy-mm-dd (once)", "12-20"),
    BeforeValidator(_plain_date),
]


class DenyPeriod(SettingsModel):
    """Days without maintenance, e.g. the booking peak at the year's end."""

    start: DenyDate = Field(description="First day, mm-dd (every year) or yyyy-mm-dd (once), in the zone of `time`.")
    end: DenyDate = Field(description="Last day, in the same form as `start`; at most 90 days later.")
    time: LocalTime = Field(description="Time of day at which the period starts and ends. Rendered to UTC (COR-05).")

    @property
    def yearly(self) -> bool:
        """Whether the period comes back every year."""
        return len(self.start) == len("mm-dd")

    def utc(self, moment: str, year: int = 2027) -> datetime:
        """Return `start` or `end` in UTC; `year` stands in for a yearly date (2027 is no leap year)."""
        day = date.fromisoformat(f"{year}-{moment}" if len(moment) == len("mm-dd") else moment)
        local = datetime(day.year, day.month, day.day, self.time.hour, self.time.minute, tzinfo=UTC)
        return local - self.time.utc_offset

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse_all(self._findings())
        return self

    def _findings(self) -> list[Finding]:
        findings = [
            Finding(name, moment, "a day that exists (every year, when written mm-dd)", "correct the day of the month")
            for name, moment in (("start", self.start), ("end", self.end))
            if not _exists(moment)
        ]
        if len(self.start) != len(self.end):
            findings.append(
                Finding(
                    "end",
                    self.end,
                    f"the same form as start ({self.start})",
                    "write both with the year or both without",
                )
            )
        if findings:
            return findings
        start, end = self.utc(self.start), self.utc(self.end)
        if self.yearly and end <= start:
            end = self.utc(self.end, year=2028)
        length = (end - start).days
        if not 1 <= length <= _LONGEST_DENY_DAYS:
            findings.append(
                Finding(
                    "end",
                    self.end,
                    f"1 to {_LONGEST_DENY_DAYS} days after start ({self.start}); this is {length} days",
                    "move start or end",
                )
            )
        findings.extend(
            Finding(
                name,
                moment,
                "a yearly day whose UTC day is the same in leap years; this one moves across the end of February",
                "write the period with its year (yyyy-mm-dd), or choose another day or a time in UTC",
            )
            for name, moment in (("start", self.start), ("end", self.end))
            if self.yearly and f"{self.utc(moment, 2027):%m-%d}" != f"{self.utc(moment, 2028):%m-%d}"
        )
        return findings


def _exists(moment: str) -> bool:
    try:
        date.fromisoformat(f"2027-{moment}" if len(moment) == len("mm-dd") else moment)
    except ValueError:
        return False
    return True


class MaintenanceSettings(SettingsModel):
    """The weekly hour in which Google may restart the primary; replicas follow it."""

    window: Annotated[WeeklyTime, AfterValidator(whole_utc_hour)] = Field(
        description="Start of the weekly hour (PG-MAINT). Rendered to UTC (COR-05)."
    )
    track: Literal["canary", "stable", "week5"] = Field(
        default="stable",
        description="How early an update comes: canary first, stable a week later, week5 five weeks later.",
    )
    deny: DenyPeriod | None = Field(default=None, description="Days without maintenance; absent: none.")
