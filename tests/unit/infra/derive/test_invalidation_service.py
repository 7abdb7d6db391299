"""The invalidation worker's service worked out from its settings, and what it cannot do without."""

from typing import Any

import pytest

from infra.catalog.invalidation_rows import probes
from infra.derive.invalidation_service import InvalidationServicePlan
from infra.derive.platform import PlatformPlan, derive
from infra.settings import SettingsError
from tests.stacks import settings_of


def platform(changes: dict[str, Any]) -> PlatformPlan:
    return derive(settings_of("prod", changes))


def service(changes: dict[str, Any] | None = None) -> InvalidationServicePlan:
    bus = platform({"invalidation": {"service": changes or {}}}).invalidation
    assert bus is not None
    assert bus.service is not None
    return bus.service


def test_durations_and_sizes_become_the_apis() -> None:
    plan = service({"secondPurge": "45 s", "cpu": 2, "memory": "1 GB", "eventsAtOnce": 12})
    assert (plan.variables["IN_HAND"], plan.variables["CDN_SECOND_PURGE_SECONDS"]) == ("12", "45")
    assert (plan.cpu, plan.memory) == ("2", "1024Mi")


def test_both_images_of_one_repository_need_one_grant() -> None:
    plan = service()
    assert len(plan.repositories) == 1
    elsewhere = plan.collector.replace("/platform/", "/mirror/")
    assert [each.name for each in service({"collector": elsewhere}).repositories] == ["platform", "mirror"]


def test_the_audience_is_the_settings_where_they_name_one() -> None:
    assert service().audience == "https://invalidator.prod.triptrip.internal"
    bus = platform({"invalidation": {"push": {"audience": "triptrip"}}}).invalidation
    assert bus is not None
    assert bus.service is not None
    assert bus.push is not None
    assert bus.service.audience == bus.push.audience == bus.service.variables["PUSH_AUDIENCE"] == "triptrip"


def test_it_has_an_account_and_a_key_and_switches_the_api_on() -> None:
    found = platform({"schemas": None, "recovery": None})
    assert {"invalidator", "pusher"} <= {each.key for each in found.identities}
    assert "run.googleapis.com" in found.services
    assert "invalidator" in {key.store for ring in found.encryption.rings for key in ring.keys}
    without = platform(
        {
            "schemas": None,
            "recovery": None,
            "invalidation": {"delivery": "pull", "push": None, "service": None},
        }
    )
    assert "run.googleapis.com" not in without.services


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"invalidation": {"service": {"secondPurge": "20 s"}}}, "invalidation.service.secondPurge"),
        ({"cdn": None}, "invalidation.service.purgeCdn"),
    ],
)
def test_what_deserves_a_second_look_is_told(changes: dict[str, Any], path: str) -> None:
    assert path in {finding.path for finding in platform(changes).advice}
    assert path not in {finding.path for finding in platform({}).advice}


def test_it_needs_a_cache_which_lets_it_in() -> None:
    with pytest.raises(SettingsError, match=r"invalidation\.service"):
        platform({"cache": None})
    with pytest.raises(SettingsError, match=r"cache\.clients"):
        platform({"cache": {"clients": ["application"]}})


def test_all_tries_of_the_first_probe_end_before_cloud_run_gives_up() -> None:
    """Cloud Run takes at most 240 s for them; a probe that takes longer than its period is refused."""
    assert probes()["startup"].every * probes()["startup"].tries <= 240
    assert all(row.timeout <= row.every for row in probes().values())


@pytest.mark.parametrize("deadline", ["10 s", "30 s", "600 s"])
def test_it_answers_before_pubsub_delivers_again(deadline: str) -> None:
    bus = platform({"invalidation": {"ackDeadline": deadline}}).invalidation
    assert bus is not None
    assert bus.service is not None
    assert 0 < int(bus.service.variables["REQUEST_SECONDS"]) < bus.ack_deadline_seconds
