"""The price book: every row told fully, none that an estimate uses too old, prices that change with the quantity."""

from datetime import date
from decimal import Decimal

import pytest

from infra.catalog.cache_rows import capacity_tiers, valkey_nodes
from infra.catalog.price_rows import PriceRow, commitments, price_of, prices, stale, targets
from infra.derive.bigquery_checks import SCAN_PRICE
from infra.derive.cost import ORDER, estimate
from infra.settings.monitoring_budget import UsageSettings
from tests.stacks import settings_of

TOKYO = "asia-northeast1"


def row(item: str, region: str = TOKYO) -> PriceRow:
    return prices()[item, region]


def dated(day: str) -> PriceRow:
    return row("gcs-standard").model_copy(update={"date": date.fromisoformat(day)})


def test_no_row_of_an_estimate_is_older_than_nine_months() -> None:
    asked = {line.item for stack in ("dev", "prod") for line in estimate(settings_of(stack), UsageSettings()).lines}
    # Advice asks for the prices of other sizes, too.
    asked |= {tier.price for tier in capacity_tiers()} | {SCAN_PRICE}
    old = stale([each for (item, _), each in prices().items() if item in asked], date.today())  # noqa: DTZ011 # a book's age is in days
    told = "\n".join(f"  {each.item} ({each.region}) of {each.date}: {each.source}" for each in old)
    assert not old, (
        f"infra/catalog/prices.yaml is out of date; look these prices up again in their sources, write price and date, "
        f"and accept the new snapshots (docs/runbooks/prices.md):\n{told}"
    )


@pytest.mark.parametrize(
    ("of", "today", "is_stale"),
    [
        ("2026-02-26", "2026-11-26", False),
        ("2026-02-25", "2026-11-26", True),
        ("2026-01-31", "2026-10-31", False),
        ("2026-04-27", "2027-01-27", False),
        ("2026-04-27", "2027-01-28", True),
        ("2026-05-31", "2027-02-28", False),
        ("2026-05-31", "2027-03-01", True),
        ("2025-03-01", "2025-12-01", False),
        ("2025-03-01", "2025-12-02", True),
    ],
)
def test_a_row_is_too_old_after_nine_months(of: str, today: str, is_stale: bool) -> None:
    assert bool(stale([dated(of)], date.fromisoformat(today))) is is_stale


def test_the_oldest_row_is_told_first() -> None:
    rows = [dated("2025-05-01"), dated("2025-01-01"), dated("2026-11-01")]
    assert [each.date.month for each in stale(rows, date(2026, 11, 26))] == [1, 5]


def test_every_price_that_is_asked_for_is_in_the_book() -> None:
    asked = {tier.price for tier in capacity_tiers()} | {each.price for each in valkey_nodes().values() if each.price}
    assert asked | {SCAN_PRICE} <= {item for item, _ in prices()}
    assert {each.commitment for each in prices().values() if each.commitment} == set(commitments())
    assert all(set(stores) <= set(ORDER) for stores in targets().values())


@pytest.mark.parametrize("each", prices().values(), ids=lambda each: f"{each.item}-{each.region}")
def test_every_row_says_where_it_comes_from_and_is_no_nonsense(each: PriceRow) -> None:
    assert each.source
    assert each.date.year >= 2026
    assert each.price > 0
    assert each.highest >= each.price
    assert [step.start for step in each.steps] == sorted({step.start for step in each.steps})
    assert all(step.price < each.price for step in each.steps)
    assert each.high is None or each.confidence != "A" or each.item == "nat-gateway"


def test_a_price_changes_with_the_quantity_and_what_is_free_is_left_out() -> None:
    cdn = row("cdn-cache-egress", "asia")
    assert [(portion.quantity, portion.low) for portion in cdn.portions(Decimal(200_000))] == [
        (Decimal(10_240), Decimal("0.09")),
        (Decimal(143_360), Decimal("0.06")),
        (Decimal(46_400), Decimal("0.05")),
    ]
    assert [portion.quantity for portion in cdn.portions(Decimal(10_240))] == [Decimal(10_240)]
    queries = row("bigquery-on-demand")
    assert [portion.quantity for portion in queries.portions(Decimal(60))] == [Decimal(59)]
    assert list(queries.portions(Decimal(1))) == []
    assert list(queries.portions(Decimal("0.5"))) == []


def test_osaka_has_tokyos_price_as_an_estimate_and_other_regions_have_none() -> None:
    osaka = price_of("gcs-nearline", "asia-northeast2")
    assert osaka is not None
    assert (osaka.price, osaka.confidence) == (Decimal("0.016"), "D")
    assert "asia-northeast1 stands in" in osaka.source
    assert price_of("gcs-nearline", "asia-northeast3") is None
    assert price_of("gcs-frozen", TOKYO) is None
