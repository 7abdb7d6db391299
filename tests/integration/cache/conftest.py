"""Caches with the library: a Redis 7 primary with a replica."""

from collections.abc import Iterator

import pytest
from redis import Redis

from sandbox.servers.redis import RedisReplica, RedisServer
from sandbox.servers.workspace import Workspace
from services.cache import library
from services.cache.client import Cache
from tests.integration.conftest import group


@pytest.fixture(scope="module")
def primary(module_workspace: Workspace) -> RedisServer:
    made = RedisServer(module_workspace, group("redis"), "primary")
    made.start()
    return made


@pytest.fixture(scope="module")
def replica(module_workspace: Workspace, primary: RedisServer) -> RedisServer:
    made = RedisReplica(module_workspace, group("redis"), "replica", primary)
    made.start()
    made.wait_until_it_follows()
    return made


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
