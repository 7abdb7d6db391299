"""What the platform must carry in a month: the document's figures, and what lies between them (CAP, SCALE-*)."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from infra.catalog.capacity_rows import Curve, Placement, SeriesRow, growth_model, series


@dataclass(frozen=True)
class Demand:
    """A month's demand, a field a series of capacity.yaml, in its unit; `placement` says where the data lies."""

    month: int
    placement: Placement
    data: float
    transactional: float
    events: float
    analytics: float
    cpu: float
    memory: float
    iops: float
    replicas: float
    transactions: float
    users: float
    writes: float
    cache: float
    search: float

    def in_postgres(self, stores: frozenset[str]) -> float:
        """GB that PostgreSQL holds: what has no home of its own among the stores that are on."""
        if self.placement == "postgres":
            return self.data
        parts = {name: row.homes for name, row in series().items() if name in _PARTS}
        return sum(float(getattr(self, name)) for name, homes in parts.items() if not stores.intersection(homes))


_PARTS = ("transactional", "events", "analytics")


def demand(month: int, curve: Curve, placement: Placement) -> Demand:
    """The demand of a month from 1 on."""
    values = {name: value(row, month, curve) for name, row in series().items()}
    return Demand(month=month, placement=placement, **values)


def value(row: SeriesRow, month: int, curve: Curve) -> float:
    """What a series is in a month."""
    if row.follows:
        followed, anchor = series()[row.follows.series], row.follows
        return anchor.value * value(followed, month, curve) / value(followed, anchor.month, curve)
    if row.steps:
        return max((figure for at, figure in row.points.items() if at <= month), default=0.0)
    first = min(row.points)
    rates = growth_model().rates if row.compounds else {first: 0.0}
    if month <= first or (row.compounds and curve == "rates"):
        return row.points[first] * _compounded(rates, first, month)
    return _between(row.points, month)


def first_month(row: SeriesRow, curve: Curve, limit: float) -> int | None:
    """The first month in which a series is above a limit; None when it is not by the model's end."""
    months = range(1, growth_model().months + 1)
    return next((month for month in months if value(row, month, curve) > limit), None)


def _compounded(rates: Mapping[int, float], first: int, month: int) -> float:
    """The factor from the first point to a month, before or after it, each month at the rate in force."""
    if month <= first:
        return float((1 + rates[first] / 100) ** (month - first))
    factor = 1.0
    for at in range(first, month):
        factor *= 1 + rates[max(start for start in rates if start <= at)] / 100
    return factor


def _between(points: Mapping[int, float], month: int) -> float:
    """Each month by the same factor from one point to the next; the last one's figure from there on."""
    for (start, low), (end, high) in pairwise(sorted(points.items())):
        if month <= end:
            return float(low * (high / low) ** ((month - start) / (end - start)))
    return points[max(points)]
