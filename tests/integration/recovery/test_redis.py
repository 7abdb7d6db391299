"""A real Redis 7: what a crash leaves, what an export brings back, what is told of a broken one (COR-07)."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import google_crc32c
import pytest
from redis import Redis

from ops.recovery.redis.exports import checked, exports, newest_whole
from ops.recovery.redis.validate import validate
from sandbox.api.buckets import Copies, simulated_bucket
from sandbox.servers.process import ServerError
from sandbox.servers.redis import RedisServer
from sandbox.servers.workspace import Workspace
from schema.kit import SchemaError
from services.cache import contract, library
from services.cache.client import Cache
from tests.integration.conftest import group

INSTANCE = "triptrip-test-cache"
RUNS = ("20261126T150000Z", "20261126T160000Z", "20261126T170000Z")


@pytest.fixture
def copies() -> Iterator[Copies]:
    with simulated_bucket() as made:
        yield made


@pytest.fixture
def server(workspace: Workspace) -> RedisServer:
    made = RedisServer(workspace, group("redis"))
    made.start()
    return made


@pytest.fixture
def other(workspace: Workspace) -> RedisServer:
    """Another one, not started."""
    return RedisServer(workspace, group("redis"), "restored")


def fill(client: Redis, first: int = 0, count: int = 300) -> None:
    """Keys of every kind that the platform uses."""
    pipe = client.pipeline(transaction=False)
    for number in range(first, first + count):
        pipe.hset(f"session:{number}", mapping={"user": str(number), "lang": "ja"})
        pipe.expire(f"session:{number}", 80_000)
        pipe.set(f"cache:api:/hotels:{number}", "{}" * number, ex=3_000)
        pipe.zadd("leaderboard:hotels:2026-11", {f"hotel{number}": number})
        pipe.expire("leaderboard:hotels:2026-11", 86_400)
        pipe.pfadd("counter:views:hotel:1", f"u{number}")
        pipe.expire("counter:views:hotel:1", 86_400)
        pipe.zadd(f"cache:tags:hotel{number}", {"entry": number})
        pipe.expire(f"cache:tags:hotel{number}", 7_000)
        pipe.set(f"setting:{number}", f"値{number}")
    pipe.execute()


def content(client: Redis) -> dict[str, tuple[str, object]]:
    """Every key with its type and value; the order of a set is not part of it."""
    kinds: dict[str, Any] = {key: client.type(key) for key in client.scan_iter()}
    return {key: (kind, _value(client, key, kind)) for key, kind in kinds.items()}


def _value(client: Any, key: str, kind: str) -> object:
    if key.startswith("counter:"):
        return client.pfcount(key)
    if kind == "hash":
        return client.hgetall(key)
    if kind == "set":
        return set(client.smembers(key))
    return client.zrange(key, 0, -1, withscores=True) if kind == "zset" else client.get(key)


def put(copies: Copies, run: str, dump: bytes, marked: bytes | None = None) -> None:
    """An export and the marker that its workflow writes."""
    measured = dump if marked is None else marked
    copies.put(f"redis/{INSTANCE}/{run}.rdb", dump)
    marker = {
        "instance": INSTANCE,
        "run": run,
        "object": f"redis/{INSTANCE}/{run}.rdb",
        "bytes": len(measured),
        "crc32c": _crc32c(measured),
    }
    copies.put(f"redis/{INSTANCE}/{run}.json", json.dumps(marker).encode())


def _crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def test_a_crash_loses_exactly_what_came_after_the_last_snapshot(server: RedisServer) -> None:
    with server.client() as client:
        fill(client)
        before = content(client)
    server.save()
    with server.client() as client:
        fill(client, first=1000, count=50)
        client.delete("setting:3")
        assert content(client) != before
    server.kill()
    server.start()
    with server.client() as client:
        assert content(client) == before
        assert not client.exists("session:1000")


def test_an_export_is_loaded_into_another_server_and_passes(
    server: RedisServer, other: RedisServer, copies: Copies
) -> None:
    with server.client() as client:
        fill(client)
        client.function_load(library.text())
        before = content(client)
    server.save()
    put(copies, RUNS[0], server.snapshot.read_bytes())
    export, header = newest_whole(copies, INSTANCE)
    assert header.keys == len(before)
    other.put(copies.content(export.object))
    other.start()
    with other.client() as client:
        assert [check for check in validate(client, header) if not check.passed] == []
        assert content(client) == before
        assert Cache(client).version() == (contract.LIBRARY_VERSION, library.digest())


def test_a_cache_that_is_not_its_export_does_not_pass(server: RedisServer, copies: Copies) -> None:
    with server.client() as client:
        fill(client)
    server.save()
    put(copies, RUNS[0], server.snapshot.read_bytes())
    _, header = newest_whole(copies, INSTANCE)
    with server.client() as client:
        client.delete("setting:1", "setting:2")
        client.persist("session:7")
        client.set("leaderboard:hotels:broken", "text")
        client.delete("setting:9", "setting:10")
        failed = {check.what: check.found for check in validate(client, header, sample=10_000) if not check.passed}
    assert set(failed) == {"keys that do not expire", "types and times to live"}
    assert "session:… never expires" in failed["types and times to live"]
    assert "leaderboard:… is a string, not a zset" in failed["types and times to live"]


@pytest.mark.parametrize("damage", ["cut off and marked so", "cut off after its marker", "another content", "no RDB"])
def test_a_broken_export_is_refused_and_an_older_one_is_offered(
    server: RedisServer, other: RedisServer, copies: Copies, damage: str
) -> None:
    with server.client() as client:
        fill(client, count=50)
    server.save()
    dump = server.snapshot.read_bytes()
    put(copies, RUNS[0], dump)
    cut, changed = dump[:-100], dump[:200] + bytes([dump[200] ^ 1]) + dump[201:]
    broken = {
        "cut off and marked so": (cut, cut),
        "cut off after its marker": (cut, dump),
        "another content": (changed, dump),
        "no RDB": (b"<html>no</html>", b"<html>no</html>"),
    }
    put(copies, RUNS[1], *broken[damage])
    # One whose export never ended has no marker.
    copies.put(f"redis/{INSTANCE}/{RUNS[2]}.rdb", dump[:50])
    assert [each.run for each in exports(copies, INSTANCE)] == [RUNS[1], RUNS[0]]
    assert newest_whole(copies, INSTANCE)[0].run == RUNS[0]
    with pytest.raises(SchemaError) as refused:
        newest_whole(copies, INSTANCE, RUNS[1])
    assert f"take --export {RUNS[0]}" in str(refused.value)
    # Redis says the same of a file that is cut off: nothing is served from it.
    if broken[damage][0] == cut:
        other.put(cut)
        with pytest.raises(ServerError, match="Unexpected EOF reading RDB file"):
            other.start()


def test_without_any_whole_export_the_reasons_are_told(copies: Copies) -> None:
    with pytest.raises(SchemaError, match="none in gs://triptrip-test-1-backups"):
        newest_whole(copies, INSTANCE)
    put(copies, RUNS[0], b"REDIS0010")
    with pytest.raises(SchemaError, match="ends within its head"):
        newest_whole(copies, INSTANCE)
    with pytest.raises(SchemaError, match=f"allowed: {RUNS[0]}"):
        newest_whole(copies, INSTANCE, RUNS[1])
    copies.put(f"redis/{INSTANCE}/{RUNS[1]}.json", b"no json")
    with pytest.raises(SchemaError, match="is no marker"):
        exports(copies, INSTANCE)


def test_a_marker_whose_export_has_expired_is_told(copies: Copies) -> None:
    copies.put(f"redis/{INSTANCE}/{RUNS[0]}.json", b"{}")
    [export] = exports(copies, INSTANCE)
    with pytest.raises(SchemaError, match="is not there, its marker is"):
        checked(copies, export)
