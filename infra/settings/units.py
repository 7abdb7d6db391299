"""Sizes, shares, durations and times as people write them; the cloud's own units are derived from these.

Sizes count in powers of 1024, as PostgreSQL does (its documentation, "20.1.1. Parameter Names and Values").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from infra.settings.scalar import Scalar, UnitError
from infra.settings.times import LocalTime, WeeklyTime

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Duration", "LocalTime", "Share", "Size", "UnitError", "WeeklyTime"]

_BYTES = {"kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_SIZE_NAMES = {spelling: name for name in _BYTES for spelling in (name, f"{name[0].upper()}B", f"{name[0].upper()}iB")}
_MILLISECONDS = {"ms": 1, "s": 1_000, "minutes": 60_000, "hours": 3_600_000, "days": 86_400_000}
_DURATION_NAMES = {
    spelling: name
    for name, spellings in {
        "ms": ("ms", "millisecond", "milliseconds"),
        "s": ("s", "second", "seconds"),
        "minutes": ("min", "minute", "minutes"),
        "hours": ("h", "hour", "hours"),
        "days": ("d", "day", "days"),
    }.items()
    for spelling in spellings
}


def _amount(cls: type[Scalar], text: object, names: dict[str, str]) -> tuple[int, str]:
    """Split "32 GB" into its whole number and the unit's canonical name."""
    if isinstance(text, bool) or not isinstance(text, str):
        unit = cls.EXAMPLE.split()[-1]
        fix = f"add the unit, e.g. {text} {unit}" if isinstance(text, int) and not isinstance(text, bool) else None
        raise cls.refused(text, fix)
    match = re.fullmatch(r" *(\d{1,15}) *([A-Za-z]+) *", text, flags=re.ASCII)
    if match is None:
        decimal = re.fullmatch(r" *\d+[.,]\d+ *[A-Za-z]+ *", text, flags=re.ASCII)
        raise cls.refused(text, "write a whole number in the next smaller unit" if decimal else None)
    if match[2] not in names:
        near = next((name for spelling, name in names.items() if spelling.lower() == match[2].lower()), None)
        known = ", ".join(dict.fromkeys(names.values()))
        raise cls.refused(text, f"write {match[1]} {near}" if near else f"use one of the units {known}")
    return int(match[1]), names[match[2]]


def _exact(value: int, unit: int, name: str, whole: str) -> int:
    if value % unit:
        raise ValueError(f"{whole} is not a whole number of {name}")
    return value // unit


@dataclass(frozen=True, order=True)
class Size(Scalar):
    """An amount of memory or storage, in bytes."""

    FORM: ClassVar[str] = "a whole number and kB, MB, GB or TB (1 GB = 1024 MB)"
    EXAMPLE: ClassVar[str] = "32 GB"
    PATTERN: ClassVar[str] = rf"^ *[0-9]{{1,15}} *({'|'.join(_SIZE_NAMES)}) *$"

    bytes: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read "512 MB"; GiB spelling is the same unit. Raises UnitError."""
        amount, unit = _amount(cls, text, _SIZE_NAMES)
        return cls(amount * _BYTES[unit])

    @property
    def kib(self) -> int:
        """In kB (1024 bytes); ValueError when not whole."""
        return _exact(self.bytes, _BYTES["kB"], "kB", str(self))

    @property
    def mib(self) -> int:
        """In MB (1024 kB); ValueError when not whole."""
        return _exact(self.bytes, _BYTES["MB"], "MB", str(self))

    @property
    def gib(self) -> int:
        """In GB (1024 MB); ValueError when not whole."""
        return _exact(self.bytes, _BYTES["GB"], "GB", str(self))

    def __str__(self) -> str:
        name = next((name for name, size in reversed(_BYTES.items()) if self.bytes and not self.bytes % size), "kB")
        return f"{self.bytes // _BYTES[name]} {name}"


@dataclass(frozen=True)
class Share(Scalar):
    """A part of a whole, in percent; "of RAM" says that the whole is the instance's memory."""

    FORM: ClassVar[str] = 'a percentage from 0 % to 100 %, optionally "of RAM"'
    EXAMPLE: ClassVar[str] = "25 % of RAM"
    PATTERN: ClassVar[str] = r"^ *[0-9]{1,3}(\.[0-9]{1,3})? *%( *of RAM)? *$"

    percent: Decimal
    of_ram: bool = False

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read "66.7 %" or "25 % of RAM"; raises UnitError."""
        if not isinstance(text, str):
            raise cls.refused(text, f"write {text} %" if isinstance(text, (int, float)) else None)
        match = re.fullmatch(r" *(\d{1,3}(?:\.\d{1,3})?) *%( *of RAM)? *", text, flags=re.ASCII)
        if match is None or Decimal(match[1]) > 100:  # noqa: PLR2004  a percentage's end is what it says
            raise cls.refused(text)
        return cls(Decimal(match[1]), bool(match[2]))

    @property
    def fraction(self) -> float:
        """0.25 for 25 %."""
        return float(self.percent / 100)

    def of(self, whole: int) -> int:
        """Return the share of a whole number, rounded down, without floating-point error."""
        return int(self.percent * whole / 100)

    def __str__(self) -> str:
        number = f"{self.percent:f}"
        number = number.rstrip("0").rstrip(".") if "." in number else number
        return f"{number} % of RAM" if self.of_ram else f"{number} %"


@dataclass(frozen=True, order=True)
class Duration(Scalar):
    """A length of time, in milliseconds; a day is 24 hours."""

    FORM: ClassVar[str] = "a whole number and ms, s, minutes, hours or days"
    EXAMPLE: ClassVar[str] = "7 days"
    PATTERN: ClassVar[str] = rf"^ *[0-9]{{1,15}} *({'|'.join(_DURATION_NAMES)}) *$"

    milliseconds: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read "15 minutes"; raises UnitError."""
        amount, unit = _amount(cls, text, _DURATION_NAMES)
        return cls(amount * _MILLISECONDS[unit])

    @property
    def seconds(self) -> int:
        """In seconds; ValueError when not whole."""
        return _exact(self.milliseconds, _MILLISECONDS["s"], "seconds", str(self))

    @property
    def days(self) -> int:
        """In days; ValueError when not whole."""
        return _exact(self.milliseconds, _MILLISECONDS["days"], "days", str(self))

    def __str__(self) -> str:
        names = reversed(_MILLISECONDS.items())
        name = next((name for name, unit in names if self.milliseconds and not self.milliseconds % unit), "s")
        amount = self.milliseconds // _MILLISECONDS[name]
        return f"{amount} {name[:-1] if amount == 1 and name.endswith('s') and name not in ('ms', 's') else name}"
