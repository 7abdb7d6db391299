"""What an invalidation takes: events a second, seconds until they are purged, what bystanders notice of a mass purge.

Servers, worker and load share this machine: in the cloud each has its own processors, and a network between. The
processor time of an event, and the longest command by Redis' own clock, do not depend on what else runs here.
"""

import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sandbox.bench.figure import Figure
from sandbox.servers.install import install
from sandbox.servers.invalidation import Site, envelope, event, site
from sandbox.servers.process import Command, ServerError
from sandbox.servers.pubsub import PubsubEmulator
from sandbox.servers.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
RATE, SECONDS, HOTELS = 1000, 60, 500
MEMBERS = 10_000
OTHERS = 100_000
"""Keys beside those that are purged: a pattern is looked for among them."""

_READS, _ENTRY_BYTES = 10_000, 2000
_BATCH = 1000
_LOAD_SECONDS = 900
_FEWEST = 100
"""Fewer reads say nothing of percentiles: the machine was busy with something else."""


def invalidation(_: Path) -> Iterator[Figure]:
    """The rows of the benchmark; raises InstallError where this machine has not the servers."""
    with Workspace() as workspace:
        bus = PubsubEmulator(workspace, install("pubsub"), "pubsub")
        bus.start()
        with site(workspace, bus, install("redis"), {"IN_HAND": "200"}) as place:
            yield from _steady(place)
            place.redis.flushall()
            yield from _reads(place)
            _fill_others(place)
            yield from _mass(place)


def _steady(place: Site) -> Iterator[Figure]:
    """A minute of events at the rate that is asked for."""
    for number in range(HOTELS):
        place.put("GET /hotels/{id}", "old", id=str(number))
    told = _pushed(place)
    took, seconds, sent = told["took"], told["seconds"], sum(told["statuses"].values())
    left = sum(1 for _ in place.redis.scan_iter("cache:api:*"))
    if left or len(seconds) != RATE * SECONDS:
        raise RuntimeError(f"{left} entries are left, {len(seconds)} of {RATE * SECONDS} events were acknowledged")
    note = f"asked: {RATE} a second for {SECONDS} s, {HOTELS} hotels; nothing stale left, nothing lost"
    yield Figure("invalidation: events acknowledged a second", len(seconds) / took, "1/s", note)
    used = place.worker.metric("process_cpu_seconds_total") * 1000 / len(seconds)
    yield Figure("invalidation: the worker's processor time an event", used, "ms", "its start counted in")
    yield Figure("invalidation: turned away and sent again", sent - len(seconds), "", f"of {sent} requests")
    yield from _latencies("invalidation: published to purged in Redis", seconds, "promised: 2 s, 99 of 100")
    place.wait_for("the CDN has all", lambda: place.worker.metric("invalidator_edge_pending") == 0)
    asked = len(place.compute.purges)
    yield Figure("invalidation: purges of the CDN for them", asked, "", "480 a minute at the most")


def _pushed(place: Site) -> Any:
    """What the load's own process tells."""
    numbers = (place.worker.port, RATE, SECONDS, HOTELS)
    words = (sys.executable, "-m", "sandbox.servers.pushes", place.worker.address, *map(str, numbers))
    log = place.workspace.log_of("pushes")
    process = place.workspace.start(Command("pushes", words, ROOT, log, changes_user=True))
    if process.wait(_LOAD_SECONDS):
        raise ServerError(f"the load failed\n{process.tail()}")
    return json.loads(log.read_text(encoding="utf-8").splitlines()[-1])


def _reads(place: Site) -> Iterator[Figure]:
    """What a read costs the server's one thread, by the contract's function and by a plain GET (ADR 0034)."""
    key, tags = "cache:api:hotels.id:read", ["entity:hotel", "entity:hotel:1"]
    place.cache.cache_put(key, b"x" * _ENTRY_BYTES, 3_600_000, tags, place.cache.now())
    place.redis.config_resetstat()
    for _ in range(_READS):
        place.cache.cache_get(key)
        place.redis.get(key)
    stats: Any = place.redis.info("commandstats")
    note = f"by Redis' own clock; {_ENTRY_BYTES} bytes, {len(tags)} tags"
    for name, command in (("cache_get", "fcall_ro"), ("GET", "get")):
        calls = stats[f"cmdstat_{command}"]
        yield Figure(f"redis: {name} of an entry", calls["usec"] / calls["calls"] / 1000, "ms", note)


def _mass(place: Site) -> Iterator[Figure]:
    """Ten thousand entries under one tag, the worker's way and the document's, with a bystander who reads."""
    ways: Sequence[tuple[str, Callable[[], None]]] = (
        ("by tag, in steps", lambda: _push(place, event("tag", tags=["entity:hotel"]))),
        ("by tag, the document's way", lambda: _as_the_document(place)),
        ("by pattern, in steps", lambda: _push(place, event("pattern", pattern="cache:api:hotels.id:*"))),
        ("by pattern, KEYS and DEL", lambda: _by_keys(place)),
    )
    # What takes longer than a tenth of a millisecond is on record, the longest is looked for.
    place.redis.config_set("slowlog-log-slower-than", 100)
    place.redis.config_set("slowlog-max-len", _BATCH)
    idle = _bystander(place, lambda: time.sleep(1))
    yield from _latencies("redis, bystander: GET, nothing purged", idle[1])
    for name, way in ways:
        _fill(place)
        place.redis.slowlog_reset()
        took, seen = _bystander(place, way)
        note = f"{MEMBERS} entries among {OTHERS} others"
        yield Figure(f"mass purge {name}", MEMBERS / took, "1/s", note)
        slow: Any = place.redis.slowlog_get(_BATCH)
        longest = max(one["duration"] for one in slow) / 1000
        yield Figure(f"longest command, {name}", longest, "ms", "by Redis' own clock")
        yield from _latencies(f"redis, bystander: GET, {name}", seen)


def _bystander(place: Site, work: Callable[[], None]) -> tuple[float, list[float]]:
    """Seconds that some work takes, and those of each GET of another client meanwhile."""
    seen: list[float] = []
    ended = threading.Event()

    def read() -> None:
        with place.primary.client() as client:
            while not ended.is_set():
                began = time.monotonic()
                client.get("other:1")
                seen.append(time.monotonic() - began)

    reader = threading.Thread(target=read)
    reader.start()
    began = time.monotonic()
    work()
    took = time.monotonic() - began
    ended.set()
    reader.join()
    return took, seen


def _push(place: Site, one: dict[str, Any]) -> None:
    answer = place.post(envelope(one))
    if not answer.ok:
        raise RuntimeError(f"the worker answered {answer.status_code}")


def _as_the_document(place: Site) -> None:
    """Doc-DA-002, 4.2.2, invalidateByTags: the set's members at once."""
    members: Any = place.redis.zrange("cache:tags:entity:hotel", 0, -1)
    place.redis.delete("cache:tags:entity:hotel")
    place.redis.delete(*members)


def _by_keys(place: Site) -> None:
    """The same, invalidatePattern."""
    keys: Any = place.redis.keys("cache:api:hotels.id:*")
    place.redis.delete(*keys)


def _fill(place: Site) -> None:
    """Entries under one tag, of a kilobyte each."""
    for first in range(0, MEMBERS, _BATCH):
        with place.redis.pipeline(transaction=False) as pipe:
            moment = place.cache.now()
            for number in range(first, first + _BATCH):
                key = f"cache:api:hotels.id:{number:064x}"
                pipe.fcall("triptrip_cache_put", 1, key, "x" * 1000, 3_600_000, moment, "entity:hotel")
            pipe.execute()


def _fill_others(place: Site) -> None:
    for first in range(0, OTHERS, _BATCH):
        place.redis.mset({f"other:{number}": "x" for number in range(first, first + _BATCH)})


def _latencies(name: str, seconds: list[float], note: str = "") -> Iterator[Figure]:
    if len(seconds) < _FEWEST:
        return
    percentiles = statistics.quantiles(seconds, n=100, method="inclusive")
    yield Figure(f"{name}, p50", percentiles[49] * 1000, "ms", note)
    yield Figure(f"{name}, p99", percentiles[98] * 1000, "ms", f"longest {max(seconds) * 1000:.0f} ms")
