"""Growth between the document's figures, worked out by hand (CAP, SCALE-*)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog.capacity_rows import Curve, SeriesRow, growth_model, series
from infra.catalog.words import Words
from ops.report.capacity.growth import demand, first_month, value

CURVES: tuple[Curve, ...] = ("points", "rates")


def row(points: dict[int, float], **more: bool) -> SeriesRow:
    return SeriesRow(unit="GB", confidence="A", source="", words=Words(en="", ja=""), points=points, **more)


def test_the_documents_figures_stand_in_their_months() -> None:
    for month, data, cpu, memory, iops in ((12, 350, 8, 32, 10_000), (36, 5120, 32, 128, 50_000)):
        found = demand(month, "points", "stores")
        assert (found.data, found.cpu, found.memory, found.iops) == (data, cpu, memory, iops)
    last = demand(60, "points", "stores")
    assert (last.data, last.cpu, last.memory, last.iops, last.replicas) == (102_400, 64, 256, 100_000, 4)
    assert (last.transactions, last.users) == (5_000_000, 1_000_000)


def test_between_two_points_each_month_grows_by_the_same_factor() -> None:
    # 8 to 32 vCPU in 24 months: twice as many after half of them.
    assert demand(24, "points", "stores").cpu == 16
    # 350 to 5,120 GB in 24 months: 14.63 to the 24th root is 1.1183.
    assert value(series()["data"], 13, "points") / 350 == pytest.approx(1.1183, abs=0.0001)


def test_rates_compound_from_the_first_figure_on_each_until_the_next_point() -> None:
    data = series()["data"]
    assert value(data, 36, "rates") == pytest.approx(350 * 1.1**24)
    assert value(data, 36, "rates") == pytest.approx(3447.4, abs=0.05)
    assert value(data, 37, "rates") == pytest.approx(350 * 1.1**24 * 1.15)
    assert value(data, 60, "rates") == pytest.approx(98_682.6, abs=0.05)


@pytest.mark.parametrize("curve", CURVES)
def test_before_the_first_point_data_shrink_by_its_rate_and_what_has_no_rate_stays(curve: Curve) -> None:
    assert value(series()["data"], 1, curve) == pytest.approx(350 / 1.1**11)
    assert [demand(month, curve, "stores").cpu for month in (1, 6, 12)] == [8, 8, 8]


def test_the_month_in_which_350_gb_pass_70_percent_of_a_terabyte() -> None:
    # 716.8 / 350 = 2.048. At 10 % a month: ln 2.048 / ln 1.1 = 7.52, so 8 months on; at 11.83 %: 6.41, so 7.
    assert first_month(series()["data"], "rates", 0.7 * 1024) == 20
    assert first_month(series()["data"], "points", 0.7 * 1024) == 19


def test_what_has_one_figure_follows_another_series() -> None:
    # Peak of writes: 10,000 TPS at 5,000,000 transactions a day, so 1,000 at 500,000.
    assert demand(36, "points", "stores").writes == pytest.approx(1000)
    # The cache: 28 GB at 100,000 users, so 280 at a million.
    assert demand(60, "points", "stores").cache == pytest.approx(280)


def test_replicas_are_planned_by_the_year() -> None:
    assert [demand(month, "points", "stores").replicas for month in (12, 35, 36, 59, 60)] == [0, 0, 2, 2, 4]


@pytest.mark.parametrize(
    ("placement", "stores", "gb"),
    [
        ("stores", {"postgres", "timescale", "bigquery"}, 500),
        ("stores", {"postgres", "bigquery"}, 500),
        ("stores", {"postgres", "timescale"}, 500 + 1536),
        ("stores", {"postgres"}, 500 + 3072 + 1536),
        ("postgres", {"postgres", "timescale", "bigquery"}, 5120),
    ],
)
def test_postgres_holds_what_has_no_store_of_its_own(placement: str, stores: set[str], gb: float) -> None:
    found = demand(36, "points", "postgres" if placement == "postgres" else "stores")
    assert found.in_postgres(frozenset(stores)) == gb


@given(st.floats(10, 1000), st.floats(1, 100), st.floats(1, 100), st.floats(1, 10), st.floats(10, 1e6))
def test_faster_growth_never_reaches_a_limit_later(
    start: float, to_year_3: float, to_year_5: float, faster: float, limit: float
) -> None:
    slow = row({12: start, 36: start * to_year_3, 60: start * to_year_3 * to_year_5})
    fast = row({12: start, 36: start * to_year_3 * faster, 60: start * to_year_3 * faster * to_year_5})
    never = growth_model().months + 1
    assert (first_month(fast, "points", limit) or never) <= (first_month(slow, "points", limit) or never)


@given(st.integers(1, 59), st.sampled_from(CURVES), st.sampled_from(sorted(series())))
def test_nothing_shrinks(month: int, curve: Curve, name: str) -> None:
    now, later = (value(series()[name], at, curve) for at in (month, month + 1))
    assert math.isfinite(now)
    assert now <= later
