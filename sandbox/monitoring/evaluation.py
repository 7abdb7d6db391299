"""When a condition is true of simulated time series: alignment, reduction, threshold or absence, retest window.

A model of what Cloud Monitoring's documentation says ("Behavior of metric-based alerting policies", read 2026-11),
asked every minute. Google's forecast is not published: here it is a straight line through two horizons of data.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.monitoring import filters
from sandbox.monitoring.aggregations import aggregated
from sandbox.monitoring.alignment import Track, align, reduced
from sandbox.monitoring.conditions import Absence, Aggregation, Threshold, Trigger, condition_of
from sandbox.monitoring.series import SAMPLING_SECONDS, Distribution, Series, Value

_RAW = Aggregation(alignment_period=SAMPLING_SECONDS, per_series_aligner="ALIGN_NEXT_OLDER")
"""What a condition without aggregation sees: the last point of the last minute."""
Key = tuple[tuple[str, str], ...]


class Interval(NamedTuple):
    """A condition is true from `start` on, and at `end` no more (None: it still is when asked last); seconds."""

    start: int
    end: int | None


def evaluate(condition: Mapping[str, Any], series: Sequence[Series], until: int | None = None) -> list[Interval]:
    """When a threshold or absence condition, as it is declared, is true of these series.

    Asked every minute from the first point to the last one, or to `until`, seconds as in the points. Raises ValueError
    for a PromQL condition (sandbox/monitoring/promtool.py) and for one that `check_condition` finds fault with.
    """
    parsed = condition_of(condition)
    times = [time for one in series for time in one.points]
    if not times:
        return []
    moments = range(_next_minute(min(times)), (max(times) if until is None else until) + 1, SAMPLING_SECONDS)
    if parsed.condition_threshold is not None:
        return _intervals(_threshold(parsed.condition_threshold, series, moments))
    if parsed.condition_absent is not None:
        return _intervals(_absence(parsed.condition_absent, series, moments))
    raise ValueError("only threshold and absence conditions are evaluated here; PromQL is promtool's")


def _threshold(condition: Threshold, series: Sequence[Series], moments: range) -> Iterator[tuple[int, bool]]:
    tracks = _compared(condition, series, moments)
    horizon = condition.forecast_options.forecast_horizon if condition.forecast_options else 0
    above = condition.comparison == "COMPARISON_GT"
    watched = {key: _Watched(condition.duration, condition.evaluation_missing_data) for key in tracks}
    for moment in moments:
        for key, values in tracks.items():
            value = _foretold(values, moment, horizon) if horizon else values.get(moment)
            limit = condition.threshold_value
            watched[key].ask(moment, None if value is None else value > limit if above else value < limit)
        yield moment, _triggered(condition.trigger, [one.failing for one in watched.values() if one.seen])


def _absence(condition: Absence, series: Sequence[Series], moments: range) -> Iterator[tuple[int, bool]]:
    tracks = _aggregated(condition.filter, condition.aggregations, series, moments)
    last: dict[Key, int] = {}
    for moment in moments:
        last.update({key: moment for key, values in tracks.items() if moment in values})
        absent = [moment - seen >= condition.duration for seen in last.values()]
        yield moment, _triggered(condition.trigger, absent)


def _triggered(trigger: Trigger, failing: list[bool]) -> bool:
    if trigger.percent:
        return bool(failing) and sum(failing) * 100 >= trigger.percent * len(failing)
    return sum(failing) >= (trigger.count or 1)


@dataclass
class _Watched:
    """One time series of a condition: since when it is beyond the threshold, and whether long enough."""

    duration: int
    missing: str | None
    since: int | None = None
    failing: bool = False
    seen: bool = False

    def ask(self, moment: int, beyond: bool | None) -> None:
        """Take in one evaluation; None is missing data, which opens nothing and closes nothing unless it is said."""
        self.seen = self.seen or beyond is not None
        if beyond is None:
            beyond = self.seen and self._meant()
        self.since = (moment if self.since is None else self.since) if beyond else None
        self.failing = self.since is not None and moment - self.since >= self.duration

    def _meant(self) -> bool:
        if self.missing == "EVALUATION_MISSING_DATA_ACTIVE":
            return True
        return self.missing != "EVALUATION_MISSING_DATA_INACTIVE" and self.failing


def _compared(condition: Threshold, series: Sequence[Series], moments: range) -> dict[Key, dict[int, float]]:
    """The values that are compared: of the filter's series, over those of the denominator where there is one."""
    tracks = _aggregated(condition.filter, condition.aggregations, series, moments)
    if condition.denominator_filter is None:
        return {key: {time: _comparable(value) for time, value in values.items()} for key, values in tracks.items()}
    below = _aggregated(condition.denominator_filter, condition.denominator_aggregations, series, moments)
    return {
        key: {
            time: _comparable(value) / _comparable(whole)
            for time, value in values.items()
            if (whole := below.get(key, {}).get(time))
        }
        for key, values in tracks.items()
    }


def _aggregated(
    text: str, aggregations: Iterable[Aggregation], series: Sequence[Series], moments: range
) -> dict[Key, dict[int, Value]]:
    """Values by group and moment, after every aggregation."""
    tree = filters.parse(text)
    chosen = [one for one in series if tree.accepts(one.fields)]
    if not chosen:
        return {}
    steps = tuple(aggregations)
    form = chosen[0].written_form
    for aggregation in steps:
        form = aggregated(form, aggregation.model_dump(by_alias=True))
    tracks = [Track.of(one) for one in chosen]
    made: dict[Key, dict[int, Value]] = {}
    for aggregation in steps or (_RAW,):
        made = _step(tracks, aggregation, moments)
        every = aggregation.alignment_period or SAMPLING_SECONDS
        tracks = [Track.made(dict(key), values, every) for key, values in made.items()]
    return made


def _step(tracks: Sequence[Track], aggregation: Aggregation, moments: range) -> dict[Key, dict[int, Value]]:
    """One aggregation: every track aligned at every moment, then those of a group reduced."""
    groups: dict[Key, list[Track]] = {}
    for track in tracks:
        groups.setdefault(_key(track, aggregation), []).append(track)
    made: dict[Key, dict[int, Value]] = {}
    for key, members in groups.items():
        made[key] = values = {}
        for moment in moments:
            each = [_aligned(track, aggregation, moment) for track in members]
            present = [value for value in each if value is not None]
            if present:
                only = aggregation.cross_series_reducer == "REDUCE_NONE"
                values[moment] = present[0] if only else reduced(present, aggregation.cross_series_reducer)
    return made


def _aligned(track: Track, aggregation: Aggregation, moment: int) -> Value | None:
    aligner = aggregation.per_series_aligner
    if aligner == "ALIGN_NONE":
        return align(track, "ALIGN_NEXT_OLDER", moment, SAMPLING_SECONDS)
    return align(track, aligner, moment, aggregation.alignment_period)


def _key(track: Track, aggregation: Aggregation) -> Key:
    """What a track is grouped by: the fields asked for, or all that it has where nothing is reduced."""
    if aggregation.cross_series_reducer == "REDUCE_NONE":
        return tuple(sorted(track.fields.items()))
    wanted = map(filters.field_name, aggregation.group_by_fields)
    return tuple((name, track.fields.get(name, "")) for name in ("resource.type", *wanted))


def _foretold(values: Mapping[int, float], moment: int, horizon: int) -> float | None:
    """Where a straight line through the last two horizons stands one horizon from now; None before there are two."""
    history = [(time, value) for time, value in values.items() if moment - 2 * horizon <= time <= moment]
    if not history or history[0][0] > moment - 2 * horizon:
        return None
    mean_time = sum(time for time, _ in history) / len(history)
    mean_value = sum(value for _, value in history) / len(history)
    spread = sum((time - mean_time) ** 2 for time, _ in history)
    slope = sum((time - mean_time) * (value - mean_value) for time, value in history) / spread
    return mean_value + slope * (moment + horizon - mean_time)


def _comparable(value: Value) -> float:
    if isinstance(value, Distribution):
        raise TypeError("a distribution cannot be compared with a threshold: align or reduce it to a percentile")
    return float(value)


def _next_minute(time: int) -> int:
    return -(-time // SAMPLING_SECONDS) * SAMPLING_SECONDS


def _intervals(answers: Iterable[tuple[int, bool]]) -> list[Interval]:
    found: list[Interval] = []
    start = None
    for moment, holds in answers:
        if holds and start is None:
            start = moment
        elif not holds and start is not None:
            found.append(Interval(start, moment))
            start = None
    return found if start is None else [*found, Interval(start, None)]
