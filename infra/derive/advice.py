"""What can be built and still deserves a second look; told at every check and preview, never refused."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.derive import schedule
from infra.settings import Settings

_BACKUP_WINDOW_HOURS = 4
"""A backup starts within four hours of its start time (cloud.google.com/sql/docs/postgres/backup-recovery)."""

_WEEK_HOURS = 7 * 24


@dataclass(frozen=True)
class Advice:
    """A finding: where it is set, and what to know about it."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def advice(settings: Settings) -> tuple[Advice, ...]:
    """Every finding about these settings."""
    return tuple(_window_overlap(settings))


def _window_overlap(settings: Settings) -> Iterator[Advice]:
    """COR-05: the document's backup window (02:00 to 06:00) covers its maintenance hour (Sunday 03:00)."""
    postgres = settings.postgres
    window = schedule.weekly_utc(postgres.maintenance.window)
    backup_hour = int(schedule.daily_utc(postgres.backup.time)[:2])
    maintenance_hour = (window.day - 1) * 24 + window.hour
    for day in range(7):
        if (maintenance_hour - (day * 24 + backup_hour)) % _WEEK_HOURS < _BACKUP_WINDOW_HOURS:
            yield Advice(
                "postgres.maintenance.window",
                f"{postgres.maintenance.window} lies inside the four-hour backup window that opens at "
                f"{postgres.backup.time}; maintenance can interrupt a backup (COR-05)",
            )
            return
