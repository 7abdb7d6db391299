"""A worker with everything around it: Redis with a replica behind one address, Pub/Sub, the CDN's API and its edge."""

import base64
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from redis import Redis

from infra.catalog.invalidation_rows import event_definition
from sandbox.api.compute import Compute
from sandbox.api.edge import Answer
from sandbox.api.server import ApiServer
from sandbox.servers.install import Installed
from sandbox.servers.invalidator import Invalidator
from sandbox.servers.passage import Passage
from sandbox.servers.pubsub import PubsubEmulator
from sandbox.servers.redis import RedisReplica, RedisServer
from sandbox.servers.workspace import Workspace
from services.cache import library
from services.cache.client import Cache
from services.cache.keys import entry
from services.invalidator.waiting import LATER, NOW, SENDING

PROJECT, URL_MAP = "triptrip-test", "triptrip-test-api"
_WAIT_SECONDS = 180
_numbers = itertools.count()


@dataclass(frozen=True)
class Site:
    """What a test works with; `passage` is the address of the primary, whoever that is."""

    workspace: Workspace
    primary: RedisServer
    replica: RedisServer
    passage: Passage
    bus: PubsubEmulator
    cdn: ApiServer
    compute: Compute
    worker: Invalidator
    topic: str
    dead: str
    redis: Redis
    cache: Cache

    def publish(self, *events: Mapping[str, Any]) -> None:
        """Publish events in one request."""
        self.bus.publish(self.topic, *events)

    def wait_for(self, what: str, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        self.workspace.wait_for(what, is_so, _WAIT_SECONDS, self.worker.log)

    def wait_until_purged(self, count: int) -> None:
        """Wait until the worker has acknowledged so many events since it was started."""
        self.wait_for(f"{count} events are purged", lambda: self.purged() >= count)

    def nothing_waits(self) -> bool:
        """Whether the CDN has taken every purge, the second ones too."""
        return not self.redis.exists(NOW, SENDING, LATER)

    def wait_until_nothing_waits(self) -> None:
        """Wait until that is so."""
        self.wait_for("the CDN has taken every purge", self.nothing_waits)

    def purged(self) -> float:
        """How many events the worker has acknowledged since it was started."""
        return self.worker.metric("invalidator_events_total", outcome="purged")

    def put(self, endpoint: str, value: str, cache: Cache | None = None, **path: str) -> str:
        """Keep an answer of an endpoint, read just now; its key."""
        place = entry(endpoint, path)
        kept = (cache or self.cache).cache_put(place.key, value.encode(), 60_000, place.tags, self.cache.now())
        if not kept:
            raise AssertionError(f"{place.key} was not kept")
        return place.key

    def kept(self, key: str) -> bool:
        """Whether Redis answers an entry."""
        return self.cache.cache_get(key).value is not None

    def show(self, path: str, content: str, *tags: str) -> str:
        """What the CDN answers for a path whose origin has this content."""
        return self.compute.edge.get(path, lambda: Answer(content, frozenset(tags)))

    def await_dead_letters(self, count: int) -> list[Mapping[str, Any]]:
        """Messages that were put aside, as soon as there are so many."""
        letters: list[Mapping[str, Any]] = []

        def is_there() -> bool:
            letters.extend(self.bus.pull(self.dead))
            return len(letters) >= count

        self.wait_for(f"{count} dead letters", is_there)
        return letters

    def push(self, *events: Mapping[str, Any]) -> list[int]:
        """Push events as Pub/Sub does, each by a request of its own at the same time; their answers' statuses."""
        with ThreadPoolExecutor(len(events)) as pool:
            return [answer.status_code for answer in pool.map(lambda one: self.post(envelope(one)), events)]

    def post(self, body: bytes, worker: Invalidator | None = None) -> requests.Response:
        """Post something to the worker, or to another one."""
        return requests.post((worker or self.worker).url, data=body, timeout=60)

    def asked_of_the_cdn(self) -> list[str]:
        """Every tag and path that the CDN was asked for, in order."""
        rules = (json.loads(json.dumps(rule)) for rule in self.compute.purges)
        return [one for rule in rules for one in (*rule.get("cacheTags", ()), *filter(None, (rule.get("path"),)))]


def envelope(event: Mapping[str, Any] | bytes, published: datetime | None = None) -> bytes:
    """A push request's body around an event."""
    data = event if isinstance(event, bytes) else json.dumps(event).encode()
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": str(next(_numbers)),
        "publishTime": (published or datetime.now(UTC)).isoformat(),
    }
    return json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()


def event(kind: str, **fields: Any) -> dict[str, Any]:
    """An event with every field, as the schema wants it."""
    empty = {"keys": [], "pattern": "", "tags": [], "entity": "", "entityId": "", "version": 0, "timestamp": 1}
    return {"kind": kind, **empty, "reason": "a test", "source": "tests", **fields}


@contextmanager
def site(workspace: Workspace, bus: PubsubEmulator, redis: Installed, environment: Mapping[str, str]) -> Iterator[Site]:
    """Servers of a test's own, started; the emulator may be shared, its topics are not."""
    number = next(_numbers)
    primary = RedisServer(workspace, redis, "primary")
    primary.start()
    with primary.client() as client:
        client.function_load(library.text())
    replica = RedisReplica(workspace, redis, "replica", primary)
    replica.start()
    replica.wait_until_it_follows()
    compute = Compute(f"{PROJECT}/{URL_MAP}")
    topic = bus.make_topic(f"cache-invalidation-{number}", event_definition())
    dead_topic = bus.make_topic(f"dead-{number}")
    dead = bus.subscribe(f"dead-{number}", dead_topic)
    with ApiServer([compute]) as cdn, Passage(primary.endpoint) as passage, primary.client() as client:
        worker = Invalidator(
            workspace,
            redis,
            {
                "REDIS_HOST": passage.endpoint.address,
                "REDIS_PORT": str(passage.endpoint.port),
                "REDIS_AUTH": workspace.password,
                "CDN_PROJECT": PROJECT,
                "CDN_URL_MAP": URL_MAP,
                "COMPUTE_API": f"{cdn.endpoint('compute.v1')}/compute/v1",
                "PUBSUB_API": bus.url,
                "DEAD_LETTER_TOPIC": dead_topic,
                **environment,
            },
        )
        worker.start()
        bus.subscribe(f"worker-{number}", topic, worker.url)
        made = Site(workspace, primary, replica, passage, bus, cdn, compute, worker, topic, dead, client, Cache(client))
        try:
            yield made
        finally:
            bus.call("DELETE", f"projects/{PROJECT}/subscriptions/worker-{number}", {})
