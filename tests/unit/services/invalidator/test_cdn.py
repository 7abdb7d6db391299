"""Purges of the CDN, against the simulated API with its limits."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.api.compute import A_MINUTE, Compute
from sandbox.api.faults import Fault, Kind
from sandbox.api.server import ApiServer
from services.invalidator.cdn import (
    EVERYTHING,
    EVERYTHING_ABOVE,
    SECONDS_A_REQUEST,
    TAGS_A_REQUEST,
    Cdn,
    Request,
    one_by_one,
    requests_for,
)
from services.invalidator.google_api import ApiError, GoogleApi

PURGE = "compute.urlMaps.invalidateCache"
ONE = Request(frozenset({"tag:entity:hotel"}), {"cacheTags": ["entity:hotel"]})


class Clock:
    """Stands still."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def compute() -> Compute:
    return Compute("triptrip-test/triptrip-test-api", clock=Clock())


@pytest.fixture
def server(compute: Compute) -> Iterator[ApiServer]:
    with ApiServer([compute]) as made:
        yield made


@pytest.fixture
def cdn(server: ApiServer) -> Cdn:
    return Cdn(GoogleApi(f"{server.endpoint('compute.v1')}/compute/v1"), "triptrip-test", "triptrip-test-api")


def test_a_purge_is_one_request(cdn: Cdn, compute: Compute, server: ApiServer) -> None:
    cdn.purge(ONE)
    cdn.purge(Request(frozenset(), {"path": "/api/hotels/*"}))
    assert compute.purges == [{"cacheTags": ["entity:hotel"]}, {"path": "/api/hotels/*"}]
    ids = [call["requestId"] for call in server.api.asked(PURGE)]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("kind", [Kind.INTERNAL, Kind.UNAVAILABLE, Kind.CUT, Kind.LOST])
def test_what_may_pass_is_told_so(cdn: Cdn, server: ApiServer, kind: Kind) -> None:
    server.api.faults.add(Fault(PURGE, kind))
    with pytest.raises(ApiError) as refused:
        cdn.purge(ONE)
    assert refused.value.is_passing
    assert not refused.value.is_throttled
    cdn.purge(ONE)


def test_throttling_says_how_long(cdn: Cdn, server: ApiServer) -> None:
    server.api.faults.add(Fault(PURGE, Kind.THROTTLED, retry_after=7))
    with pytest.raises(ApiError) as refused:
        cdn.purge(ONE)
    assert (refused.value.is_throttled, refused.value.retry_after) == (True, 7)


def test_a_map_that_is_not_there_does_not_pass(server: ApiServer) -> None:
    other = Cdn(GoogleApi(f"{server.endpoint('compute.v1')}/compute/v1"), "triptrip-test", "other")
    with pytest.raises(ApiError, match="was not found") as refused:
        other.purge(ONE)
    assert (refused.value.status, refused.value.is_passing) == (404, False)


def test_more_than_the_apis_rate_is_refused_and_the_workers_pace_is_below_it(cdn: Cdn) -> None:
    for _ in range(A_MINUTE):
        cdn.purge(ONE)
    with pytest.raises(ApiError) as refused:
        cdn.purge(ONE)
    assert (refused.value.status, refused.value.is_throttled) == (403, True)
    assert 60 / SECONDS_A_REQUEST < A_MINUTE


@given(st.integers(0, 400), st.integers(0, 60))
def test_every_member_is_in_exactly_one_request_that_the_api_takes(tags: int, paths: int) -> None:
    members = [f"tag:{number}" for number in range(tags)] + [f"path:/{number}" for number in range(paths)]
    found = list(requests_for(members))
    assert sorted(member for request in found for member in request.members) == sorted(members)
    assert all(len(request.rule.get("cacheTags", ())) <= TAGS_A_REQUEST for request in found)
    assert all(("cacheTags" in request.rule) != ("path" in request.rule) for request in found)


@pytest.mark.parametrize(
    "members",
    [
        ["tag:entity:hotel", EVERYTHING],
        [f"path:/{number}" for number in range(EVERYTHING_ABOVE + 1)],
        [f"tag:{number}" for number in range(TAGS_A_REQUEST * EVERYTHING_ABOVE + 1)],
    ],
    ids=["asked for", "paths", "tags"],
)
def test_what_would_take_too_long_is_one_purge_of_everything(members: list[str]) -> None:
    [request] = requests_for(members)
    assert request == Request(frozenset(members), {"path": "/*"})


def test_a_refused_request_is_taken_apart() -> None:
    [request] = requests_for(["tag:b", "tag:a"])
    assert [json.dumps(one.rule) for one in one_by_one(request)] == ['{"cacheTags": ["a"]}', '{"cacheTags": ["b"]}']
