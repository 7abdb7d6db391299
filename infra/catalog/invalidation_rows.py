"""The event that the invalidation bus carries, from cache_invalidation.avsc (CACHE-INV)."""

import json
from functools import cache
from pathlib import Path

EVENT_FILE = Path(__file__).with_name("cache_invalidation.avsc")


@cache
def event_definition() -> str:
    """The event's Avro schema without its layout.

    Pub/Sub compares definitions as text and keeps 20 revisions at most: a blank must not use one up.
    """
    return json.dumps(json.loads(EVENT_FILE.read_text(encoding="utf-8")), separators=(",", ":"), ensure_ascii=False)
