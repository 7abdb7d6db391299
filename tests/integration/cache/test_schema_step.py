"""`python -m schema … redis`: the library is brought, kept, put back and never taken back, on real servers."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from sandbox.servers.certificates import certificate_for
from sandbox.servers.redis import RedisServer
from sandbox.servers.workspace import Workspace
from schema.kit import Action, SchemaError
from schema.redis.store import RedisStore, store_at
from services.cache import contract, library
from services.cache.client import Cache
from tests.integration.cache.watched import KilledError, killed_at, watched
from tests.integration.conftest import group

VERSION = f"local VERSION, DIGEST = {contract.LIBRARY_VERSION}, "


class ClusterServer(RedisServer):
    """A server in cluster mode."""

    def _replication(self) -> dict[str, object]:
        return {"cluster-enabled": "yes"}


@pytest.fixture
def redis(primary: RedisServer) -> Iterator[Any]:
    """An empty primary, without the library."""
    with primary.client() as client:
        client.flushall()
        client.function_flush()
        yield client


def apply(store: RedisStore) -> list[str]:
    """What an apply does; the details of its steps."""
    with store.lock(0):
        steps = store.steps()
        for step in steps:
            step.run()
    return [step.detail for step in steps]


def test_an_empty_server_gets_the_library_once(primary: RedisServer, redis: Any) -> None:
    with store_at(primary.url) as store:
        [planned] = store.steps()
        assert (planned.action, planned.what) == (Action.CREATE, "library triptrip")
        assert redis.function_list() == []
        assert apply(store) == [f"version {contract.LIBRARY_VERSION}"]
        assert Cache(redis).version() == (contract.LIBRARY_VERSION, contract.LIBRARY_DIGEST)
        assert (store.steps(), store.findings()) == ([], [])
        [record] = store.records()
        assert (record.name, record.checksum) == (f"triptrip {contract.LIBRARY_VERSION}", contract.LIBRARY_DIGEST)
        assert record.is_finished
        assert "process" in record.applied_by
        assert apply(store) == []
        assert store.records() == [record]
    # The lock is gone, and nothing else was written.
    assert redis.dbsize() == 0


def test_an_older_version_is_replaced_and_a_newer_one_is_left(primary: RedisServer, redis: Any) -> None:
    stamped = library.text(note="2026-11-27T00:00:00Z somebody")
    with store_at(primary.url) as store:
        redis.function_load(stamped.replace(VERSION, "local VERSION, DIGEST = 0, "))
        assert apply(store) == [f"version 0 → {contract.LIBRARY_VERSION}"]
        newer = stamped.replace(VERSION, "local VERSION, DIGEST = 99, ")
        redis.function_load(newer, replace=True)
        with pytest.raises(SchemaError, match="is version 99, newer than"):
            apply(store)
        assert Cache(redis).version()[0] == 99
        assert store.records()[0].name == "triptrip 99"


@pytest.mark.parametrize("by_hand", ["a function of it", "another library of its name"])
def test_what_was_changed_by_hand_is_put_back(primary: RedisServer, redis: Any, by_hand: str) -> None:
    with store_at(primary.url) as store:
        apply(store)
        if by_hand == "a function of it":
            changed = library.text(note="2026-11-27T00:00:00Z me").replace("count < limit", "count <= limit")
            told = f"version {contract.LIBRARY_VERSION} was changed by hand → as the files say"
        else:
            changed = "#!lua name=triptrip\nredis.register_function('other', function() return 1 end)"
            told = f"another of the name → version {contract.LIBRARY_VERSION}"
        redis.function_load(changed, replace=True)
        assert apply(store) == [told]
        assert Cache(redis).version() == (contract.LIBRARY_VERSION, contract.LIBRARY_DIGEST)
        assert store.steps() == []


def test_a_library_of_others_is_told_and_left(primary: RedisServer, redis: Any) -> None:
    redis.function_load("#!lua name=theirs\nredis.register_function('theirs', function() return 1 end)")
    with store_at(primary.url) as store:
        apply(store)
        assert store.findings() == ["library theirs is in no file: FUNCTION DELETE theirs when nobody calls it"]
    assert redis.fcall("theirs", 0) == 1


def test_two_at_once_wait_for_each_other(primary: RedisServer, redis: Any) -> None:
    with store_at(primary.url) as one, store_at(primary.url) as other:
        with one.lock(0):
            with pytest.raises(SchemaError, match=r"is held by .*process \d+\n.*wait longer"), other.lock(0):
                pass
            # Its holder was silent for too long; another has taken over since.
            redis.set("lock:schema", "somebody on elsewhere 4f")
            [step] = one.steps()
            with pytest.raises(SchemaError, match="was lost to somebody on elsewhere"):
                step.run()
        assert redis.function_list() == []
        assert redis.get("lock:schema") == "somebody on elsewhere 4f"


def test_a_run_that_is_cut_off_anywhere_is_gone_on_with(primary: RedisServer, redis: Any) -> None:
    cuts = 0
    while True:
        try:
            with watched(primary, killed_at(cuts)) as client:
                apply(RedisStore(client))
        except KilledError:
            cuts += 1
            # What a holder that died leaves is over after its lease.
            redis.delete("lock:schema")
            with store_at(primary.url) as store:
                apply(store)
                assert store.steps() == []
            redis.function_flush()
        else:
            break
    assert cuts > 3


def test_callers_never_miss_the_library_while_it_is_replaced(primary: RedisServer, redis: Any) -> None:
    ended = Event()

    def call() -> int:
        calls = 0
        while not ended.is_set() or not calls:
            assert Cache(redis).rate_limit(str(calls), "search", 5).allowed
            calls += 1
        return calls

    with store_at(primary.url) as store:
        apply(store)
        with ThreadPoolExecutor(2) as pool:
            callers = [pool.submit(call) for _ in range(2)]
            for number in range(20):
                text = library.text(note=f"2026-11-27T00:00:{number:02}Z me").replace(
                    VERSION, "local VERSION, DIGEST = 0, "
                )
                redis.function_load(text, replace=True)
                apply(store)
            ended.set()
            assert all(caller.result() > 0 for caller in callers)


def test_the_connection_is_what_applications_are_handed(workspace: Workspace) -> None:
    certificate = certificate_for("cache.internal")
    server = RedisServer(workspace, group("redis"), "tls", certificate)
    server.start()
    authority = workspace.folder / "ca.pem"
    workspace.write(authority, certificate.authority)

    def handed(**changed: object) -> str:
        whole = {
            "urls": {"write": server.url, "read": server.url},
            "authentication": "password",
            "certificateAuthority": str(authority),
            "checkHostname": False,
        }
        return json.dumps({**whole, **changed})

    with store_at(handed()) as store:
        assert apply(store) == [f"version {contract.LIBRARY_VERSION}"]
    wrong = server.url.replace(workspace.password, "not-the-word")
    with (
        pytest.raises(SchemaError, match="the sign-in was refused") as refused,
        store_at(handed(urls={"write": wrong, "read": wrong})),
    ):
        pass
    assert "not-the-word" not in str(refused.value)
    workspace.write(authority, certificate_for("other.internal").authority)
    with pytest.raises(SchemaError, match=r"cannot be reached: .*certificate"), store_at(handed()):
        pass
    with pytest.raises(SchemaError, match="the certificate of the cache cannot be checked"):
        store_at(handed(certificateAuthority="/nowhere/ca.pem")).__enter__()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("redis://:word@10.0.0.5:6379/0", "10.0.0.5 is another machine, and redis:// sends everything in the open"),
        ("postgresql://:word@127.0.0.1/0", "names no cache"),
        ("word", "names no cache"),
        ("rediss://:word@127.0.0.1:port", "names no cache"),
        ('{"urls": {"read": "word"}}', "is not the JSON that clients of the cache are handed"),
        ("{word", "is not the JSON that clients of the cache are handed"),
        ("redis://:word@127.0.0.1:9/0", "cannot be reached"),
    ],
)
def test_a_connection_that_cannot_be_used_is_told_without_its_password(text: str, told: str) -> None:
    with pytest.raises(SchemaError) as refused, store_at(text):
        pass
    assert told in str(refused.value)
    assert "word" not in str(refused.value).replace("rediss://:password", "")


def test_cluster_mode_is_refused(workspace: Workspace) -> None:
    server = ClusterServer(workspace, group("redis"), "cluster")
    server.start()
    with store_at(server.url) as store, pytest.raises(SchemaError, match="is in cluster mode"):
        store.steps()
