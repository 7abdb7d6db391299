"""The invalidation bus worked out from its settings, and the event it carries."""

import json
from typing import Any

import pytest

from infra.catalog.invalidation_rows import EVENT_FILE, event_definition
from infra.derive.invalidation import InvalidationPlan
from infra.derive.invalidation_checks import slowest
from infra.derive.platform import PlatformPlan, derive
from infra.settings.invalidation import InvalidationSettings
from tests.stacks import settings_of

PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
PULL: dict[str, Any] = {"delivery": "pull", "push": None, "service": None}
PUSH: dict[str, Any] = {
    "delivery": "push",
    "push": {"endpoint": "https://triptrip.jp/e", "account": "postman"},
    "service": None,
}
"""Somebody else runs the worker: the stack files' own is in test_invalidation_service."""


def platform(changes: dict[str, Any]) -> PlatformPlan:
    return derive(settings_of("prod", {"invalidation": changes}))


def bus(changes: dict[str, Any]) -> InvalidationPlan:
    plan = platform(changes).invalidation
    assert plan is not None
    return plan


def is_avro(kind: Any) -> bool:
    """Whether every type in an Avro type is one, by Avro 1.11's rules for the ones used here."""
    if isinstance(kind, list):
        return all(is_avro(each) for each in kind)
    if not isinstance(kind, dict):
        return kind in PRIMITIVES
    match kind["type"]:
        case "record":
            return bool(kind["name"]) and all(is_avro(field["type"]) for field in kind["fields"])
        case "array":
            return is_avro(kind["items"])
        case "enum":
            return bool(kind["name"]) and len(set(kind["symbols"])) == len(kind["symbols"])
        case inner:
            return is_avro(inner)


def fields() -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in json.loads(event_definition())["fields"]}


def test_durations_become_the_apis_and_names_grow_from_the_topic() -> None:
    plan = bus({"ackDeadline": "2 minutes", "retention": "1 day"})
    assert (plan.ack_deadline_seconds, plan.retention, plan.least_backoff, plan.most_backoff) == (
        120,
        "86400s",
        "1s",
        "30s",
    )
    assert plan.dead_letter.retention == "1209600s"
    assert (plan.topic, plan.schema, plan.subscription, plan.dead_letter.topic, plan.dead_letter.subscription) == (
        "cache-invalidation",
        "cache-invalidation-event",
        "cache-invalidation-invalidator",
        "cache-invalidation-dead-letter",
        "cache-invalidation-dead-letter-inspection",
    )
    assert plan.endpoint == "asia-northeast1-pubsub.googleapis.com:443"


def test_the_token_is_for_the_endpoint_unless_an_audience_is_named() -> None:
    assert bus(PULL).push is None
    plain, named = bus(PUSH).push, bus({**PUSH, "push": {**PUSH["push"], "audience": "triptrip"}}).push
    assert plain is not None
    assert named is not None
    assert (plain.audience, named.audience) == ("https://triptrip.jp/e", "triptrip")


@pytest.mark.parametrize(("changes", "more"), [(PULL, set()), (PUSH, {"postman"}), ({}, {"pusher"})])
def test_every_program_of_the_bus_has_an_account(changes: dict[str, Any], more: set[str]) -> None:
    assert {"application", "invalidator"} | more <= {each.key for each in platform(changes).identities}


def test_giving_up_takes_every_deadline_and_every_wait() -> None:
    settings = InvalidationSettings.model_validate(
        {
            "publishers": ["application"],
            "worker": "invalidator",
            "ackDeadline": "10 s",
            "retry": {"most": "20 s"},
            "deadLetter": {"attempts": 5},
        }
    )
    assert slowest(settings).seconds == 5 * 10 + 4 * 20


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"retention": "25 hours"}, "invalidation.retention"), ({"ordered": True}, "invalidation.ordered")],
)
def test_what_deserves_a_second_look_is_told(changes: dict[str, Any], path: str) -> None:
    assert path in {finding.path for finding in platform(changes).advice}
    assert path not in {finding.path for finding in platform({}).advice}


def test_the_event_is_a_sound_avro_record() -> None:
    record = json.loads(event_definition())
    assert record["type"] == "record"
    assert is_avro(record)
    assert all(field["name"].isidentifier() and field["doc"] for field in record["fields"])


def test_the_event_says_what_the_document_asks_for() -> None:
    assert fields()["kind"]["type"]["symbols"] == ["single", "pattern", "tag", "entity"]
    assert {"keys", "pattern", "tags", "reason", "timestamp", "version", "source"} < set(fields())
    assert fields()["timestamp"]["type"] == {"type": "long", "logicalType": "timestamp-micros"}


def test_no_field_is_a_union_which_json_would_have_to_wrap() -> None:
    """Avro's JSON writes a union's value as {"string": "…"}; plain JSON of a plain program would be refused."""
    assert not [name for name, field in fields().items() if isinstance(field["type"], list)]


def test_layout_is_no_new_revision() -> None:
    assert event_definition() != EVENT_FILE.read_text()
    assert json.loads(event_definition()) == json.loads(EVENT_FILE.read_text())
    assert "\n" not in event_definition()
