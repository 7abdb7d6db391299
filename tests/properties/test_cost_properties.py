"""Arithmetic of the estimate, for any settings: sums that are sums, no charge below zero, more costs more."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.catalog.price_rows import HOURS_A_MONTH, prices
from infra.derive.cost import Estimate, estimate
from infra.derive.cost_lines import Account, CostLine, Range, Years, total
from infra.settings import Settings
from infra.settings.monitoring_budget import UsageSettings
from infra.settings.units import Size
from tests.properties.strategies import buildable_settings
from tests.stacks import settings_of

TOKYO = "asia-northeast1"
ITEMS = sorted(item for item, region in prices() if region == TOKYO)
YEARS: tuple[Years, ...] = (0, 1, 3)
_MOST = 1 << 20
_sizes = st.builds(lambda mib: Size(mib << 20), st.integers(0, _MOST))
_usages = st.builds(UsageSettings.model_construct, **dict.fromkeys(UsageSettings.model_fields, _sizes))
_quantities = st.decimals(0, 10**7, places=3, allow_nan=False)


def charged(item: str, quantity: Decimal) -> tuple[CostLine, ...]:
    lines = tuple(Account("any", TOKYO).charge("any", item, quantity))
    assert all(isinstance(line, CostLine) for line in lines)
    return tuple(line for line in lines if isinstance(line, CostLine))


def cents(amount: Decimal) -> bool:
    return isinstance(amount, Decimal) and amount == amount.quantize(Decimal("0.01"))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(buildable_settings(), _usages)
def test_a_total_is_the_sum_of_its_lines_and_of_its_stores(chosen: Settings, usage: UsageSettings) -> None:
    found = estimate(chosen, usage)
    for years in YEARS:
        month = found.month(years)
        assert month == Range(
            *(
                sum(ends, Decimal(0))
                for ends in zip(
                    Range(Decimal(0), Decimal(0)), *(line.month(years) for line in found.lines), strict=True
                )
            )
        )
        parts = [found.of(store).month(years) for store in found.stores]
        assert (month.low, month.high) == (sum(part.low for part in parts), sum(part.high for part in parts))
        assert cents(month.low)
        assert cents(month.high)
    named = {line.store for line in found.lines} | {each.store for each in found.unpriced}
    assert named == set(found.stores)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(buildable_settings(), _usages)
def test_no_line_is_below_zero_and_paying_ahead_is_never_dearer(chosen: Settings, usage: UsageSettings) -> None:
    for line in estimate(chosen, usage).lines:
        assert line.quantity > 0
        listed, one, three = (line.month(years) for years in YEARS)
        assert 0 <= three.low <= one.low <= listed.low <= listed.high
        assert listed.high >= one.high >= three.high
        assert (listed == three) is (line.commitment is None or listed.high == 0)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ITEMS), _quantities, _quantities)
def test_more_of_an_item_never_costs_less(item: str, one: Decimal, more: Decimal) -> None:
    less, all_of_it = total(charged(item, one)), total(charged(item, one + more))
    assert less.low <= all_of_it.low
    assert less.high <= all_of_it.high


@settings(max_examples=200, deadline=None)
@given(_quantities)
def test_a_quantity_is_cut_without_losing_any_of_it(quantity: Decimal) -> None:
    lines = tuple(Account("cdn", "asia").charge("egress", "cdn-cache-egress", quantity))
    assert sum(line.quantity for line in lines if isinstance(line, CostLine)) == quantity


def _postgres(vcpus: int, gib: int, gb: int, replicas: int) -> Estimate:
    over = {
        "postgres": {
            "primary": {"tier": f"db-custom-{vcpus}-{gib * 1024}"},
            "storage": {"size": f"{gb} GB", "limit": "64 TB"},
            "replicas": {
                key: {"tier": f"db-custom-{vcpus}-{gib * 1024}", "zone": f"{TOKYO}-{key}"} if index < replicas else None
                for index, key in enumerate("bc")
            },
        }
    }
    return estimate(settings_of("prod", over), UsageSettings()).of("postgres")


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 40), st.integers(100, 4096), st.integers(0, 2))
def test_postgresql_costs_twice_its_primary_and_once_each_replica(half: int, gb: int, replicas: int) -> None:
    vcpus, gib = half * 2, half * 8
    found = _postgres(vcpus, gib, gb, replicas)
    machines = 2 + replicas
    exact = (
        machines * HOURS_A_MONTH * (vcpus * Decimal("0.0537") + gib * Decimal("0.0091"))
        + machines * gb * Decimal("0.221")
        + gb * Decimal("0.104")
    )
    assert abs(found.month().low - exact) <= len(found.lines) * Decimal("0.005")
