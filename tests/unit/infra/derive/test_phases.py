"""Each phase of the document is settings alone (PG-PHASE-1 … 4)."""

from typing import Any

import pytest

from infra import catalog
from infra.derive.phases import in_phase, lay_over
from infra.derive.platform import derive
from infra.derive.postgres import PostgresPlan
from infra.settings import load
from tests.stacks import declared


def phase(number: str, changes: dict[str, Any] | None = None) -> PostgresPlan:
    plan = derive(load(lay_over(in_phase(declared("prod"), number), changes or {}))).postgres
    assert plan is not None
    return plan


def test_phase_1_is_one_instance_in_one_zone() -> None:
    postgres = phase("1")
    assert (postgres.availability, postgres.replicas, postgres.disk_size_gb) == ("ZONAL", (), 500)


def test_phase_2_adds_two_replicas_in_other_zones() -> None:
    postgres = phase("2")
    assert [replica.zone for replica in postgres.replicas] == ["asia-northeast1-b", "asia-northeast1-c"]
    assert postgres.availability == "ZONAL"


def test_phase_3_is_regional_with_recovery_to_a_point_in_time() -> None:
    postgres = phase("3")
    assert (postgres.availability, postgres.backup.retained) == ("REGIONAL", 35)
    assert postgres.backup.point_in_time_recovery


def test_phase_4_adds_a_replica_of_full_size_in_the_second_region() -> None:
    abroad = [replica for replica in phase("4").replicas if replica.is_cross_region]
    assert [(replica.region, replica.tier.name) for replica in abroad] == [("asia-northeast2", "db-custom-16-61440")]


def test_laying_over_merges_mappings_and_removes_by_null() -> None:
    assert lay_over({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": None, "e": 3}, "d": [2]}) == {
        "a": {"c": 2, "e": 3},
        "d": [2],
    }


def test_an_unknown_phase_is_no_phase() -> None:
    with pytest.raises(KeyError):
        in_phase({}, "5")
    assert set(catalog.phases()) == {"1", "2", "3", "4"}
