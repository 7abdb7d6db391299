"""The event that the invalidation bus carries, from cache_invalidation.avsc, and its worker, from invalidation.yaml."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from infra.catalog.rows import Row, read

EVENT_FILE = Path(__file__).with_name("cache_invalidation.avsc")
_WORKER = "invalidation.yaml"


@cache
def event_definition() -> str:
    """The event's Avro schema without its layout.

    Pub/Sub compares definitions as text and keeps 20 revisions at most: a blank must not use one up.
    """
    return json.dumps(json.loads(EVENT_FILE.read_text(encoding="utf-8")), separators=(",", ":"), ensure_ascii=False)


class ProbeRow(Row):
    """How Cloud Run asks an instance how it is; times in seconds."""

    path: str
    every: int
    timeout: int
    tries: int


class CollectorRow(Row):
    """What the collector beside the worker may use: processors, and memory in MiB."""

    cpu: int
    memory_mib: int


@cache
def purge_permissions() -> tuple[str, ...]:
    """What the worker's account may do to the CDN."""
    return tuple(read(_WORKER)["purge_permissions"])


@cache
def probes() -> Mapping[str, ProbeRow]:
    """How Cloud Run asks: `startup` and `liveness`."""
    return {name: ProbeRow(**row) for name, row in read(_WORKER)["probes"].items()}


@cache
def collector() -> CollectorRow:
    """The collector beside the worker."""
    return CollectorRow(**read(_WORKER)["collector"])
