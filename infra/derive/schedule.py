"""Local times as the UTC fields of Cloud SQL (COR-05).

Cloud SQL API: `backupConfiguration.startTime` is HH:MM in UTC; `maintenanceWindow` is a day, 1 = Monday … 7 = Sunday,
and an hour, both in UTC; `denyMaintenancePeriods` are dates and HH:mm:SS in UTC.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.settings.maintenance import DenyPeriod
from infra.settings.times import WEEKDAYS
from infra.settings.units import Duration, LocalTime, WeeklyTime

# Any Monday: only the distance in days and minutes from it counts.
_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)

_HOUR = 60
_HOURS = 24


@dataclass(frozen=True)
class WeeklyHour:
    """An hour of the week in UTC; day 1 = Monday … 7 = Sunday, hour 0-23."""

    day: int
    hour: int


@dataclass(frozen=True)
class DenyDates:
    """A period without maintenance in UTC; dates mm-dd (every year) or yyyy-mm-dd, time HH:MM:SS."""

    start: str
    end: str
    time: str


def daily_utc(local: LocalTime) -> str:
    """Return "HH:MM" in UTC: 02:00 in Tokyo is "17:00" of the day before."""
    return f"{_MONDAY + timedelta(hours=local.hour, minutes=local.minute) - local.utc_offset:%H:%M}"


def daily(local: LocalTime) -> str:
    """Return the schedule (cron, UTC) of a time of day: 07:00 in Tokyo is "0 22 * * *"."""
    hour, minute = daily_utc(local).split(":")
    return f"{int(minute)} {int(hour)} * * *"


def sunday(local: LocalTime) -> str:
    """Return the schedule (cron, UTC) of a time on Sunday: 12:00 in Tokyo is "0 3 * * 0", 07:00 "0 22 * * 6"."""
    moment = _at(local, 6)
    return f"{moment.minute} {moment.hour} * * {moment.isoweekday() % 7}"


def second_of_month(local: LocalTime) -> str:
    """Return the schedule (cron, UTC) of a time on the second of each month, which no zone moves to another month."""
    moment = _at(local, 1)
    return f"{moment.minute} {moment.hour} {moment.day - _MONDAY.day + 1} * *"


def _at(local: LocalTime, days: int) -> datetime:
    return _MONDAY + timedelta(days=days, hours=local.hour, minutes=local.minute) - local.utc_offset


def weekly_utc(local: WeeklyTime) -> WeeklyHour:
    """Return the day and hour in UTC: Sunday 03:00 in Tokyo is Saturday 18:00, day 6 and hour 18.

    Raises ValueError when it is no full hour in UTC; the settings refuse such a window beforehand.
    """
    days = WEEKDAYS.index(local.day)
    moment = _MONDAY + timedelta(days=days, hours=local.hour, minutes=local.minute) - local.utc_offset
    if moment.minute:
        raise ValueError(f"{local} is {moment:%H:%M} UTC, not a full hour")
    return WeeklyHour(day=moment.isoweekday(), hour=moment.hour)


def deny_utc(period: DenyPeriod) -> DenyDates:
    """Return the period in UTC; a date moves with its time: midnight of 20 December in Tokyo is 15:00 of the 19th."""
    form = "%m-%d" if period.yearly else "%Y-%m-%d"
    start, end = period.utc(period.start), period.utc(period.end)
    return DenyDates(start=f"{start:{form}}", end=f"{end:{form}}", time=f"{start:%H:%M:%S}")


def every(interval: Duration) -> str:
    """Return the schedule (cron) of a time that divides an hour or a day: 5 minutes is "*/5 * * * *".

    Raises ValueError for any other; the settings refuse such a time beforehand.
    """
    minutes = interval.seconds // 60
    if minutes < _HOUR and not _HOUR % minutes:
        return f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"
    hours, rest = divmod(minutes, _HOUR)
    if rest or _HOURS % hours:
        raise ValueError(f"{interval} divides neither an hour nor a day")
    return {1: "0 * * * *", _HOURS: "0 0 * * *"}.get(hours, f"0 */{hours} * * *")
