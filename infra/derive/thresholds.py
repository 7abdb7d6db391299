"""Thresholds of alerts as people write them, and the same figures in the unit of what is measured."""

from collections.abc import Mapping
from decimal import Decimal

from infra.catalog.monitoring_rows import Unit
from infra.settings.scalar import UnitError
from infra.settings.units import Duration, Share, Size

OFF = "off"

_COUNT_FORM = "a number from 0 on without a unit, e.g. 100"

_PER_BASE: Mapping[str, Decimal] = {
    "share": Decimal(1),
    "percent": Decimal(100),
    "s": Decimal(1),
    "ms": Decimal(1_000),
    "us": Decimal(1_000_000),
    "bytes": Decimal(1),
    "count": Decimal(1),
    "per-second": Decimal(1),
    "boolean": Decimal(1),
    "state": Decimal(1),
    "cpu-s": Decimal(1),
}
"""How many of a metric's or a panel's unit make one of the base units; CPU seconds a second are a share of a core."""


def parse(text: str, unit: Unit) -> Decimal:
    """A threshold in its base unit: a fraction of 1, seconds, bytes, a number. Raises UnitError."""
    if unit == "share":
        share = Share.parse(text)
        if share.of_ram:
            raise Share.refused(text, "leave out what it is a part of")
        return share.percent / 100
    if unit == "duration":
        return Decimal(Duration.parse(text).milliseconds) / 1000
    if unit == "size":
        return Decimal(Size.parse(text).bytes)
    return _count(text)


def in_metric_unit(base: Decimal, metric_unit: str) -> Decimal:
    """A figure in a base unit as the metric counts it: 0.1 s are 100,000 of a metric in µs. KeyError: no such unit."""
    return base * _PER_BASE[metric_unit]


def _count(text: str) -> Decimal:
    if not text.replace(".", "", 1).isdecimal():
        raise UnitError(text, _COUNT_FORM, "write the number alone")
    return Decimal(text)
