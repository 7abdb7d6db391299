"""What cannot be built of the recovery settings, and what deserves a second look."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import get_args

from infra import catalog
from infra.catalog import recovery_rows
from infra.derive import schedule
from infra.derive.features import features
from infra.derive.findings import Advice
from infra.settings import Problem, Settings
from infra.settings.recovery import RecoverySettings
from infra.settings.recovery_parts import DrillKind
from infra.settings.units import LocalTime

_HOUR, _DAY = 60, 24 * 60

_BACKUP_WINDOW = 4 * _HOUR
"""A backup starts within four hours of its start time (cloud.google.com/sql/docs/postgres/backup-recovery)."""

_BEFORE_MAINTENANCE = 3 * _HOUR
"""What an export of a full disk may take: maintenance that restarts the primary ends it."""


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the recovery settings; nothing when they are off."""
    if settings.recovery is not None:
        for check in _CHECKS:
            yield from check(settings.recovery, settings)


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the recovery settings."""
    if settings.recovery is not None:
        yield from _paid_for_nothing(settings.recovery)
        yield from _jurisdiction(settings.recovery, settings)
        yield from _nothing_to_copy(settings)
        yield from _drills(settings.recovery)
        yield from _no_drill_job(settings.recovery, settings)
        yield from _aggregates_by_hand(settings)


def _region(recovery: RecoverySettings, settings: Settings) -> Iterator[Problem]:
    allowed = f"one of {', '.join(catalog.regions())}, other than project.region ({settings.project.region})"
    if recovery.region not in catalog.regions() or recovery.region == settings.project.region:
        yield Problem(
            "recovery.region",
            recovery.region,
            f"{allowed}: copies beside the stores are lost with them",
            "choose a second region",
        )


def _lock(recovery: RecoverySettings, settings: Settings) -> Iterator[Problem]:
    if settings.project.environment == "prod" and not recovery.locked:
        yield Problem(
            "recovery.locked",
            "false",
            "true in prod: without the lock whoever administers the project can delete every copy",
            "write locked: true",
        )


def _export_time(recovery: RecoverySettings, settings: Settings) -> Iterator[Problem]:
    """Cloud SQL runs one operation at a time on an instance: an export waits for a backup, and holds one up."""
    postgres = settings.postgres
    if postgres is None:
        return
    start = _minute(recovery.postgres.time)
    if (start - _minute(postgres.backup.time)) % _DAY < _BACKUP_WINDOW:
        yield Problem(
            "recovery.postgres.time",
            str(recovery.postgres.time),
            f"outside the four hours of the backup window that opens at {postgres.backup.time}",
            "choose a time after the window, and well before the next one",
        )
        return
    maintenance = schedule.weekly_utc(postgres.maintenance.window).hour * _HOUR
    before = (maintenance - start) % _DAY
    if before < _BEFORE_MAINTENANCE or before > _DAY - _HOUR:
        yield Problem(
            "recovery.postgres.time",
            str(recovery.postgres.time),
            f"not within the hour of maintenance ({postgres.maintenance.window}) or the three hours before it: it "
            "restarts the primary, and ends an export",
            "choose a time after the maintenance",
        )


def _minute(time: LocalTime) -> int:
    hour, minute = schedule.daily_utc(time).split(":")
    return int(hour) * _HOUR + int(minute)


def _storage_classes(recovery: RecoverySettings, _: Settings) -> Iterator[Problem]:
    """Cloud Storage moves objects to colder classes only; what expires first is never moved."""
    ordered = [(name, recovery.storage_classes[name]) for name in _COLDER if name in recovery.storage_classes]
    for name, age in ordered:
        if age >= recovery.expiry:
            yield Problem(
                f"recovery.storageClasses.{name}",
                str(age),
                f"less than recovery.expiry ({recovery.expiry})",
                "remove the line, or lower the age",
            )
    for (warmer, earlier), (colder, later) in pairwise(ordered):
        if later <= earlier:
            yield Problem(
                f"recovery.storageClasses.{colder}",
                str(later),
                f"more than the age of {warmer} ({earlier}), which is warmer",
                "raise it, or remove the warmer class",
            )


_COLDER = ("NEARLINE", "COLDLINE", "ARCHIVE")

_CHECKS: tuple[Callable[[RecoverySettings, Settings], Iterator[Problem]], ...] = (
    _region,
    _lock,
    _export_time,
    _storage_classes,
)


def _paid_for_nothing(recovery: RecoverySettings) -> Iterator[Advice]:
    ages = sorted((age.days, name) for name, age in recovery.storage_classes.items())
    for (age, name), (end, _) in pairwise([*ages, (recovery.expiry.days, "")]):
        billed = recovery_rows.billed_days()[name]
        if end - age < billed:
            yield Advice(
                f"recovery.storageClasses.{name}",
                f"a copy stays {end - age} days in {name}, which bills {billed} at least: a warmer class is cheaper",
            )


def _jurisdiction(recovery: RecoverySettings, settings: Settings) -> Iterator[Advice]:
    here, there = (catalog.regions().get(region) for region in (settings.project.region, recovery.region))
    if here and there and here.jurisdiction != there.jurisdiction:
        yield Advice(
            "recovery.region",
            f"copies of everything would fall under {there.jurisdiction}'s law; the stores are in {here.jurisdiction}",
        )


def _nothing_to_copy(settings: Settings) -> Iterator[Advice]:
    present = features(settings)
    if not any(row.needs in present for row in recovery_rows.copies().values()):
        yield Advice("recovery", "no store of this stack is copied to the bucket")


def _drills(recovery: RecoverySettings) -> Iterator[Advice]:
    if missing := [kind for kind in get_args(DrillKind) if kind not in recovery.drills.targets]:
        yield Advice(
            "recovery.drills.targets",
            f"nobody practises {', '.join(missing)}: a recovery never tried may fail",
        )


def _no_drill_job(recovery: RecoverySettings, settings: Settings) -> Iterator[Advice]:
    if settings.project.environment == "prod" and settings.postgres and recovery.drills.image is None:
        yield Advice(
            "recovery.drills.image",
            "no job practises recovery of PostgreSQL: it is left to people, and an alert alone reminds them",
        )


def _aggregates_by_hand(settings: Settings) -> Iterator[Advice]:
    if settings.timescale and settings.schemas is None:
        yield Advice(
            "recovery.timescale",
            "no job exports the aggregates of TimescaleDB: the image of the schema step does that (triptrip:schemas)",
        )
