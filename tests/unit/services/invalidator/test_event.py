import base64
import json

import pytest

from services.invalidator.event import EnvelopeError, Event, Message, PoisonError, Reason, read_push

GIVEN = {
    "kind": "tag",
    "keys": [],
    "pattern": "",
    "tags": ["entity:hotel"],
    "entity": "",
    "entityId": "",
    "version": 0,
    "reason": "hotel update",
    "source": "application",
    "timestamp": 1_764_201_600_000_000,
}


def message(data: bytes) -> Message:
    return Message(messageId="1", publishTime="2026-11-27T02:00:00.25Z", data=base64.b64encode(data).decode())


def test_a_push_is_read() -> None:
    data = base64.b64encode(json.dumps(GIVEN).encode()).decode()
    pushed = {"messageId": "7", "message_id": "7", "publishTime": "2026-11-27T02:00:00.25Z", "data": data}
    read = read_push(json.dumps({"message": pushed, "subscription": "s", "deliveryAttempt": 3}).encode())
    assert read.published == 1_795_744_800_250_000
    assert read.event().tags == ("entity:hotel",)


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"message": {"data": ""}}', b"\xff"])
def test_what_is_no_push_is_told_from_a_bad_message(body: bytes) -> None:
    with pytest.raises(EnvelopeError):
        read_push(body)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        json.dumps({**GIVEN, "kind": "all"}).encode(),
        json.dumps({**GIVEN, "tags": "entity:hotel"}).encode(),
        json.dumps({**GIVEN, "tags": [""]}).encode(),
        json.dumps({**GIVEN, "timestamp": "now"}).encode(),
    ],
)
def test_what_is_no_event_is_poison(data: bytes) -> None:
    with pytest.raises(PoisonError) as poison:
        message(data).event()
    assert poison.value.reason is Reason.NO_EVENT


def test_data_that_is_not_base64_is_poison() -> None:
    with pytest.raises(PoisonError):
        Message(messageId="1", publishTime="2026-11-27T02:00:00Z", data="%").event()


def test_a_field_of_a_later_revision_is_no_fault() -> None:
    assert message(json.dumps({**GIVEN, "region": "Tokyo"}).encode()).event() == Event.model_validate_json(
        json.dumps(GIVEN)
    )
