"""The cache of the stacks, worked out: UTC times, nodes, prices, the connection (RDS-*, COR-07 … COR-09)."""

import json
from typing import Any

import pytest

from infra.derive.cache import CachePlan, node_type
from infra.derive.cache_costs import cheaper_and_larger, redis_offer
from infra.derive.platform import derive
from tests.stacks import VALKEY, settings_of

TOKYO = "asia-northeast1"


def plan_of(stack: str, over: dict[str, Any] | None = None) -> CachePlan:
    plan = derive(settings_of(stack, over)).cache
    assert plan is not None
    return plan


def advice_of(stack: str, over: dict[str, Any] | None = None) -> dict[str, str]:
    found = derive(settings_of(stack, over)).advice
    return {each.path: each.text for each in found if each.path.startswith("cache.")}


def test_production_is_the_documents_instance() -> None:
    plan = plan_of("prod")
    assert (plan.engine, plan.size_gb, plan.replicas) == ("redis", 32, 2)
    assert plan.redis is not None
    assert plan.valkey is None
    assert plan.redis.version == "REDIS_7_2"
    assert plan.redis.configs == {
        "maxmemory-gb": "28",
        "maxmemory-policy": "allkeys-lru",
        "notify-keyspace-events": "Ex",
    }


def test_local_times_become_utc_and_name_no_day_of_the_clock() -> None:
    plan = plan_of("prod")
    assert (plan.maintenance.day, plan.maintenance.hour) == ("SATURDAY", 20)
    assert plan.redis is not None
    assert (plan.redis.snapshot_period, plan.redis.snapshot_start) == ("ONE_HOUR", "2026-01-01T17:00:00Z")


def test_valkey_takes_the_smallest_node_that_holds_the_data() -> None:
    valkey = plan_of("prod", VALKEY).valkey
    assert valkey is not None
    assert (valkey.node_type, valkey.append_sync) == ("HIGHMEM_XLARGE", "EVERY_SEC")
    assert (valkey.backup_hour, valkey.backup_retention) == (17, "604800s")
    assert "maxmemory-gb" not in valkey.configs


@pytest.mark.parametrize(
    ("size", "node"),
    [(1, "CUSTOM_PICO"), (2, "CUSTOM_MICRO"), (5, "STANDARD_SMALL"), (10, "HIGHMEM_MEDIUM"), (88, "HIGHMEM_2XLARGE")],
)
def test_node_types_by_size(size: int, node: str) -> None:
    assert node_type(size) == node


def test_no_node_holds_more_than_the_largest() -> None:
    assert node_type(89) is None


@pytest.mark.parametrize(
    ("size", "larger"),
    [(4, 5), (10, 11), (27, 36), (32, 36), (35, 36), (80, 101), (100, 101)],
)
def test_a_size_below_a_cliff_costs_more_than_the_tier_above(size: int, larger: int) -> None:
    found = cheaper_and_larger(size, 1, TOKYO)
    assert found is not None
    own, best = found
    assert (own.size_gb, best.size_gb) == (size, larger)
    assert own.month > best.month


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9, 11, 26, 36, 79, 101, 300])
def test_no_other_size_does(size: int) -> None:
    assert cheaper_and_larger(size, 2, TOKYO) is None


def test_prices_are_the_books() -> None:
    assert str(redis_offer(32, 2, TOKYO)) == "32 GB at 2,207.52 USD"
    assert str(redis_offer(32, 1, TOKYO)) == "32 GB at 1,471.68 USD"
    assert str(redis_offer(5, 1, TOKYO)) == "5 GB at 273.75 USD"
    assert redis_offer(32, 2, "asia-northeast3") is None
    assert cheaper_and_larger(32, 2, "asia-northeast3") is None


def test_the_price_cliff_and_the_missed_targets_are_told() -> None:
    told = advice_of("prod")
    assert "2,207.52" in told["cache.size"]
    assert "36 GB at 1,852.74" in told["cache.size"]
    assert "COR-09" in told["cache.targets.availability"]
    assert "99.9 %" in told["cache.targets.availability"]
    assert "COR-08" in told["cache.targets.operationsPerSecond"]
    assert "9 shards" in told["cache.targets.operationsPerSecond"]


def test_a_cheaper_size_and_an_engine_that_promises_more_are_left_alone() -> None:
    assert "cache.size" not in advice_of("prod", {"cache": {"size": "36 GB"}})
    assert "cache.targets.availability" not in advice_of("prod", VALKEY)
    assert advice_of("dev") == {}


def test_a_client_is_handed_tls_urls_the_authority_and_its_pool() -> None:
    connection = json.loads(plan_of("prod").connection({"write": 6378, "read": 6378}, "a/b"))
    assert connection["urls"] == {
        "write": "rediss://:a%2Fb@redis-write.prod.triptrip.internal:6378/0",
        "read": "rediss://:a%2Fb@redis-read.prod.triptrip.internal:6378/0",
    }
    assert connection["certificateAuthority"].endswith("cache-ca.pem")
    assert connection["pool"] == {"minIdle": 10, "maxIdle": 50, "maxTotal": 100, "maxWaitMilliseconds": 5000}


def test_a_client_of_valkey_signs_in_with_a_token_and_is_handed_no_password() -> None:
    connection = json.loads(plan_of("prod", VALKEY).connection({"write": 6379, "read": 6379}, None))
    assert connection["authentication"] == "iam"
    assert connection["urls"]["write"] == "rediss://redis-write.prod.triptrip.internal:6379/0"
