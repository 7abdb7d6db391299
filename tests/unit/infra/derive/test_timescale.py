"""The time series of the stacks, and what stands behind each client's connection (TS-SVC, COR-11)."""

from typing import Any

import pytest

from infra.catalog import timescale_rows
from infra.derive.platform import PlatformPlan, derive
from infra.derive.timescale import TimescalePlan
from infra.settings import load
from tests.stacks import declared, settings_of


def platform(stack: str = "prod", **changes: Any) -> PlatformPlan:
    return derive(settings_of(stack, {"timescale": changes}))


def plan(stack: str = "prod", **changes: Any) -> TimescalePlan:
    found = platform(stack, **changes).timescale
    assert found is not None
    return found


def test_production_runs_in_tokyo_on_aws_with_a_replica_that_takes_over() -> None:
    prod = plan()
    assert (prod.cloud, prod.region.code, prod.region.place) == ("aws", "ap-northeast-1", "Tokyo")
    assert (prod.compute.milli_cpu, prod.compute.memory_gb) == (4000, 16)
    assert (prod.ha_replicas, prod.sync_replicas, prod.environment_tag) == (1, 0, "PROD")


def test_development_is_the_smallest_there_is() -> None:
    dev = plan("dev")
    assert dev.compute == min(timescale_rows.computes().values(), key=lambda size: size.milli_cpu)
    assert (dev.ha_replicas, dev.read_replica, dev.environment_tag) == (0, None, "DEV")


def test_the_credentials_are_named_after_the_environment() -> None:
    prod = plan()
    assert (prod.access_key, prod.secret_key) == (
        "triptrip-prod-timescale-access-key",
        "triptrip-prod-timescale-secret-key",
    )


def test_every_size_is_a_pair_the_provider_takes() -> None:
    for name, size in timescale_rows.computes().items():
        assert size.milli_cpu == 250 * size.memory_gb
        assert name == f"{size.milli_cpu / 1000:g} CPU / {size.memory_gb} GB"


def test_azure_regions_have_the_providers_prefix() -> None:
    for name, region in timescale_rows.cloud_regions().items():
        cloud, _, code = name.partition("/")
        assert region.code == (f"az-{code}" if cloud == "azure" else code)


REPLICA = {"compute": "2 CPU / 8 GB"}


@pytest.mark.parametrize(
    ("client", "changes", "host"),
    [
        ({"endpoints": ["write"]}, {}, "service"),
        ({"endpoints": ["write"], "pooled": True}, {}, "pooler"),
        ({"endpoints": ["read"]}, {"haReplicas": 0}, "service"),
        ({"endpoints": ["read"]}, {"haReplicas": 1}, "standby"),
        ({"endpoints": ["read"]}, {"haReplicas": 1, "readReplica": REPLICA}, "replica"),
        ({"endpoints": ["read"], "pooled": True}, {"readReplica": REPLICA}, "replica-pooler"),
    ],
)
def test_what_stands_behind_an_endpoint(client: dict[str, Any], changes: dict[str, Any], host: str) -> None:
    raw = declared("dev")
    raw["timescale"] = {**raw["timescale"], **changes, "clients": {"application": client}}
    del raw["schemas"]  # its program is a client too
    found = derive(load(raw)).timescale
    assert found is not None
    assert [connection.host for connection in found.connections] == [host]


def test_another_cloud_is_always_told_and_what_cannot_be_undone_too() -> None:
    told = {each.path: each.text for each in platform(dataTiering=True).advice}
    assert "another cloud" in told["timescale.region"]
    assert "protect" in told["timescale.region"]
    assert "never be turned off" in told["timescale.dataTiering"]
    assert "tsdbadmin" in told["timescale.clients"]


def test_data_abroad_is_told() -> None:
    texts = [each.text for each in platform(region="aws/us-west-2").advice if each.path == "timescale.region"]
    assert any("law of United States" in text for text in texts)


def test_a_network_that_nobody_can_enter_is_told() -> None:
    told = {each.path: each.text for each in platform(vpc={"range": "10.99.0.0/24"}).advice}
    assert "nobody reaches" in told["timescale.vpc"]
    assert "an AWS network" in told["timescale.region"]
