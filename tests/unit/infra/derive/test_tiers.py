"""Machine tiers of Cloud SQL (PG-INST, COR-01)."""

import re

import pytest

from infra.derive.tiers import UnknownTierError, parse_tier


def test_a_custom_tier_says_its_size_and_edition() -> None:
    tier = parse_tier("db-custom-16-61440")
    assert (tier.vcpus, tier.memory_mib, tier.edition, tier.shared_core) == (16, 61440, "ENTERPRISE", False)


def test_a_performance_optimised_tier_belongs_to_enterprise_plus() -> None:
    tier = parse_tier("db-perf-optimized-N-16")
    assert (tier.vcpus, tier.memory_mib, tier.edition) == (16, 131072, "ENTERPRISE_PLUS")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("db-n1-standard-4", "db-custom-<vCPU>-<MiB>"),
        ("db-perf-optimized-N-3", "db-perf-optimized-N-2"),
        ("db-custom-3-7680", "even number up to 96"),
        ("db-custom-0-3840", "even number up to 96"),
        ("db-custom-98-409600", "even number up to 96"),
        ("db-custom-2-7700", "7680"),
        ("db-custom-2-3584", "3840 to 13312 MiB"),
        ("db-custom-2-13568", "3840 to 13312 MiB"),
        ("db-custom-96-638976-x", "db-custom-<vCPU>-<MiB>"),
    ],
)
def test_a_machine_cloud_sql_does_not_offer_is_refused_with_what_it_offers(name: str, allowed: str) -> None:
    with pytest.raises(UnknownTierError, match=re.escape(allowed)):
        parse_tier(name)
