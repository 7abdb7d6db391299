"""Aligners and reducers on the points of a window and the series of a group, worked out by hand."""

from collections.abc import Callable

import pytest

from sandbox.monitoring import Distribution, Series
from sandbox.monitoring.alignment import Track, align, reduced

MINUTE = 60
DISK = "cloudsql.googleapis.com/database/disk/utilization"
LATENCIES = "cloudsql.googleapis.com/database/postgresql/insights/aggregate/latencies"
BOUNDS = (1e3, 1e4, 1e5, 1e6)


def disk(values: Callable[[int], float], minutes: int) -> Series:
    return Series(DISK, {minute * MINUTE: values(minute) for minute in range(1, minutes + 1)}, {"database_id": "p:a"})


def test_a_running_total_that_starts_anew_is_counted_from_nothing() -> None:
    metric = "prometheus.googleapis.com/redis_evicted_keys_total/counter"
    points = {MINUTE: 100.0, 2 * MINUTE: 110.0, 3 * MINUTE: 4.0, 4 * MINUTE: 4.0}
    track = Track.of(Series(metric, points, {"instance": "cache"}))
    assert [align(track, "ALIGN_DELTA", minute * MINUTE, MINUTE) for minute in (1, 2, 3, 4)] == [None, 10.0, 4.0, 0.0]
    # Half of a minute's growth lies in a window that ends half a minute earlier.
    assert align(track, "ALIGN_DELTA", 90, MINUTE) == 5.0


def test_part_of_a_distribution_s_growth_is_its_part() -> None:
    points = {minute * MINUTE: Distribution(BOUNDS, (0, 90 * minute, 10 * minute, 0, 0)) for minute in range(6)}
    track = Track.of(Series(LATENCIES, points, {"resource_id": "p:a"}))
    assert align(track, "ALIGN_DELTA", 90, 30) == Distribution(BOUNDS, (0, 45, 5, 0, 0))


@pytest.mark.parametrize(
    ("aligner", "value"),
    [
        ("ALIGN_MIN", 1.0),
        ("ALIGN_MAX", 5.0),
        ("ALIGN_MEAN", 3.0),
        ("ALIGN_SUM", 15.0),
        ("ALIGN_COUNT", 5),
        ("ALIGN_STDDEV", 2**0.5),
        ("ALIGN_NEXT_OLDER", 5.0),
        ("ALIGN_INTERPOLATE", 5.0),
    ],
)
def test_aligners(aligner: str, value: float) -> None:
    track = Track.of(disk(float, 5))
    assert align(track, aligner, 5 * MINUTE, 5 * MINUTE) == pytest.approx(value)


def test_aligners_of_booleans() -> None:
    points = {minute * MINUTE: minute > 3 for minute in range(1, 6)}
    state = "cloudsql.googleapis.com/database/replication/state"
    track = Track.of(Series(state, points, {"database_id": "p:a"}, {"state": "Running"}))
    found = {one: align(track, f"ALIGN_{one}_TRUE", 5 * MINUTE, 5 * MINUTE) for one in ("COUNT", "FRACTION")}
    assert found == {"COUNT": 2, "FRACTION": pytest.approx(0.4)}
    assert align(track, "ALIGN_COUNT_FALSE", 5 * MINUTE, 5 * MINUTE) == 3
    assert reduced([True, False, True], "REDUCE_COUNT_TRUE") == 2
    assert reduced([True, False, True], "REDUCE_COUNT_FALSE") == 1
    assert reduced([True, False, True, True], "REDUCE_FRACTION_TRUE") == pytest.approx(0.75)


def test_interpolation_lies_between_the_points_on_both_sides() -> None:
    track = Track.of(Series(DISK, {0: 1.0, 4 * MINUTE: 3.0}, {"database_id": "p:a"}))
    assert align(track, "ALIGN_INTERPOLATE", MINUTE, 5 * MINUTE) == pytest.approx(1.5)
    assert align(track, "ALIGN_INTERPOLATE", 5 * MINUTE, 5 * MINUTE) == pytest.approx(3)
    assert align(track, "ALIGN_INTERPOLATE", 20 * MINUTE, 5 * MINUTE) is None


def test_percent_change_compares_means_of_ten_minutes() -> None:
    track = Track.of(disk(lambda now: 100.0 if now <= 30 else 150.0, 60))
    assert align(track, "ALIGN_PERCENT_CHANGE", 60 * MINUTE, 30 * MINUTE) == pytest.approx(50)
    # Five of the ten minutes before minute 35 were at 150.
    assert align(track, "ALIGN_PERCENT_CHANGE", 35 * MINUTE, 20 * MINUTE) == pytest.approx(25)


def test_percent_change_from_nothing() -> None:
    assert align(Track.of(disk(lambda _: 0.0, 60)), "ALIGN_PERCENT_CHANGE", 60 * MINUTE, 30 * MINUTE) == 0
    risen = Track.of(disk(lambda now: 0.0 if now <= 30 else 5.0, 60))
    assert align(risen, "ALIGN_PERCENT_CHANGE", 60 * MINUTE, 30 * MINUTE) == float("inf")
    assert align(risen, "ALIGN_PERCENT_CHANGE", 5 * MINUTE, 30 * MINUTE) is None


@pytest.mark.parametrize(
    ("reducer", "value"),
    [
        ("REDUCE_MIN", 1.0),
        ("REDUCE_MAX", 4.0),
        ("REDUCE_MEAN", 2.5),
        ("REDUCE_SUM", 10.0),
        ("REDUCE_COUNT", 4),
        ("REDUCE_PERCENTILE_50", 2.5),
        ("REDUCE_PERCENTILE_99", 3.97),
    ],
)
def test_reducers(reducer: str, value: float) -> None:
    assert reduced([4.0, 1.0, 3.0, 2.0], reducer) == pytest.approx(value)


def test_percentile_of_a_distribution() -> None:
    one = Distribution((10.0, 20.0), (0, 10, 10))
    assert one.percentile(25) == pytest.approx(15)
    # Nothing is known of how far the last bucket reaches.
    assert one.percentile(99) == 20.0
    assert Distribution((10.0,), (4, 0)).percentile(50) == pytest.approx(5)
    assert Distribution((10.0, 20.0), (0, 10, 0)).mean() == pytest.approx(15)


def test_reducers_of_distributions_put_them_together() -> None:
    both = [Distribution((10.0, 20.0), (0, 3, 0)), Distribution((10.0, 20.0), (0, 0, 1))]
    assert reduced(both, "REDUCE_SUM") == Distribution((10.0, 20.0), (0, 3, 1))
    # Three in the middle of (10, 20], one at 20.
    assert reduced(both, "REDUCE_MEAN") == pytest.approx(16.25)
    assert reduced(both, "REDUCE_PERCENTILE_50") == pytest.approx(10 + 10 * 2 / 3)


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert reduced([7.0], "REDUCE_PERCENTILE_95") == 7.0
