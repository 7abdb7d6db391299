"""The published clients: what they publish fits the topic's schema, and the worker understands it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

import pytest
import requests

from sandbox.loopback import LoopbackHandler, LoopbackServer
from sandbox.servers.install import InstallError
from sandbox.servers.invalidation import Site
from services.cache.invalidate import NotPublishedError, Topic, invalidate

MODULE = Path(__file__).resolve().parents[3] / "services" / "cache" / "invalidate.mjs"
_PROGRAM = """
const [module, topic, kind, fields, options] = process.argv.slice(1);
const { invalidate } = await import(module);
try {
  console.log(await invalidate(topic, kind, JSON.parse(fields), JSON.parse(options)));
} catch (error) {
  console.log(`${error.constructor.name}: ${error.message}`);
}
"""
SAID = {"reason": "a test", "source": "tests"}


def by_node(topic: str, kind: str, api: str, **fields: object) -> str:
    node = shutil.which("node")
    if node is None:
        raise InstallError("publishers for Node.js", "node is not on PATH", "install Node.js 20 or newer")
    words = ("--input-type=module", "--eval", _PROGRAM, MODULE.as_uri(), topic, kind, json.dumps({**fields, **SAID}))
    done = subprocess.run(  # noqa: S603 # words of this module
        (node, *words, json.dumps({"api": api})), capture_output=True, text=True, timeout=60, check=False
    )
    return (done.stdout or done.stderr).strip()


def test_both_are_understood(place: Site) -> None:
    hotel, product = place.put("GET /hotels", "old"), place.put("GET /products", "old")
    with requests.Session() as session:
        topic = Topic(place.topic, place.bus.url, session)
        one = invalidate(topic, "entity", entity="hotel", entityId="7", reason="a test", source="tests")
    other = by_node(place.topic, "tag", place.bus.url, tags=["entity:product"])
    assert one.isdigit()
    assert other.isdigit()
    place.wait_until_purged(2)
    assert [place.kept(key) for key in (hotel, product)] == [False, False]


def test_what_the_schema_does_not_take_is_told_at_once(place: Site) -> None:
    with requests.Session() as session, pytest.raises(NotPublishedError, match="400"):
        invalidate(Topic(place.topic, place.bus.url, session), "everything", **SAID)
    assert by_node(place.topic, "everything", place.bus.url).startswith("NotPublishedError: ")
    with pytest.raises(TypeError, match="no field of an event: entity_id"):
        invalidate(Topic(place.topic), "entity", entity="hotel", entity_id="7", **SAID)


class Stumbling(LoopbackServer):
    """Refuses twice, then takes what it is given."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.asked = 0


class _Handler(LoopbackHandler):
    owner: ClassVar[Stumbling]

    def work(self) -> None:
        self.content()
        self.owner.asked += 1
        if self.owner.asked == 1:
            self.sever()
            return
        status = 503 if self.owner.asked == 2 else 200
        self.send(status, b'{"messageIds": ["9"]}', {"Content-Type": "application/json"})


def test_both_try_again() -> None:
    with Stumbling() as server, requests.Session() as session:
        topic = Topic("projects/p/topics/t", server.url, session)
        assert invalidate(topic, "tag", tags=["a"], reason="a test", source="tests") == "9"
        assert server.asked == 3
    with Stumbling() as server:
        assert by_node("projects/p/topics/t", "tag", server.url, tags=["a"]) == "9"
        assert server.asked == 3
