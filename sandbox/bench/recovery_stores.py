"""How much is lost, and how long it takes until cache, documents, search and time series are back, on servers here.

RPO is what was acknowledged and is not there afterwards, in seconds of a writer that never pauses; what the copies'
schedules promise stands beside it. RTO is from the first look for a copy until it has been checked and is in use.
Servers are small and near, so these are floors: in the cloud the new instance's or cluster's creation and the transfer
come on top.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from redis.exceptions import RedisError

from ops.recovery.elasticsearch import index as indices
from ops.recovery.elasticsearch.snapshots import chosen as chosen_snapshot
from ops.recovery.elasticsearch.snapshots import snapshots
from ops.recovery.mongodb import collections
from ops.recovery.mongodb.exports import chosen, exports
from ops.recovery.redis.rdb import HEAD_BYTES, read_header
from ops.recovery.redis.validate import validate
from ops.recovery.timescale import aggregates
from sandbox.api.buckets import simulated_bucket
from sandbox.atlas.exported import CLUSTER, write_export
from sandbox.bench.figure import Figure
from sandbox.servers.elasticsearch import SUPERUSER, ElasticsearchServer
from sandbox.servers.install import install
from sandbox.servers.mongodb import MongodbServer
from sandbox.servers.redis import RedisServer
from sandbox.servers.timescale import GROUP, TimescaleServer
from sandbox.servers.workspace import Workspace
from schema.elasticsearch.desired import desired
from schema.elasticsearch.rebuild import aliases_of
from schema.elasticsearch.store import connected
from schema.kit import load_environment
from schema.timescale.export import export
from schema.timescale.store import TimescaleStore

_WRITING_SECONDS = 1.0
_KEYS, _DOCUMENTS, _HOTELS, _HOURS = 50_000, 5_000, 5_000, 2_000
_RUN = "20261126T170000Z"
_SERVICE = "bench"


def stores(_: Path) -> Iterator[Figure]:
    """The rows of every store; raises InstallError where this machine has not its server."""
    for rows in (_redis, _mongodb, _elasticsearch, _timescale):
        with Workspace() as workspace:
            yield from rows(workspace)


def _redis(workspace: Workspace) -> Iterator[Figure]:
    server = RedisServer(workspace, install("redis"))
    server.start()
    with server.client() as client:
        pipe = client.pipeline(transaction=False)
        for number in range(_KEYS):
            pipe.hset(f"session:{number}", mapping={"user": str(number)})
            pipe.expire(f"session:{number}", 80_000)
        pipe.execute()
    written = _written(server, server.save)
    began = time.monotonic()
    server.kill()
    server.start()
    with server.client() as client:
        newest = max(int(key.partition(":")[2]) for key in client.scan_iter("write:*"))
    yield Figure("redis, killed: acknowledged writes lost", written[-1] - written[newest], "s", "an hour at most: RDB")
    yield Figure("redis, killed: back with its snapshot", time.monotonic() - began, "s", f"{_KEYS} keys")
    began = time.monotonic()
    dump = server.snapshot.read_bytes()
    other = RedisServer(workspace, install("redis"), "restored")
    other.put(dump)
    other.start()
    with other.client() as client:
        wrong = [check for check in validate(client, read_header(dump[:HEAD_BYTES])) if not check.passed]
    _refuse(wrong)
    yield Figure(
        "redis, export: loaded elsewhere and checked", time.monotonic() - began, "s", "RPO by schedule: 3600 s"
    )


def _mongodb(workspace: Workspace) -> Iterator[Figure]:
    server = MongodbServer(workspace, install("mongodb"))
    server.start()
    with simulated_bucket() as bucket, MongoClient[Mapping[str, Any]](server.uri()) as client:
        database = client["triptrip"]
        database["reviews"].insert_many(
            [
                {"_id": number, "content": f"感想 {number}" * 20, "rating": number % 5 + 1}
                for number in range(_DOCUMENTS)
            ]
        )
        write_export(bucket, database)
        database.drop_collection("reviews")
        began = time.monotonic()
        found, target = chosen(exports(bucket, CLUSTER), CLUSTER), collections.beside("reviews", _RUN)
        digest = collections.load(database, bucket, found, "reviews", target)
        _refuse(
            [check for check in collections.compare(database, target, digest.count, digest.text) if not check.passed]
        )
        collections.merge(database, target, "reviews", collections.Rule.MISSING)
        seconds = time.monotonic() - began
    note = f"{_DOCUMENTS} documents; RPO by schedule: 604800 s, 1 s by point in time"
    yield Figure("mongodb, export: loaded, compared, merged", seconds, "s", note)


def _elasticsearch(workspace: Workspace) -> Iterator[Figure]:
    server = ElasticsearchServer(workspace, install("elasticsearch"))
    server.start()
    with connected(f"http://{SUPERUSER}:{quote(workspace.password, safe='')}@{server.endpoint}") as cluster:
        files = desired(load_environment("dev"))
        for each in files.objects:
            # A shard whose synonyms are missing does not start.
            if each.kind.folder == "synonym_sets":
                cluster.change("PUT", f"{each.kind.path}/{each.name}", each.body)
        [wanted] = [each for each in files.indices if each.name == "hotels"]
        body = {"settings": wanted.settings, "mappings": wanted.mappings, "aliases": aliases_of(wanted)}
        cluster.change("PUT", "/hotels-000001", body)
        lines: list[Mapping[str, Any]] = []
        for number in range(_HOTELS):
            lines += [{"index": {"_index": "hotels-write", "_id": str(number)}}, {"name_ja": f"京都の旅館{number}"}]
        answer = cluster.bulk(lines)
        _refuse([answer["items"][0]] if answer["errors"] else [])
        settings = {"location": str(server.repository / "bench")}
        cluster.change("PUT", "/_snapshot/bench", {"type": "fs", "settings": settings})
        cluster.change("PUT", "/_snapshot/bench/one?wait_for_completion=true", {"indices": "hotels-*"})
        cluster.change("DELETE", "/hotels-000001")
        began = time.monotonic()
        snapshot = chosen_snapshot(snapshots(cluster, "bench"), "hotels")
        target = indices.target_of(cluster, wanted, snapshot.of("hotels")[0])
        indices.restore_beside(cluster, snapshot, snapshot.of("hotels")[0], target)
        indices.await_shards(cluster, target, lambda: False)
        _refuse([check for check in indices.validate(cluster, wanted, target, None) if not check.passed])
        indices.put_in_place(cluster, wanted, target, None)
        seconds = time.monotonic() - began
    note = f"{_HOTELS} documents; RPO by schedule: 86400 s, 1800 s from Elastic's own"
    yield Figure("elasticsearch, snapshot: restored, checked, in use", seconds, "s", note)


def _timescale(workspace: Workspace) -> Iterator[Figure]:
    server = TimescaleServer(workspace, install(GROUP))
    server.start()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with simulated_bucket() as bucket, server.connect() as connection:
        for step in TimescaleStore(connection).steps():
            step.run()
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY price_metrics (time, entity_type, entity_id, price) FROM STDIN") as copy,
        ):
            for number in range(_HOURS):
                copy.write_row((start + number * timedelta(hours=1), "hotel", f"{1:032x}", number % 900 + 100))
        connection.execute("CALL refresh_continuous_aggregate('price_metrics_hourly', NULL, NULL)")
        # The prices go as after their retention: the aggregate is the only copy.
        connection.execute("SELECT drop_chunks('price_metrics', now() + INTERVAL '1 day')")
        [copied] = export(connection, bucket, _SERVICE).aggregates
        connection.execute("DROP MATERIALIZED VIEW price_metrics_hourly")
        began = time.monotonic()
        aggregates.define(connection, copied.name)
        aggregates.load(connection, bucket, copied)
        _refuse([check for check in aggregates.compare(connection, copied) if not check.passed])
        aggregates.merge(connection, copied)
        seconds = time.monotonic() - began
    note = f"{copied.rows} hours, in WebAssembly; RPO: since the newest export for hours whose prices went, else 0"
    yield Figure("timescale, export: aggregate back and compared", seconds, "s", note)


def _written(server: RedisServer, copy: Callable[[], None]) -> list[float]:
    """Write for a while, take a copy, write for as long again; returns when each write was acknowledged."""
    moments: list[float] = []
    with server.client() as client:
        end, is_copied = time.monotonic() + _WRITING_SECONDS, False
        for number in itertools.count():
            try:
                client.set(f"write:{number}", number)
            except RedisError:
                return moments
            moments.append(time.monotonic())
            if moments[-1] > end and is_copied:
                return moments
            if moments[-1] > end:
                copy()
                end, is_copied = time.monotonic() + _WRITING_SECONDS, True
    return moments


def _refuse(failed: list[Any]) -> None:
    """Stop where what came back is not what it was: its time means nothing."""
    if failed:
        raise RuntimeError(f"what was restored does not hold: {failed}")
