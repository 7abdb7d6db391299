"""The contract and the endpoint table fit together, and a contract that does not cannot be read."""

import copy
import json
import re
from typing import Any

import jsonschema
import pytest

from infra.catalog.cache_contract_rows import Contract, contract, contract_of
from infra.catalog.cdn_rows import endpoints
from infra.catalog.rows import read
from infra.derive import cache_checks, cache_contract, cache_contract_reference
from infra.derive.platform import derive
from tests.stacks import settings_of


def content(**changed: Any) -> dict[str, Any]:
    whole: dict[str, Any] = copy.deepcopy(read("cache.yaml"))
    for path, value in changed.items():
        *folders, last = path.split("__")
        place = whole
        for folder in folders:
            place = place[folder]
        place[last] = value
    return whole


def test_every_endpoint_that_redis_keeps_has_its_key() -> None:
    kept = {f"{row.method} {row.path}" for row in endpoints() if row.redis}
    assert {entry.endpoint for entry in contract().entries} == kept


def refused(whole: dict[str, Any]) -> str:
    with pytest.raises(ValueError, match=r"cache\.yaml|validation error") as error:
        contract_of(whole, endpoints())
    return str(error.value)


def test_an_endpoint_without_a_key_stops_the_build() -> None:
    entries = content()["entries"]
    told = refused(content(entries=[row for row in entries if row["endpoint"] != "GET /products"]))
    assert "GET /products is kept in Redis (endpoints.yaml) and has no key in entries" in told
    told = refused(content(entries=[*entries, {"endpoint": "POST /orders", "key": "cache:api:orders:{hash}"}]))
    assert "entries names POST /orders, which endpoints.yaml does not keep in Redis" in told
    told = refused(content(entries=[*entries[1:], {"endpoint": "GET /hotels", "key": entries[1]["key"]}]))
    assert "entries names an endpoint or a key twice" in told


def test_a_contract_that_does_not_fit_stops_every_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = content()
    whole["entries"].pop()

    def broken() -> Contract:
        return contract_of(whole, endpoints())

    monkeypatch.setattr(cache_checks, "contract", broken)
    with pytest.raises(ValueError, match="and has no key in entries"):
        derive(settings_of("dev"))


def test_a_personal_answer_without_the_user_in_its_key_stops_the_build() -> None:
    entries = [
        row | {"key": row["key"].replace(":{user}", "")} if row["endpoint"] == "GET /users/me" else row
        for row in content()["entries"]
    ]
    told = refused(content(entries=entries))
    assert "cache:api:users.me:{hash} of GET /users/me lacks {user}, unlike endpoints.yaml" in told
    entries = [
        row | {"key": "cache:api:hotels:{user}:{hash}"} if row["endpoint"] == "GET /hotels" else row
        for row in content()["entries"]
    ]
    assert "of GET /hotels has {user}, unlike endpoints.yaml" in refused(content(entries=entries))


def test_an_endpoint_without_tags_stops_the_build() -> None:
    table = [row.model_copy(update={"tags": ()}) if row.path == "/users/me" else row for row in endpoints()]
    with pytest.raises(ValueError, match="GET /users/me carries no tags: no event would reach it"):
        contract_of(content(), table)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"tags": []}, "the tag listing:hotels is of no form in tags"),
        ({"uses__session__functions": ["session_read"]}, "uses name the function session_read, which has no signature"),
        ({"uses__session__functions": ["session_touch"]}, "the function session_write belongs to no use"),
        ({"uses__session__lifetime": "1 hour"}, "session_write allows lifetime_ms 86400000, and session lives 1 hour"),
        ({"uses__lock__lifetime": "1 minute"}, "lock_acquire allows lifetime_ms 30000, and lock lives 1 minute"),
        ({"uses__tag__lifetime": "1 hour"}, "a tag's set lives as long as the longest entry and tag_margin together"),
        ({"invalidation__tombstone": "1 minute"}, "stale_key lives as long as invalidation.tombstone"),
        ({"periods__month__lifetime": "31 days"}, "leaderboard lives as long as its longest period"),
        ({"uses__lock__key": "lock:fence:{resource}"}, "two uses have the same key"),
        ({"uses__session__structure": "table"}, "uses.session.structure"),
        ({"uses__session__key": "session:{session"}, "uses.session.key"),
        ({"periods__day__example": "yesterday"}, "the example yesterday is not as the pattern"),
        ({"library__version": 0}, "library.version"),
    ],
)
def test_a_contradiction_cannot_be_read(changed: dict[str, Any], told: str) -> None:
    assert told in refused(content(**changed))


def test_a_key_belongs_to_one_use() -> None:
    found: Contract = contract()
    examples = {
        "session": "session:4f",
        "api_cache": f"cache:api:hotels:{'0' * 64}",
        "private_api_cache": f"cache:api:users.me:7:{'0' * 64}",
        "tag": "cache:tags:entity:hotel:7",
        "stale_key": f"cache:stale:key:cache:api:hotels:{'0' * 64}",
        "stale_tag": "cache:stale:tag:entity:hotel",
        "stale_pattern": "cache:stale:pattern",
        "edge_now": "cache:edge:now",
        "edge_sending": "cache:edge:sending",
        "edge_later": "cache:edge:later",
        "rate_limit": "ratelimit:7:GET%20%2Fhotels",
        "views": "counter:views:hotel:7",
        "online_users": "counter:online:users:29401920",
        "fence": "lock:fence:hotel%3A7",
        "lock": "lock:hotel%3A7",
        "leaderboard": "leaderboard:hotels:2026-W48",
    }
    assert examples.keys() == found.uses.keys()
    for name, key in examples.items():
        fitting = [
            use.name for use in found.uses.values() if re.search(cache_contract_reference.key_pattern(use, found), key)
        ]
        assert fitting == [name], key
        belongs = found.use_of(key)
        assert belongs is not None
        assert belongs.prefix == found.uses[name].prefix


@pytest.mark.parametrize(
    ("told", "fits"),
    [
        ({"key": "session:4f", "type": "hash", "lifetimeMs": 86_400_000}, True),
        ({"key": "session:4f", "type": "hash", "lifetimeMs": 86_400_001}, False),
        ({"key": "session:4f", "type": "hash", "lifetimeMs": -1}, False),
        ({"key": "session:4f", "type": "string", "lifetimeMs": 1_000}, False),
        ({"key": "session:4:f", "type": "hash", "lifetimeMs": 1_000}, False),
        ({"key": f"cache:api:hotels:{'0' * 64}", "type": "string", "lifetimeMs": 60_000}, True),
        ({"key": "cache:api:hotels:1", "type": "string", "lifetimeMs": 60_000}, False),
        ({"key": "leaderboard:hotels:2026", "type": "zset", "lifetimeMs": 60_000}, False),
        ({"key": "cache:edge:now", "type": "zset", "lifetimeMs": -1}, True),
        ({"key": "other", "type": "string", "lifetimeMs": 1_000}, False),
    ],
)
def test_the_schema_tells_a_key_of_the_contract_from_another(told: dict[str, Any], fits: bool) -> None:
    schema = json.loads(cache_contract_reference.json_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema.Draft202012Validator(schema).is_valid(told) is fits


def test_the_schema_has_every_functions_signature() -> None:
    functions = json.loads(cache_contract_reference.json_schema())["$defs"]["functions"]
    assert functions.keys() == contract().functions.keys()
    limit = jsonschema.Draft202012Validator(functions["rate_limit"])
    assert limit.is_valid({"keys": ["ratelimit:7:a"], "arguments": [5, 60_000]})
    assert not limit.is_valid({"keys": ["ratelimit:7:a"], "arguments": [5, 60_001]})
    assert not limit.is_valid({"keys": ["ratelimit:7:a"], "arguments": [5]})
    assert not limit.is_valid({"keys": ["a", "b"], "arguments": [5, 1]})
    many = jsonschema.Draft202012Validator(functions["invalidate_keys"])
    assert many.is_valid({"keys": ["a", "b"], "arguments": [1]})
    put = jsonschema.Draft202012Validator(functions["cache_put"])
    assert put.is_valid({"keys": ["a"], "arguments": ["v", 1, 1, "entity:hotel", "listing:hotels"]})
    assert not put.is_valid({"keys": ["a"], "arguments": ["v", 1, 1, ""]})


def test_generated_texts_follow_from_the_contract() -> None:
    assert '"GET /users/me": EntryRow' in cache_contract.python()
    assert "export interface Functions {" in cache_contract.typescript()
    assert "name = 'rate_limit', keys = 1" in cache_contract.lua()
