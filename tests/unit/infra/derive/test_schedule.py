"""Local times become Cloud SQL's UTC fields, with the day that they fall on there (COR-05)."""

import pytest

from infra.derive.schedule import DenyDates, WeeklyHour, daily_utc, deny_utc, weekly_utc
from infra.settings.maintenance import DenyPeriod
from infra.settings.units import LocalTime, WeeklyTime


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("02:00 Asia/Tokyo", "17:00"),
        ("09:00 Asia/Tokyo", "00:00"),
        ("08:59 Asia/Tokyo", "23:59"),
        ("02:00 UTC", "02:00"),
        ("22:30 America/Bogota", "03:30"),
        ("02:00 Asia/Kolkata", "20:30"),
        ("00:00 Pacific/Kiritimati", "10:00"),
    ],
)
def test_a_daily_time(local: str, utc: str) -> None:
    assert daily_utc(LocalTime.parse(local)) == utc


@pytest.mark.parametrize(
    ("local", "day", "hour"),
    [
        ("Sunday 03:00 Asia/Tokyo", 6, 18),
        ("Monday 03:00 Asia/Tokyo", 7, 18),
        ("Monday 09:00 Asia/Tokyo", 1, 0),
        ("Sunday 03:00 UTC", 7, 3),
        ("Sunday 22:00 America/Bogota", 1, 3),
        ("Saturday 23:00 Etc/GMT+12", 7, 11),
        ("Sunday 02:30 Asia/Kolkata", 6, 21),
        ("Tuesday 00:00 Pacific/Kiritimati", 1, 10),
    ],
)
def test_a_weekly_time_takes_its_day_along(local: str, day: int, hour: int) -> None:
    assert weekly_utc(WeeklyTime.parse(local)) == WeeklyHour(day, hour)


def test_a_weekly_time_that_is_no_full_hour_in_utc_is_never_rounded() -> None:
    with pytest.raises(ValueError, match="21:15 UTC"):
        weekly_utc(WeeklyTime.parse("Sunday 02:45 Asia/Kolkata"))


@pytest.mark.parametrize(
    ("start", "end", "time", "utc"),
    [
        ("12-20", "01-05", "00:00 Asia/Tokyo", DenyDates("12-19", "01-04", "15:00:00")),
        ("01-01", "01-05", "00:00 Asia/Tokyo", DenyDates("12-31", "01-04", "15:00:00")),
        ("12-20", "12-31", "23:00 America/Bogota", DenyDates("12-21", "01-01", "04:00:00")),
        ("12-20", "01-05", "12:00 Asia/Tokyo", DenyDates("12-20", "01-05", "03:00:00")),
        ("2028-01-01", "2028-03-01", "00:00 Asia/Tokyo", DenyDates("2027-12-31", "2028-02-29", "15:00:00")),
        ("2026-12-20", "2027-01-05", "00:00 UTC", DenyDates("2026-12-20", "2027-01-05", "00:00:00")),
    ],
)
def test_a_deny_period_takes_its_dates_along(start: str, end: str, time: str, utc: DenyDates) -> None:
    assert deny_utc(DenyPeriod.model_validate({"start": start, "end": end, "time": time})) == utc
