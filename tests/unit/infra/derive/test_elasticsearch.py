"""What the search store becomes, what its disks hold, and what is said about it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog.elasticsearch_rows import elastic_regions, elastic_sizes, elastic_templates
from infra.derive.elasticsearch import ElasticsearchPlan
from infra.derive.phases import lay_over
from infra.derive.platform import derive
from infra.derive.search_capacity import SearchCapacity, search_capacity, smallest_zone
from infra.settings import SettingsError, load
from infra.settings.units import Size
from tests.stacks import declared


def stack(name: str, **over: Any) -> dict[str, Any]:
    """A stack with the search store alone, changed."""
    raw = declared(name)
    alone = {key: raw[key] for key in ("project", "network", "encryption", "elasticsearch")}
    return dict(lay_over(alone, over))


def plan(name: str, **over: Any) -> ElasticsearchPlan:
    found = derive(load(stack(name, **over))).elasticsearch
    assert found is not None
    return found


def texts(raw: dict[str, Any]) -> dict[str, str]:
    return {each.path: each.text for each in derive(load(raw)).advice}


def test_prod_is_three_zones_of_eight_gigabytes_in_tokyo() -> None:
    found = plan("prod")
    assert (found.hot.size, found.hot.zones, found.hot.limit) == ("8g", 3, None)
    assert (found.region, found.version, found.template) == ("gcp-asia-northeast1", "8.19.21", "gcp-cpu-optimized")
    assert found.snapshots is not None
    assert found.snapshots.kept_seconds == 30 * 86_400
    assert found.snapshots.setting_name == "gcs.client.triptrip.credentials_file"


def test_clients_get_the_partners_own_names() -> None:
    assert plan("prod").hosts == {
        "es": "triptrip-prod-search.es.psc.asia-northeast1.gcp.cloud.es.io",
        "kb": "triptrip-prod-search.kb.psc.asia-northeast1.gcp.cloud.es.io",
    }


def test_another_region_has_another_domain() -> None:
    found = plan("dev", project={"region": "asia-northeast3"})
    assert found.region == "gcp-asia-northeast3"
    assert found.hosts["es"].endswith(".es.psc.asia-northeast3.gcp.elastic-cloud.com")
    assert "/asia-northeast3/" in found.service_attachment


def test_osaka_has_no_elastic_cloud() -> None:
    raw = stack("prod", project={"region": "asia-northeast2", "disasterRecoveryRegion": "asia-northeast1"})
    with pytest.raises(SettingsError) as caught:
        derive(load(raw))
    problem = next(each for each in caught.value.problems if each.path == "project.region")
    assert "asia-northeast1" in problem.allowed
    assert "leave elasticsearch out" in problem.fix


def test_the_snapshot_account_is_no_clients_account() -> None:
    found = plan("prod", elasticsearch={"clients": ["snapshots"]})
    assert found.snapshots is not None
    assert found.snapshots.account_id == "snapshots-triptrip-prod"


def test_the_end_of_support_is_told_with_its_date() -> None:
    assert "2027-07-15" in texts(stack("prod"))["elasticsearch.version"]
    assert "elasticsearch.version" not in texts(stack("prod", elasticsearch={"version": "9.3.0"}))


def test_the_queries_that_no_size_of_ours_answers_are_told_in_prod() -> None:
    told = texts(stack("prod"))["elasticsearch.hot"]
    assert "12 vCPU" in told
    assert "50,000" in told
    assert "elasticsearch.hot" not in texts(stack("dev"))
    assert "elasticsearch.hot" not in texts(stack("prod", elasticsearch={"hot": {"size": "64 GB"}}))


def test_a_store_without_snapshots_of_our_own_is_told() -> None:
    assert (
        "go with the deployment" in texts(stack("prod", elasticsearch={"snapshots": None}))["elasticsearch.snapshots"]
    )


def of_prod(index: str, zone: str = "8 GB") -> SearchCapacity:
    return search_capacity(elastic_templates()["gcp-cpu-optimized"], Size.parse(zone), 3, Size.parse(index), 1)


def test_a_hundred_gigabytes_are_twice_their_two_copies_during_a_reindex() -> None:
    capacity = of_prod("100 GB")
    assert (capacity.disk_gb, capacity.usable_gb, capacity.needed_gb) == (1080, 810, 400)
    assert float(capacity.vcpus) == 12
    assert capacity.fits


def test_the_last_gigabyte_that_fits() -> None:
    assert of_prod("202 GB").fits
    assert not of_prod("203 GB").fits
    assert not of_prod("100 GB", zone="2 GB").fits
    assert of_prod("100 GB", zone="4 GB").fits


gigabytes = st.integers(1, 65_536).map(lambda amount: Size(amount << 30))
steps = st.sampled_from(elastic_sizes().hot).map(lambda step: Size(step << 30))
templates = st.sampled_from(list(elastic_templates().values()))


@given(templates, steps, st.integers(1, 3), gigabytes, st.integers(0, 2))
def test_more_of_anything_never_holds_less(template: Any, zone: Size, zones: int, index: Size, replicas: int) -> None:
    capacity = search_capacity(template, zone, zones, index, replicas)
    larger = search_capacity(template, Size(zone.bytes * 2), zones, index, replicas)
    fuller = search_capacity(template, zone, zones, index, replicas + 1)
    assert capacity.usable_gb <= capacity.disk_gb
    assert larger.usable_gb >= capacity.usable_gb
    assert larger.vcpus == capacity.vcpus * 2
    assert fuller.needed_gb > capacity.needed_gb
    assert not fuller.fits or capacity.fits


@given(templates, st.integers(1, 3), gigabytes, st.integers(0, 2))
def test_the_smallest_zone_is_the_first_step_that_holds_the_index(
    template: Any, zones: int, index: Size, replicas: int
) -> None:
    found = smallest_zone(template, zones, index, replicas)
    fitting = [
        step for step in elastic_sizes().hot if search_capacity(template, Size(step << 30), zones, index, replicas).fits
    ]
    assert (found.gib if found else None) == (fitting[0] if fitting else None)


def test_every_region_of_the_catalogue_forwards_inside_itself() -> None:
    for name, row in elastic_regions().items():
        assert f"/regions/{name}/serviceAttachments/" in row.service_attachment
        assert row.domain.startswith(f"psc.{name}.gcp.")
