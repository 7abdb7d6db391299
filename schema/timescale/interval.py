"""Lengths of time as TimescaleDB keeps them: months and days are not hours, so that 1 year is never 365 days."""

import re
from dataclasses import dataclass
from typing import Self

_FORM = re.compile(r"([1-9]\d*) (minute|hour|day|week|month|year)s?")
_UNITS = {"year": (12, 0, 0), "month": (1, 0, 0), "week": (0, 7, 0), "day": (0, 1, 0), "hour": (0, 0, 3600)}
_MINUTE = (0, 0, 60)
_DAY_SECONDS, _MONTH_DAYS = 86_400, 30

ALLOWED = "a number and a unit: 30 minutes, 1 hour, 7 days, 2 weeks, 1 month, 2 years"


@dataclass(frozen=True)
class Interval:
    """An interval; equal are those of the same parts. `length` is what to compare by."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `7 days`; raises ValueError that says what is allowed."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no interval; allowed: {ALLOWED}")
        return cls(*(int(match[1]) * part for part in _UNITS.get(match[2], _MINUTE)))

    @property
    def length(self) -> int:
        """Seconds, a month being 30 days, as PostgreSQL compares."""
        return (self.months * _MONTH_DAYS + self.days) * _DAY_SECONDS + self.seconds

    def __str__(self) -> str:
        parts = [_counted(*_largest(number, units)) for number, units in self._parts() if number]
        return " ".join(parts) or "0 hours"

    def _parts(self) -> tuple[tuple[int, tuple[tuple[str, int], ...]], ...]:
        return (
            (self.months, (("year", 12), ("month", 1))),
            (self.days, (("day", 1),)),
            (self.seconds, (("hour", 3600), ("minute", 60), ("second", 1))),
        )


def _largest(number: int, units: tuple[tuple[str, int], ...]) -> tuple[int, str]:
    """A number in the largest unit that divides it."""
    return next((number // size, unit) for unit, size in units if number % size == 0)


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
