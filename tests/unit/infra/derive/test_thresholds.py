"""Thresholds: what people write is what Cloud Monitoring compares with, in the metric's own unit."""

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog.metric_rows import MetricUnit
from infra.derive import thresholds
from infra.settings.scalar import UnitError


@given(st.integers(0, 100_000), st.sampled_from(["percent", "share"]))
def test_a_share_is_a_fraction_or_percents(thousandths: int, unit: str) -> None:
    base = thresholds.parse(f"{Decimal(thousandths) / 1000:f} %", "share")
    wanted = Decimal(thousandths) / 1000 / (100 if unit == "share" else 1)
    assert thresholds.in_metric_unit(base, unit) == wanted


@given(st.integers(0, 10**9))
def test_milliseconds_are_a_thousand_microseconds_each(milliseconds: int) -> None:
    base = thresholds.parse(f"{milliseconds} ms", "duration")
    assert thresholds.in_metric_unit(base, "us") == milliseconds * 1000
    assert thresholds.in_metric_unit(base, "ms") == milliseconds
    assert thresholds.in_metric_unit(base, "s") * 1000 == milliseconds


@given(st.integers(0, 10**9), st.sampled_from([("kB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)]))
def test_sizes_are_bytes(amount: int, unit: tuple[str, int]) -> None:
    base = thresholds.parse(f"{amount} {unit[0]}", "size")
    assert thresholds.in_metric_unit(base, "bytes") == amount * unit[1]


@given(st.integers(0, 10**9))
def test_counts_are_counts(amount: int) -> None:
    assert thresholds.in_metric_unit(thresholds.parse(str(amount), "count"), "count") == amount


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(get_args(MetricUnit)))
def test_what_is_more_stays_more(first: int, second: int, unit: str) -> None:
    one, other = (thresholds.in_metric_unit(Decimal(each), unit) for each in (first, second))
    assert (first < second) == (one < other)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("70", "share"),
        ("70 % of RAM", "share"),
        ("101 %", "share"),
        ("70 %", "duration"),
        ("100", "duration"),
        ("10 MB", "count"),
        ("-1", "count"),
        ("1.2.3", "count"),
        ("", "count"),
        ("10 ms", "size"),
    ],
)
def test_a_threshold_of_another_unit_is_refused(text: str, unit: str) -> None:
    with pytest.raises(UnitError):
        thresholds.parse(text, unit)  # type: ignore[arg-type]  # each is one of the units
