"""Lengths of time, as they are written and as PostgreSQL keeps them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.timescale.interval import Interval

NUMBERS = st.integers(1, 10_000)
UNITS = st.sampled_from(["minute", "hour", "day", "week", "month", "year"])


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("1 minute", Interval(seconds=60)),
        ("24 hours", Interval(seconds=86_400)),
        ("1 day", Interval(days=1)),
        ("2 weeks", Interval(days=14)),
        ("1 month", Interval(months=1)),
        ("2 years", Interval(months=24)),
    ],
)
def test_each_unit(text: str, interval: Interval) -> None:
    assert Interval.parse(text) == interval


@pytest.mark.parametrize("text", ["", "1", "day", "0 days", "-1 day", "1.5 hours", "1 day 2 hours", "1 Day"])
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(ValueError, match="is no interval"):
        Interval.parse(text)


@given(NUMBERS, UNITS)
def test_what_is_written_reads_back_the_same(number: int, unit: str) -> None:
    interval = Interval.parse(f"{number} {unit}s")
    assert Interval.parse(str(interval)) == interval


def test_a_year_is_not_its_days_and_a_day_not_its_hours() -> None:
    assert Interval.parse("1 year") != Interval.parse("365 days")
    assert Interval.parse("1 day") != Interval.parse("24 hours")
    assert Interval.parse("1 day").length == Interval.parse("24 hours").length
    assert str(Interval(months=13, days=1, seconds=5400)) == "13 months 1 day 90 minutes"
