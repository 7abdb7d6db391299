"""What the reference says of keys, functions and their use is what a server sees."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema

from infra.catalog.cache_contract_rows import contract
from services.cache.client import Cache
from services.cache.keys import entry

REFERENCE = Path(__file__).resolve().parents[3] / "docs/reference"
LATER = 2**53 - 1


def test_the_server_has_every_function_of_the_reference(redis: Any) -> None:
    [library] = redis.function_list(library="triptrip")
    fields = dict(zip(library[::2], library[1::2], strict=True))
    there = {dict(zip(each[::2], each[1::2], strict=True))["name"] for each in fields["functions"]}
    text = (REFERENCE / "cache-contract.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z_]+)` \|.*`FCALL(?:_RO)?`", text, re.MULTILINE)
    assert there == {f"triptrip_{name}" for name in told} == {f"triptrip_{name}" for name in contract().functions}


def test_the_example_keeps_an_answer_and_reads_it(cache: Cache) -> None:
    text = (REFERENCE / "cache-contract.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    answers = iter([b"first", b"second"])
    for _ in range(2):
        given = {"cache": cache, "entry": entry, "hotel": "7", "query": [("lang", "ja")]}
        exec(example, {**given, "read_from_the_database": lambda: next(answers)})  # noqa: S102 # our own page
    kept = entry("GET /hotels/{id}", {"id": "7"}, [("lang", "ja")])
    assert cache.cache_get(kept.key).value == b"first"
    assert next(answers) == b"second"


def test_every_key_is_as_the_schema_says(cache: Cache, redis: Any) -> None:
    """One key of every use that a function writes; the worker's own are in its tests."""
    cache.session_start("s1", {"user": "7"})
    cache.rate_limit("7", "GET /hotels", 5)
    assert cache.lock_acquire("hotel:7")
    cache.count_view("hotel", "7", "v")
    cache.online_seen("7")
    for period in ("2026-11-27", "2026-W48", "2026-11"):
        cache.leaderboard_add("hotels", period, "7", 1)
    for kept in (entry("GET /hotels/{id}", {"id": "a:b"}), entry("GET /users/me", user="7")):
        assert cache.cache_put(kept.key, b"", kept.lifetime_ms, kept.tags, LATER)
    cache.invalidate_keys([entry("GET /hotels").key], LATER)
    cache.invalidate_tag("listing:hotels", LATER)
    cache.invalidate_pattern_step(0, "cache:api:search.hotels:*", LATER)
    schema = json.loads((REFERENCE / "cache-contract.schema.json").read_text(encoding="utf-8"))
    titles = set()
    for key in redis.scan_iter():
        told = {"key": key, "type": redis.type(key), "lifetimeMs": redis.pttl(key)}
        jsonschema.validate(told, schema)
        titles |= {use["title"] for use in schema["oneOf"] if re.search(use["properties"]["key"]["pattern"], key)}
    written = {name for name, use in contract().uses.items() if use.functions}
    assert titles == written
