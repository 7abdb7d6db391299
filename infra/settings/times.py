"""Times of day and of the week in a named zone; re-exported by `infra.settings.units`.

The cloud's schedules are one fixed UTC time each (COR-05), so only zones whose offset never changes can be used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.settings.scalar import Scalar, UnitError, refusal

if TYPE_CHECKING:
    from typing import Self

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# A week's step also sees zones that shift for one month only (Africa/Casablanca during Ramadan).
_SAMPLES = tuple(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(weeks=week) for week in range(5 * 53))


@lru_cache(maxsize=64)
def utc_offset(zone: str) -> timedelta:
    """Return a zone's one offset from UTC; raises UnitError for an unknown zone and for one that changes its clocks."""
    try:
        rules = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnitError(
            zone, "a zone of the IANA time zone database, e.g. Asia/Tokyo", "write Asia/Tokyo or UTC"
        ) from error
    offsets = {sample.astimezone(rules).utcoffset() or timedelta() for sample in _SAMPLES}
    if len(offsets) > 1:
        raise UnitError(
            zone,
            "a zone whose offset from UTC is the same all year, because the cloud keeps one UTC time",
            f"{zone} changes its clocks: write the time in UTC or in a zone without summer time, e.g. Asia/Tokyo",
        )
    return offsets.pop()


def _clock(cls: type[Scalar], text: object, pattern: str) -> re.Match[str]:
    match = re.fullmatch(pattern, text, flags=re.ASCII) if isinstance(text, str) else None
    if match is None:
        raise cls.refused(text)
    try:
        utc_offset(match["zone"])
    except UnitError as error:
        raise UnitError(text, error.allowed, error.fix) from error
    return match


_TIME = r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d) +(?P<zone>[A-Za-z][A-Za-z0-9_+/-]*) *"


@dataclass(frozen=True)
class LocalTime(Scalar):
    """A time of day in a zone."""

    FORM: ClassVar[str] = "a 24-hour time HH:MM and a time zone"
    EXAMPLE: ClassVar[str] = "02:00 Asia/Tokyo"
    PATTERN: ClassVar[str] = r"^ *([01][0-9]|2[0-3]):[0-5][0-9] +[A-Za-z][A-Za-z0-9_+/-]* *$"

    hour: int
    minute: int
    zone: str

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read "02:00 Asia/Tokyo"; raises UnitError."""
        match = _clock(cls, text, rf" *{_TIME}")
        return cls(int(match["hour"]), int(match["minute"]), match["zone"])

    @property
    def utc_offset(self) -> timedelta:
        """The zone's offset from UTC, the same all year."""
        return utc_offset(self.zone)

    def __str__(self) -> str:
        return f"{self.hour:02}:{self.minute:02} {self.zone}"


@dataclass(frozen=True)
class WeeklyTime(Scalar):
    """A time on one day of the week in a zone."""

    FORM: ClassVar[str] = "an English weekday, a 24-hour time HH:MM and a time zone"
    EXAMPLE: ClassVar[str] = "Sunday 03:00 Asia/Tokyo"
    PATTERN: ClassVar[str] = (
        r"^ *(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day +([01][0-9]|2[0-3]):[0-5][0-9] +[A-Za-z][A-Za-z0-9_+/-]* *$"
    )

    day: str
    hour: int
    minute: int
    zone: str

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read "Sunday 03:00 Asia/Tokyo"; raises UnitError."""
        match = _clock(cls, text, rf" *(?P<day>{'|'.join(WEEKDAYS)}) +{_TIME}")
        return cls(match["day"], int(match["hour"]), int(match["minute"]), match["zone"])

    @property
    def utc_offset(self) -> timedelta:
        """The zone's offset from UTC, the same all year."""
        return utc_offset(self.zone)

    def __str__(self) -> str:
        return f"{self.day} {self.hour:02}:{self.minute:02} {self.zone}"


Clock = TypeVar("Clock", LocalTime, WeeklyTime)


def whole_utc_hour(time: Clock) -> Clock:
    """Return a time that is a full hour in UTC, for services that keep only the hour; raises the refusal else."""
    if (timedelta(hours=time.hour, minutes=time.minute) - time.utc_offset) % timedelta(hours=1):
        raise refusal(
            f"{type(time).FORM}, on a full hour in UTC because the cloud keeps only the hour",
            f"write a full hour, e.g. {type(time).EXAMPLE}",
        )
    return time
