"""Aligners and reducers on simulated time series: one value of the points in a window, one of the series in a group.

In an alert the alignment period is a window that moves with the time of asking (Cloud Monitoring documentation,
"Alignment and reduction", alerting policies; read 2026-11): the points in (end - period, end].
"""

import bisect
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import cast

from sandbox.monitoring.series import SAMPLING_SECONDS, Distribution, Series, Value

_SMOOTHING_SECONDS = 600
"""ALIGN_PERCENT_CHANGE compares moving means of ten minutes (monitoring v3 discovery document)."""
_PERCENT = {"99": 99, "95": 95, "50": 50, "05": 5}


@dataclass(frozen=True)
class Track:
    """Points of a time series on their way through a condition's aggregations.

    `begins` holds where the span of each point begins, over which a DELTA was added up; `every` is how far apart the
    points of an earlier aggregation are, 0 for those of the series itself.
    """

    fields: Mapping[str, str]
    times: Sequence[int]
    values: Sequence[Value]
    begins: Sequence[int]
    every: int = 0

    @classmethod
    def of(cls, series: Series) -> "Track":
        """A simulated series as it is written; running totals become what was added."""
        times = sorted(series.points)
        values = [series.points[time] for time in times]
        if series.written_form.kind == "CUMULATIVE":
            return cls(series.fields, times[1:], _increments(values), times[:-1])
        sampled = [time - SAMPLING_SECONDS for time in times]
        begins = sampled[:1] + [max(pair) for pair in zip(times, sampled[1:], strict=False)]
        return cls(series.fields, times, values, begins)

    @classmethod
    def made(cls, fields: Mapping[str, str], values: Mapping[int, Value], every: int) -> "Track":
        """What an aggregation with that period made: a value for every moment of asking."""
        begins = [time - every for time in values]
        return cls(fields, list(values), list(values.values()), begins, every)

    def window(self, end: int, period: int) -> list[tuple[int, Value]]:
        """The points in (end - period, end], those alone that an earlier aggregation would have made for `end`."""
        first = bisect.bisect_right(self.times, end - period)
        last = bisect.bisect_right(self.times, end)
        return [(self.times[at], self.values[at]) for at in range(first, last) if self._belongs(at, end)]

    def added(self, end: int, period: int) -> Value | None:
        """What a DELTA or CUMULATIVE metric grew by in (end - period, end], in part of a span its part."""
        start, total = end - period, None
        for at in range(bisect.bisect_right(self.times, start), len(self.times)):
            time, begin = self.times[at], self.begins[at]
            if begin >= end:
                break
            if self._belongs(at, end):
                part = _times(self.values[at], (min(time, end) - max(begin, start)) / (time - begin))
                total = part if total is None else _plus(total, part)
        return total

    def _belongs(self, at: int, end: int) -> bool:
        return not self.every or (end - self.times[at]) % self.every == 0


def align(track: Track, aligner: str, end: int, period: int) -> Value | None:
    """One value of a track for the window that ends then; None where it has no data."""
    if aligner in _OF_TRACK:
        return _OF_TRACK[aligner](track, end, period)
    values = [value for _, value in track.window(end, period)]
    if not values:
        return None
    if aligner.startswith("ALIGN_PERCENTILE_"):
        return _merged(values).percentile(_PERCENT[aligner[-2:]])
    return _OF_WINDOW[aligner](values)


def reduced(values: Sequence[Value], reducer: str) -> Value:
    """One value of those that several series have at a moment."""
    if reducer.startswith("REDUCE_PERCENTILE_"):
        percent = _PERCENT[reducer[-2:]]
        if isinstance(values[0], Distribution):
            return _merged(values).percentile(percent)
        return _percentile([_number(value) for value in values], percent)
    if reducer == "REDUCE_MEAN" and isinstance(values[0], Distribution):
        return _merged(values).mean()
    return _OF_GROUP[reducer](values)


def _increments(values: Sequence[Value]) -> list[Value]:
    """What a running total grew by at each point but the first; a total that falls has started anew at nothing."""
    return [after if _size(after) < _size(before) else _minus(after, before) for before, after in pairwise(values)]


def _rate(track: Track, end: int, period: int) -> float | None:
    added = track.added(end, period)
    return None if added is None else _number(added) / period


def _percent_change(track: Track, end: int, period: int) -> float | None:
    now, before = (_smoothed(track, moment) for moment in (end, end - period))
    if now is None or before is None:
        return None
    if before == 0:
        return 0.0 if now == 0 else float("inf")
    return (now - before) / before * 100


def _smoothed(track: Track, end: int) -> float | None:
    values = [number for _, value in track.window(end, _SMOOTHING_SECONDS) if (number := _number(value)) >= 0]
    return statistics.fmean(values) if values else None


def _interpolated(track: Track, end: int, period: int) -> float | None:
    points = track.window(end, period)
    if not points:
        return None
    time, value = points[-1][0], _number(points[-1][1])
    following = bisect.bisect_right(track.times, end)
    if time == end or following == len(track.times):
        return value
    after, next_value = track.times[following], _number(track.values[following])
    return value + (next_value - value) * (end - time) / (after - time)


def _percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _total(values: Sequence[Value]) -> Value:
    return reduce(_plus, values)


def _merged(values: Sequence[Value]) -> Distribution:
    return cast("Distribution", _total(values))


def _plus(one: Value, other: Value) -> Value:
    if isinstance(one, Distribution) and isinstance(other, Distribution):
        return one + other
    return _number(one) + _number(other)


def _minus(one: Value, other: Value) -> Value:
    if isinstance(one, Distribution) and isinstance(other, Distribution):
        return one - other
    return _number(one) - _number(other)


def _times(value: Value, share: float) -> Value:
    return value * share


def _size(value: Value) -> float:
    return value.count if isinstance(value, Distribution) else float(value)


def _number(value: Value) -> float:
    if isinstance(value, Distribution):
        raise TypeError("a distribution stands where a number is needed; check_condition says which aligner fits")
    return value


def _numbers(compute: Callable[[list[float]], float]) -> Callable[[Sequence[Value]], Value]:
    return lambda values: compute([_number(value) for value in values])


def _share_true(values: Sequence[Value]) -> float:
    return sum(map(bool, values)) / len(values)


_OF_TRACK: Mapping[str, Callable[[Track, int, int], Value | None]] = {
    "ALIGN_DELTA": Track.added,
    "ALIGN_RATE": _rate,
    "ALIGN_PERCENT_CHANGE": _percent_change,
    "ALIGN_INTERPOLATE": _interpolated,
}
_OF_WINDOW: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "ALIGN_NEXT_OLDER": lambda values: values[-1],
    "ALIGN_MIN": _numbers(min),
    "ALIGN_MAX": _numbers(max),
    "ALIGN_MEAN": _numbers(statistics.fmean),
    "ALIGN_STDDEV": _numbers(statistics.pstdev),
    "ALIGN_SUM": _total,
    "ALIGN_COUNT": len,
    "ALIGN_COUNT_TRUE": lambda values: sum(map(bool, values)),
    "ALIGN_COUNT_FALSE": lambda values: sum(not value for value in values),
    "ALIGN_FRACTION_TRUE": _share_true,
}
_OF_GROUP: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "REDUCE_MIN": _numbers(min),
    "REDUCE_MAX": _numbers(max),
    "REDUCE_MEAN": _numbers(statistics.fmean),
    "REDUCE_STDDEV": _numbers(statistics.pstdev),
    "REDUCE_SUM": _total,
    "REDUCE_COUNT": len,
    "REDUCE_COUNT_TRUE": lambda values: sum(map(bool, values)),
    "REDUCE_COUNT_FALSE": lambda values: sum(not value for value in values),
    "REDUCE_FRACTION_TRUE": _share_true,
}
