"""The simulated purge of the CDN refuses what Cloud CDN refuses, and an edge forgets what it is told to."""

import json
from typing import Any

import pytest

from sandbox.api.api import Api, Request
from sandbox.api.compute import A_MINUTE, Compute
from sandbox.api.edge import Answer, Edge

HOTEL = Answer("old", frozenset({"entity:hotel", "entity:hotel:7"}))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def purge(api: Api, rule: Any, query: str = "", url_map: str = "api") -> int:
    path = f"compute/v1/projects/p/global/urlMaps/{url_map}/invalidateCache"
    answer, _ = api.handle(Request("compute.v1", "POST", path, query, {}, json.dumps(rule).encode()))
    return answer.status


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"cacheTags": ["a"] * 10}, 200),
        ({"cacheTags": ["a"] * 11}, 400),
        ({}, 400),
        ({"path": "/*"}, 200),
        ({"path": "/api/hotels/*"}, 200),
        ({"path": "api"}, 400),
        ({"path": "/api/hot*"}, 400),
        ({"path": "/api/*/rooms"}, 400),
        ({"path": "/api?page=1"}, 400),
        ({"tags": ["a"]}, 400),
        ({"cacheTags": "a"}, 400),
    ],
)
def test_a_rule_is_taken_or_refused(rule: Any, status: int) -> None:
    assert purge(Api([Compute("p/api")]), rule) == status


def test_a_map_that_is_not_there_is_refused() -> None:
    assert purge(Api([Compute("p/api")]), {"path": "/*"}, url_map="other") == 404


def test_a_minute_has_its_limit() -> None:
    clock = Clock()
    compute = Compute("p/api", clock=clock)
    api = Api([compute])
    assert {purge(api, {"path": "/*"}) for _ in range(A_MINUTE)} == {200}
    assert purge(api, {"path": "/*"}) == 403
    clock.now = 60.0
    assert purge(api, {"path": "/*"}) == 200
    assert len(compute.purges) == A_MINUTE + 1


def test_a_request_that_comes_twice_is_one_purge() -> None:
    compute = Compute("p/api")
    api = Api([compute])
    query = "requestId=0b0b2a3e-58f5-4b1e-9d0e-0f7f6a1d2c3b"
    assert [purge(api, {"path": "/*"}, query) for _ in range(2)] == [200, 200]
    assert len(compute.purges) == 1


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ({"cacheTags": ["entity:hotel", "other"]}, "new"),
        ({"cacheTags": ["other"]}, "old"),
        ({"path": "/api/hotels/7"}, "new"),
        ({"path": "/api/hotels/*"}, "new"),
        ({"path": "/api/hotels"}, "old"),
        ({"path": "/api/products/*", "cacheTags": ["entity:hotel"]}, "old"),
    ],
)
def test_an_edge_forgets_what_a_rule_names(rule: Any, shown: str) -> None:
    edge = Edge()
    edge.get("/api/hotels/7", lambda: HOTEL)
    edge.purge(rule)
    assert edge.get("/api/hotels/7", lambda: Answer("new", HOTEL.tags)) == shown
