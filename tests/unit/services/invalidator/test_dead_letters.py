"""What is put aside is the message as it came, and why, in attributes that Pub/Sub takes."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from sandbox.loopback import LoopbackHandler, LoopbackServer
from services.invalidator.dead_letters import DeadLetters
from services.invalidator.event import Message, PoisonError, Reason
from services.invalidator.google_api import ApiError, GoogleApi

TOPIC = "projects/p/topics/dead"


class Topic(LoopbackServer):
    """Answers what it is told to, the last one for ever."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.statuses = [200]
        self.got: list[Any] = []


class _Handler(LoopbackHandler):
    owner: ClassVar[Topic]

    def work(self) -> None:
        self.owner.got.append((self.path, json.loads(self.content())))
        status = self.owner.statuses.pop(0) if len(self.owner.statuses) > 1 else self.owner.statuses[0]
        self.send(status, b'{"messageIds": ["1"]}', {"Content-Type": "application/json"})


@pytest.fixture
def topic() -> Iterator[Topic]:
    with Topic() as made:
        yield made


def message(**attributes: str) -> Message:
    given = {"messageId": "7", "publishTime": "2026-11-27T02:00:00Z", "data": "bm8=", "attributes": attributes}
    return Message.model_validate_json(json.dumps(given))


def put(topic: Topic, one: Message, detail: str = "no") -> None:
    DeadLetters(GoogleApi(topic.url), TOPIC).put(one, PoisonError(Reason.NO_EVENT, detail))


def test_it_is_the_message_with_its_reason_and_without_pubsubs_own_attributes(topic: Topic) -> None:
    put(topic, message(origin="tests", googclient_schemaencoding="JSON"))
    [(path, body)] = topic.got
    assert path == f"/v1/{TOPIC}:publish"
    told = {"reason": "no-event", "detail": "no", "messageId": "7", "publishTime": "2026-11-27T02:00:00+00:00"}
    assert body == {"messages": [{"data": "bm8=", "attributes": {"origin": "tests", **told}}]}


def test_a_long_detail_fits_an_attribute(topic: Topic) -> None:
    put(topic, message(), "京" * 1000)
    [(_, body)] = topic.got
    assert 0 < len(body["messages"][0]["attributes"]["detail"].encode()) <= 1024


def test_a_passing_refusal_is_tried_again_and_another_is_not(topic: Topic) -> None:
    topic.statuses = [503, 200]
    put(topic, message())
    assert len(topic.got) == 2
    topic.statuses = [403]
    with pytest.raises(ApiError):
        put(topic, message())
    assert len(topic.got) == 3
