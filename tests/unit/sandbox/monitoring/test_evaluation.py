"""Conditions on simulated time series, worked out by hand: minutes are written as numbers times MINUTE."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.monitoring import Distribution, Form, Interval, Series, evaluate

MINUTE = 60
SQL = "cloudsql.googleapis.com/database"
DISK = f"{SQL}/disk/utilization"
LATENCIES = f"{SQL}/postgresql/insights/aggregate/latencies"
DEADLOCKS = f"{SQL}/postgresql/deadlock_count"
# Bounds of a latency in µs: 1 ms, 10 ms, 100 ms, 1 s.
BOUNDS = (1e3, 1e4, 1e5, 1e6)


def condition(
    metric: str, *aggregations: dict[str, Any], above: float = 0.0, minutes: int = 0, **more: Any
) -> dict[str, Any]:
    where = f'metric.type = "{metric}" AND resource.type = one_of("cloudsql_database", "cloudsql_instance_database")'
    body = {"comparison": "COMPARISON_GT", "thresholdValue": above, "duration": f"{minutes * MINUTE}s"}
    return {"conditionThreshold": {"filter": where, **body, "aggregations": list(aggregations), **more}}


def step(aligner: str, minutes: int = 1, reducer: str = "REDUCE_NONE", *by: str) -> dict[str, Any]:
    period = {"alignmentPeriod": f"{minutes * MINUTE}s", "perSeriesAligner": aligner}
    return {**period, "crossSeriesReducer": reducer, "groupByFields": list(by)}


def disk(values: Callable[[int], float | None], minutes: int, name: str = "p:a") -> Series:
    points = {minute * MINUTE: value for minute in range(1, minutes + 1) if (value := values(minute)) is not None}
    return Series(DISK, points, {"database_id": name})


def full_from(minute: int, to: int = 10_000) -> Callable[[int], float]:
    return lambda now: 0.9 if minute <= now < to else 0.5


def test_a_value_beyond_the_threshold_for_the_whole_duration() -> None:
    watched = condition(DISK, step("ALIGN_MAX"), above=0.7, minutes=5)
    assert evaluate(watched, [disk(full_from(10), 30)]) == [Interval(15 * MINUTE, None)]
    assert evaluate(watched, [disk(full_from(10, to=20), 30)]) == [Interval(15 * MINUTE, 20 * MINUTE)]
    # One minute short of the duration is no alert, and begins anew.
    assert evaluate(watched, [disk(full_from(10, to=15), 30)]) == []
    assert evaluate(condition(DISK, step("ALIGN_MAX"), above=0.7), [disk(full_from(10), 30)]) == [Interval(600, None)]


def test_the_threshold_itself_is_not_beyond_it() -> None:
    assert evaluate(condition(DISK, step("ALIGN_MAX"), above=0.9), [disk(full_from(1), 9)]) == []
    below = condition(DISK, step("ALIGN_MIN"), above=0.9, comparison="COMPARISON_LT")
    assert evaluate(below, [disk(full_from(1), 9)]) == []
    assert evaluate(below, [disk(full_from(5), 9)]) == [Interval(MINUTE, 5 * MINUTE)]


def test_the_window_moves_with_every_minute() -> None:
    # Means of five minutes at minutes 10, 11, 12: 0.58, 0.66, 0.74.
    watched = condition(DISK, step("ALIGN_MEAN", 5), above=0.7)
    assert evaluate(watched, [disk(full_from(10), 20)]) == [Interval(12 * MINUTE, None)]


def test_each_series_is_asked_by_itself_and_the_trigger_counts() -> None:
    series = [disk(full_from(10), 20), disk(full_from(15), 20, "p:b"), disk(lambda _: 0.1, 20, "p:c")]
    assert evaluate(condition(DISK, step("ALIGN_MAX"), above=0.7), series) == [Interval(10 * MINUTE, None)]
    two = condition(DISK, step("ALIGN_MAX"), above=0.7, trigger={"count": 2})
    assert evaluate(two, series) == [Interval(15 * MINUTE, None)]
    most = condition(DISK, step("ALIGN_MAX"), above=0.7, trigger={"percent": 66.0})
    assert evaluate(most, series) == [Interval(15 * MINUTE, None)]
    half = condition(DISK, step("ALIGN_MAX"), above=0.7, trigger={"percent": 50.0})
    assert evaluate(half, series[1:]) == [Interval(15 * MINUTE, None)]
    every = condition(DISK, step("ALIGN_MAX"), above=0.7, trigger={"percent": 100.0})
    assert evaluate(every, series) == []


def test_series_are_chosen_by_the_filter() -> None:
    watched = condition(DISK, step("ALIGN_MAX"), above=0.7)
    watched["conditionThreshold"]["filter"] += ' AND resource.labels.database_id = one_of("p:b", "p:c")'
    assert evaluate(watched, [disk(full_from(1), 9)]) == []
    assert evaluate(watched, [disk(full_from(1), 9, "p:b")]) != []


def backends(database: str, value: int, instance: str = "p:a") -> Series:
    points = {minute * MINUTE: value for minute in range(1, 6)}
    return Series(f"{SQL}/postgresql/num_backends", points, {"database_id": instance}, {"database": database})


def test_connections_are_summed_over_databases_of_an_instance() -> None:
    metric, by = f"{SQL}/postgresql/num_backends", "resource.label.database_id"
    watched = condition(metric, step("ALIGN_MEAN", 1, "REDUCE_SUM", by), above=400)
    assert evaluate(watched, [backends("app", 250), backends("jobs", 200)]) == [Interval(MINUTE, None)]
    # Two instances with as many connections are each below.
    assert evaluate(watched, [backends("app", 250), backends("app", 200, "p:b")]) == []
    # Without the sum no database is above by itself.
    assert (
        evaluate(condition(metric, step("ALIGN_MEAN"), above=400), [backends("app", 250), backends("jobs", 200)]) == []
    )


def test_connected_replicas_are_counted() -> None:
    lag = "redis.googleapis.com/replication/master/slaves/lag"
    watched = {
        "conditionThreshold": {
            "filter": f'metric.type = "{lag}" AND resource.type = "redis_instance"',
            "comparison": "COMPARISON_LT",
            "thresholdValue": 2,
            "duration": "120s",
            "aggregations": [step("ALIGN_MAX", 1, "REDUCE_COUNT", "resource.label.instance_id")],
        }
    }
    first, second = ({"slave": str(number)} for number in range(2))
    always = {minute * MINUTE: 0 for minute in range(1, 11)}
    gone = {minute * MINUTE: 0 for minute in range(1, 5)}
    instance = {"instance_id": "cache"}
    assert evaluate(watched, [Series(lag, always, instance, first), Series(lag, always, instance, second)]) == []
    assert evaluate(watched, [Series(lag, always, instance, first), Series(lag, gone, instance, second)]) == [
        Interval(7 * MINUTE, None)
    ]


def latencies(counts: tuple[int, ...], minutes: int, user: str = "app") -> Series:
    """A running total that grows by these counts every minute."""
    points = {
        minute * MINUTE: Distribution(BOUNDS, tuple(count * minute for count in counts))
        for minute in range(minutes + 1)
    }
    return Series(LATENCIES, points, {"resource_id": "p:a", "database": "app"}, {"user": user})


def test_p95_of_query_insights_in_microseconds() -> None:
    # Of 100 queries a minute 90 end within 10 ms and 10 within 100 ms: the 95th lies in the middle of (10 ms, 100 ms].
    p95 = 10_000 + 90_000 * 0.5
    percentile = step("ALIGN_DELTA", 5, "REDUCE_PERCENTILE_95", "resource.label.resource_id")
    series = [latencies((0, 90, 10, 0, 0), 10)]
    assert evaluate(condition(LATENCIES, percentile, above=p95 - 1), series) == [Interval(MINUTE, None)]
    assert evaluate(condition(LATENCIES, percentile, above=p95 + 1), series) == []
    # Two users: the percentile is of both together, not the worse of the two. Of 200 queries the 190th is wanted, and
    # 185 end within 10 ms: 5 of the 15 in (10 ms, 100 ms].
    together = [latencies((0, 90, 10, 0, 0), 10), latencies((0, 95, 5, 0, 0), 10, "jobs")]
    both = 10_000 + 90_000 * 5 / 15
    assert evaluate(condition(LATENCIES, percentile, above=both - 1), together) == [Interval(MINUTE, None)]
    assert evaluate(condition(LATENCIES, percentile, above=both + 1), together) == []


def test_p95_forgets_what_lies_before_the_window() -> None:
    slow_then_fast = {
        minute * MINUTE: Distribution(BOUNDS, (0, 0, 0, 100 * min(minute, 10), 100 * max(0, minute - 10)))
        for minute in range(31)
    }
    fast = {time: Distribution(BOUNDS, (one.counts[4], 0, 0, one.counts[3], 0)) for time, one in slow_then_fast.items()}
    series = Series(LATENCIES, fast, {"resource_id": "p:a"})
    watched = condition(LATENCIES, step("ALIGN_DELTA", 5, "REDUCE_PERCENTILE_95"), above=500_000)
    assert evaluate(watched, [series]) == [Interval(MINUTE, 15 * MINUTE)]


def test_two_aggregations_one_after_the_other() -> None:
    # p95 of each minute, then its mean over five: one slow minute of ten does not raise an alert, five do.
    first = step("ALIGN_DELTA", 1, "REDUCE_PERCENTILE_95", "resource.label.resource_id")
    watched = condition(LATENCIES, first, step("ALIGN_MEAN", 5), above=100_000)
    growing: tuple[int, ...] = (0, 0, 0, 0, 0)
    points = {0: Distribution(BOUNDS, growing)}
    for minute in range(1, 21):
        slow = minute == 5 or 11 <= minute <= 15
        added = (0, 0, 0, 100, 0) if slow else (100, 0, 0, 0, 0)
        growing = tuple(map(sum, zip(growing, added, strict=True)))
        points[minute * MINUTE] = Distribution(BOUNDS, growing)
    found = evaluate(watched, [Series(LATENCIES, points, {"resource_id": "p:a"})])
    # A slow minute's p95 is 955 ms, so that one in five makes a mean of 191 ms: true while one is in the window.
    assert found == [Interval(5 * MINUTE, 10 * MINUTE), Interval(11 * MINUTE, 20 * MINUTE)]
    none = condition(LATENCIES, first, step("ALIGN_MEAN", 5), above=500_000)
    # Three of five make 573 ms.
    assert evaluate(none, [Series(LATENCIES, points, {"resource_id": "p:a"})]) == [Interval(13 * MINUTE, 18 * MINUTE)]


def test_two_aggregations_take_every_period_once() -> None:
    # Sums of five minutes, then the largest of three of them: 50 where ten were added in every minute, 5 elsewhere.
    points = {minute * MINUTE: (10 if 6 <= minute <= 10 else 1) for minute in range(1, 31)}
    series = Series(DEADLOCKS, points, {"database_id": "p:a"}, {"database": "app"})
    watched = condition(DEADLOCKS, step("ALIGN_DELTA", 5), step("ALIGN_MAX", 15), above=49)
    # Windows of five minutes that end at 10, seen from 10, 15 and 20.
    assert evaluate(watched, [series]) == [
        Interval(10 * MINUTE, 11 * MINUTE),
        Interval(15 * MINUTE, 16 * MINUTE),
        Interval(20 * MINUTE, 21 * MINUTE),
    ]


def test_a_delta_counts_what_was_added_in_the_window() -> None:
    points = {minute * MINUTE: (1 if minute == 5 else 0) for minute in range(1, 21)}
    series = Series(DEADLOCKS, points, {"database_id": "p:a"}, {"database": "app"})
    assert evaluate(condition(DEADLOCKS, step("ALIGN_DELTA", 10)), [series]) == [Interval(5 * MINUTE, 15 * MINUTE)]
    rate = condition(DEADLOCKS, step("ALIGN_RATE", 10), above=1 / 601)
    assert evaluate(rate, [series]) == [Interval(5 * MINUTE, 15 * MINUTE)]


def test_missing_data() -> None:
    def gone(now: int) -> float | None:
        return None if 20 <= now < 40 else full_from(10)(now)

    def watched(missing: str | None = None) -> dict[str, Any]:
        return condition(DISK, step("ALIGN_MAX"), above=0.7, minutes=5, evaluationMissingData=missing)

    back, noted = [disk(gone, 50)], [Interval(15 * MINUTE, None)]
    assert evaluate(watched(), back) == noted
    assert evaluate(watched("EVALUATION_MISSING_DATA_NO_OP"), back) == noted
    assert evaluate(watched("EVALUATION_MISSING_DATA_ACTIVE"), back) == noted
    assert evaluate(watched("EVALUATION_MISSING_DATA_INACTIVE"), back) == [
        Interval(15 * MINUTE, 20 * MINUTE),
        Interval(45 * MINUTE, None),
    ]
    # What ends before the alert is raised raises none by itself.
    short = [disk(lambda now: 0.9 if now < 3 else None, 30)]
    assert evaluate(watched(), short, until=30 * MINUTE) == []
    assert evaluate(watched("EVALUATION_MISSING_DATA_ACTIVE"), short, until=30 * MINUTE) == [Interval(6 * MINUTE, None)]


def test_a_forecast_is_a_straight_line() -> None:
    watched = condition(DISK, step("ALIGN_MAX", 5), above=0.906, forecastOptions={"forecastHorizon": "3600s"})
    # Growing by 0.1 an hour from 0.5 on: 0.906 is passed in minute 243.6, seen an hour before.
    growing = [disk(lambda now: 0.5 + 0.1 * now / 60, 300)]
    assert evaluate(watched, growing) == [Interval(184 * MINUTE, None)]
    assert evaluate(watched, [disk(lambda _: 0.89, 300)]) == []
    # A line that is too short foretells nothing.
    assert evaluate(watched, [disk(lambda now: 0.8 + 0.1 * now / 60, 100)]) == []


def test_a_ratio() -> None:
    used = Series(
        f"{SQL}/disk/bytes_used", {minute * MINUTE: minute * 10 for minute in range(1, 11)}, {"database_id": "p:a"}
    )
    quota = Series(f"{SQL}/disk/quota", {minute * MINUTE: 100 for minute in range(1, 11)}, {"database_id": "p:a"})
    by = step("ALIGN_MEAN", 1, "REDUCE_SUM", "resource.label.database_id")
    watched = condition(f"{SQL}/disk/bytes_used", by, above=0.7)
    watched["conditionThreshold"] |= {
        "denominatorFilter": f'metric.type = "{SQL}/disk/quota"',
        "denominatorAggregations": [by],
    }
    assert evaluate(watched, [used, quota]) == [Interval(8 * MINUTE, None)]


def test_absence() -> None:
    absent = {
        "conditionAbsent": {
            "filter": f'metric.type = "{DISK}" AND resource.type = "cloudsql_database"',
            "duration": "600s",
            "aggregations": [step("ALIGN_MEAN", 1)],
        }
    }
    series = [disk(lambda now: None if 10 <= now < 30 else 0.5, 40)]
    assert evaluate(absent, series) == [Interval(19 * MINUTE, 30 * MINUTE)]
    assert evaluate(absent, [disk(lambda _: 0.5, 5)], until=30 * MINUTE) == [Interval(15 * MINUTE, None)]
    # What never was cannot be missed.
    assert evaluate(absent, [], until=30 * MINUTE) == []


def test_booleans() -> None:
    state = f"{SQL}/replication/state"
    points = {minute * MINUTE: minute < 6 for minute in range(1, 11)}
    running = Series(state, points, {"database_id": "p:a"}, {"state": "Running"})
    watched = condition(state, step("ALIGN_FRACTION_TRUE", 5), above=0.5, comparison="COMPARISON_LT")
    assert evaluate(watched, [running]) == [Interval(8 * MINUTE, None)]


def test_a_series_that_google_would_not_write_is_refused() -> None:
    with pytest.raises(ValueError, match="needs `resource`"):
        Series("bigquery.googleapis.com/query/count", {60: 1})
    with pytest.raises(ValueError, match="needs `resource`"):
        Series("custom.googleapis.com/a", {60: 1}, resource="global")
    assert Series("custom.googleapis.com/a", {60: 1}, resource="global", form=Form(kind="GAUGE", type="INT64")).fields
    with pytest.raises(ValueError, match="ascending bounds"):
        Distribution((2.0, 1.0), (1, 1, 1))


def test_promql_is_not_evaluated_here() -> None:
    with pytest.raises(ValueError, match="PromQL is promtool's"):
        evaluate({"conditionPrometheusQueryLanguage": {"query": "up"}}, [disk(float, 2)])
