"""Who is let in, and whom the worker trusts: identity tokens of pushes, the certificate of Redis."""

from collections.abc import Callable, Iterator

import pytest
import requests

from sandbox.servers.certificates import certificate_for
from sandbox.servers.invalidation import envelope, event
from sandbox.servers.invalidator import Invalidator
from sandbox.servers.redis import BlockingServer, RedisServer, ValkeyServer
from sandbox.servers.workspace import Workspace
from services.cache import library
from services.cache.client import Cache
from services.cache.keys import entry
from tests.integration.conftest import group
from tests.unit.services.invalidator.test_tokens import ACCOUNT, AUDIENCE, Certificates, Key

HOTELS = envelope(event("tag", tags=["entity:hotel"]))
TRUSTED = certificate_for("redis.test.internal")
"""As Memorystore's: it names the instance, not the address that clients are given."""

Make = Callable[..., Invalidator]


@pytest.fixture
def make(workspace: Workspace) -> Make:
    """A worker before a Redis that speaks TLS, with variables of the test's own; not started."""
    redis = group("redis")
    server = RedisServer(workspace, redis, certificate=TRUSTED)
    server.start()
    with server.client() as client:
        client.function_load(library.text())

    def made(**environment: str) -> Invalidator:
        given = {
            "REDIS_HOST": server.address,
            "REDIS_PORT": str(server.port),
            "REDIS_AUTH": workspace.password,
            "REDIS_CA": TRUSTED.authority,
            "REDIS_REPLICAS": "0",
            "DEAD_LETTER_TOPIC": "projects/p/topics/dead",
        }
        return Invalidator(workspace, redis, {**given, **environment})

    return made


@pytest.fixture
def certificates() -> Iterator[Certificates]:
    with Certificates() as made:
        yield made


def test_only_the_account_that_pushes_is_let_in(make: Make, certificates: Certificates) -> None:
    google, nobody = Key("one"), Key("two")
    certificates.shown["one"] = google.certificate
    worker = make(PUSH_AUDIENCE=AUDIENCE, PUSH_ACCOUNT=ACCOUNT, TOKEN_CERTIFICATES=certificates.url)
    worker.start()

    def pushed(authorization: str) -> int:
        headers = {"Authorization": authorization} if authorization else {}
        return requests.post(worker.url, data=HOTELS, headers=headers, timeout=30).status_code

    assert [pushed(""), pushed(nobody.token()), pushed(google.token(email="a@b"))] == [401, 401, 401]
    assert worker.metric("invalidator_events_total") == 0
    assert pushed(google.token()) == 204
    # Probes and the collector of metrics bring no token.
    assert [worker.status(page) for page in ("healthz", "readyz", "metrics")] == [200, 200, 200]


def test_a_redis_with_another_authority_is_not_spoken_to(make: Make, workspace: Workspace) -> None:
    worker = make(REDIS_CA=certificate_for("redis.test.internal").authority)
    worker.launch()
    workspace.wait_for("it answers", lambda: worker.status("healthz") == 200, 60, worker.log)
    assert worker.status("readyz") == 503
    assert requests.post(worker.url, data=HOTELS, timeout=60).status_code == 503
    assert workspace.password not in worker.log.read_text(encoding="utf-8")


def test_a_redis_without_the_contracts_functions_is_told_as_such(make: Make, workspace: Workspace) -> None:
    worker = make()
    worker.start()
    with requests.Session() as session:
        assert session.post(worker.url, data=HOTELS, timeout=30).status_code == 204
    plain = RedisServer(workspace, group("redis"), "plain", certificate=TRUSTED)
    plain.start()
    worker.stop()
    worker.environment["REDIS_PORT"] = str(plain.port)
    worker.start()
    assert requests.post(worker.url, data=HOTELS, timeout=60).status_code == 503
    assert "python -m schema apply redis" in worker.log.read_text(encoding="utf-8")


@pytest.mark.parametrize(("engine", "programs"), [(ValkeyServer, "valkey"), (BlockingServer, "redis")])
def test_a_cache_of_either_engine_is_purged_without_what_memorystore_blocks(
    make: Make, workspace: Workspace, engine: type[RedisServer], programs: str
) -> None:
    server = engine(workspace, group(programs), "other", certificate=TRUSTED)
    server.start()
    worker = make(REDIS_PORT=str(server.port), CDN_PROJECT="p", CDN_URL_MAP="api", COMPUTE_API="http://127.0.0.1:9")
    with server.client() as client:
        client.function_load(library.text())
        cache, here = Cache(client), entry("GET /hotels")
        worker.start()
        assert cache.cache_put(here.key, b"old", 60_000, here.tags, cache.now())
        assert requests.post(worker.url, data=HOTELS, timeout=60).status_code == 204
        assert cache.cache_get(here.key).value is None
        workspace.wait_for("the CDN is asked", lambda: worker.metric("invalidator_edge_pending") == 1, 180, worker.log)
