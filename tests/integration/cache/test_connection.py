"""A program's way to the cache over TLS, within the bounds of its pool (COR-18, RDS-POOL)."""

import json
from typing import Any

import pytest
from redis.exceptions import ConnectionError  # noqa: A004 # Redis' own

from sandbox.servers.certificates import certificate_for
from sandbox.servers.redis import RedisServer
from sandbox.servers.workspace import Workspace
from services.cache import library
from services.cache.connection import Handed, connect
from services.cache.keys import entry
from tests.integration.conftest import group


@pytest.fixture(scope="module")
def handed(module_workspace: Workspace) -> str:
    """What a program is handed, for a server that speaks TLS alone."""
    certificate = certificate_for("cache.internal")
    server = RedisServer(module_workspace, group("redis"), "connection", certificate)
    server.start()
    with server.client() as client:
        client.function_load(library.text(), replace=True)
    authority = module_workspace.folder / "ca.pem"
    module_workspace.write(authority, certificate.authority)
    return json.dumps(
        {
            "urls": {"write": server.url, "read": server.url},
            "authentication": "password",
            "certificateAuthority": str(authority),
            "pool": {"maxTotal": 2, "maxWaitMilliseconds": 50},
        }
    )


def test_an_answer_is_kept_and_read_byte_by_byte(handed: str) -> None:
    cache = connect(handed)
    kept = entry("GET /hotels")
    value = bytes(range(256))
    assert cache.cache_put(kept.key, value, kept.lifetime_ms, kept.tags, 2**53 - 1)
    assert cache.cache_get(kept.key).value == value


def test_a_program_opens_no_more_connections_than_its_pool_has(handed: str) -> None:
    told = Handed.read(handed)
    with told.client(told.urls.write) as client:
        pool: Any = client.connection_pool
        held = [pool.get_connection() for _ in range(2)]
        with pytest.raises(ConnectionError, match="No connection available"):
            client.ping()
        pool.release(held.pop())
        assert client.ping()
        pool.release(held.pop())
