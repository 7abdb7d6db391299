"""Caches with the library: a primary with a replica, of Redis 7 and of Valkey 8."""

from collections.abc import Iterator

import pytest
from redis import Redis

from sandbox.servers.redis import RedisReplica, RedisServer, ValkeyServer
from sandbox.servers.workspace import Workspace
from services.cache import library
from services.cache.client import Cache
from tests.integration.conftest import group

ENGINES = {"redis": RedisServer, "valkey": ValkeyServer}


@pytest.fixture(scope="module", params=ENGINES)
def primary(request: pytest.FixtureRequest, module_workspace: Workspace) -> RedisServer:
    """Each engine that triptrip:cache can choose."""
    engine: str = request.param
    made = ENGINES[engine](module_workspace, group(engine), f"{engine}-primary")
    made.start()
    return made


@pytest.fixture(scope="module")
def replica_server(module_workspace: Workspace, primary: RedisServer) -> RedisServer:
    made = RedisReplica(module_workspace, primary.programs, f"{primary.name}-replica", primary)
    made.start()
    return made


@pytest.fixture
def replica(replica_server: RedisServer) -> RedisServer:
    """The replica, which has followed whatever an earlier test did to its primary."""
    replica_server.wait_until_it_follows()
    return replica_server


@pytest.fixture
def redis(primary: RedisServer) -> Iterator[Redis]:
    """A client of the primary, which is empty but for the library."""
    with primary.client() as client:
        client.flushall()
        client.function_load(library.text(), replace=True)
        yield client


@pytest.fixture
def cache(redis: Redis) -> Cache:
    return Cache(redis)
