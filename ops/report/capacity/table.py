"""A timeline as CSV: one row a month, numbers as they were worked out, so that a sheet can go on with them."""

import csv
import io
from collections.abc import Iterator
from dataclasses import fields

from infra.catalog.capacity_rows import series
from ops.report.capacity.growth import Demand
from ops.report.capacity.model import Month, Timeline

_SERIES = tuple(field.name for field in fields(Demand) if field.name not in ("month", "placement"))


def as_csv(timeline: Timeline) -> str:
    """The text of a CSV file (RFC 4180) with a header.

    Demands in the units of capacity.yaml, sizes in GiB, money in USD, shares as fractions of 1: of what is declared now
    (`declared_…`), and of what there is once the timeline is followed (`followed_…`). A cell is empty where the stack
    has nothing of it.
    """
    out = io.StringIO()
    names = sorted({name for month in timeline.months for name in month.declared})
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_header(names))
    writer.writerows(list(_cells(month, names)) for month in timeline.months)
    return out.getvalue()


def _header(names: list[str]) -> list[str]:
    shares = [f"{kind}_{name}" for kind in ("declared", "followed") for name in names]
    sizes = ["postgres_gib", "disk_gib", "disk_limit_gib"]
    demands = [f"{name}_gib" if series()[name].unit == "GB" else name for name in _SERIES]
    return ["month", "year", *demands, *sizes, *shares, "cost_low_usd", "cost_high_usd"]


def _cells(month: Month, names: list[str]) -> Iterator[object]:
    yield from (month.index, month.year)
    yield from (round(getattr(month.demand, name), 3) for name in _SERIES)
    yield from (round(month.postgres_gib, 3), month.disk_gib, month.disk_limit_gib)
    for readings in (month.declared, month.followed):
        yield from (round(readings[name].share, 4) if name in readings else None for name in names)
    yield from (month.cost.low, month.cost.high)
