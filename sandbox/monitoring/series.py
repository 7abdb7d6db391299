"""Simulated time series: what a metric's points are, second by second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from infra.catalog.metric_rows import ANY_RESOURCE, metric_types
from sandbox.monitoring.aggregations import Form

SAMPLING_SECONDS = 60
"""How far apart Google's own metrics are sampled, and how often conditions are asked here."""


@dataclass(frozen=True)
class Distribution:
    """A histogram: `counts` below the first of `bounds`, between each two, and at or above the last; bounds ascend."""

    bounds: tuple[float, ...]
    counts: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a distribution that is none."""
        if len(self.counts) != len(self.bounds) + 1 or any(low >= high for low, high in pairwise(self.bounds)):
            raise ValueError(f"{self} needs ascending bounds and one count more than bounds")

    def __add__(self, other: "Distribution") -> "Distribution":
        self._same(other)
        return Distribution(self.bounds, tuple(map(sum, zip(self.counts, other.counts, strict=True))))

    def __sub__(self, other: "Distribution") -> "Distribution":
        self._same(other)
        return Distribution(self.bounds, tuple(a - b for a, b in zip(self.counts, other.counts, strict=True)))

    def __mul__(self, share: float) -> "Distribution":
        return Distribution(self.bounds, tuple(count * share for count in self.counts))

    @property
    def count(self) -> float:
        """How many values it holds."""
        return sum(self.counts)

    def mean(self) -> float:
        """The mean, each value taken for the middle of its bucket."""
        return sum(count * (low + high) / 2 for count, (low, high) in self._buckets()) / self.count

    def percentile(self, percent: float) -> float:
        """A percentile, values spread evenly over their bucket; in the last bucket its lower bound."""
        wanted = self.count * percent / 100
        sums = list(accumulate(self.counts))
        for total, count, (low, high) in zip(sums, self.counts, (each for _, each in self._buckets()), strict=True):
            if total >= wanted and count:
                return low + (high - low) * (wanted - (total - count)) / count
        return self.bounds[-1]

    def _buckets(self) -> Sequence[tuple[float, tuple[float, float]]]:
        edges = (min(0.0, self.bounds[0]), *self.bounds, self.bounds[-1])
        return list(zip(self.counts, pairwise(edges), strict=True))

    def _same(self, other: "Distribution") -> None:
        if self.bounds != other.bounds:
            raise ValueError(f"distributions with the bounds {self.bounds} and {other.bounds} cannot be put together")


Value = bool | int | float | Distribution


@dataclass(frozen=True)
class Series:
    """Points of one time series by second; what a point means depends on the metric's kind.

    GAUGE: the value then; DELTA: what was added since the point before, or within the last minute; CUMULATIVE: the
    running total, which starts anew where it falls. `resource` is needed where the metric is written for several types,
    and `form` where the catalogue does not know the metric.
    """

    metric: str
    points: Mapping[int, Value]
    resource_labels: Mapping[str, str] = field(default_factory=dict)
    metric_labels: Mapping[str, str] = field(default_factory=dict)
    resource: str = ""
    form: Form | None = None

    def __post_init__(self) -> None:
        """Refuse a series that Google would never write."""
        if not (self.form or self.metric in metric_types()) or not self.resource_type:
            raise ValueError(f"a series of {self.metric} needs `resource`, and `form` where no catalogue knows it")

    @property
    def written_form(self) -> Form:
        """Kind and value type of the points, given or as the catalogue says."""
        if self.form:
            return self.form
        row = metric_types()[self.metric]
        return Form(kind=row.kind, type=row.type)

    @property
    def resource_type(self) -> str:
        """The monitored resource type, given or the only one of the metric; empty where neither is."""
        row = metric_types().get(self.metric)
        only = row.resources[0] if row and len(row.resources) == 1 and row.resources[0] != ANY_RESOURCE else ""
        return self.resource or only

    @property
    def fields(self) -> dict[str, str]:
        """What a filter looks at, by the name of the field."""
        of_resource = {f"resource.labels.{label}": value for label, value in self.resource_labels.items()}
        of_metric = {f"metric.labels.{label}": value for label, value in self.metric_labels.items()}
        return {"metric.type": self.metric, "resource.type": self.resource_type, **of_resource, **of_metric}
