"""Google's own Pub/Sub emulator on a port of loopback: topics with schemas, pull, and push without tokens.

It pushes, delivers again what was not taken, and refuses a message that is not of its topic's schema. What it does not
do: filters, dead letters, and identity tokens (facts of its README; tests sign their own pushes).
"""

import base64
import json
import shutil
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from sandbox.servers.process import Command, ServerError
from sandbox.servers.server import Server

_START_SECONDS = 60
_ANSWER_SECONDS = 30
PROJECT = "triptrip-test"


class PubsubEmulator(Server):
    """One emulator, which forgets everything when it ends."""

    @property
    def url(self) -> str:
        """Where its REST API answers."""
        return f"http://{self.endpoint}"

    def start(self) -> None:
        """Start and wait until it answers; ServerError with its log when it does not come up."""
        java = shutil.which("java")
        if java is None:
            raise ServerError(f"{self.name} needs java on PATH: install a Java of version 11 or newer")
        [jar] = self.programs.command("pubsub-emulator")
        options = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        words = (java, *options, "-jar", jar, f"--host={self.address}", f"--port={self.port}")
        self._process = self.workspace.start(Command(self.name, words, self.workspace.folder, self.log))
        self.workspace.wait_for(f"{self.name} answers", self._answers, _START_SECONDS, self.log)

    def stop(self, timeout: float = 30) -> None:
        """End it; nothing when it is down."""
        if self.is_running:
            self.signal(signal.SIGTERM)
            self._running().wait(timeout)

    def make_topic(self, name: str, schema: str | None = None) -> str:
        """A topic, for JSON of an Avro schema where one is given; its whole name."""
        topic: dict[str, Any] = {}
        if schema is not None:
            made = self.call("POST", f"projects/{PROJECT}/schemas?schemaId={name}-event", self._avro(schema))
            topic = {"schemaSettings": {"schema": made["name"], "encoding": "JSON"}}
        return str(self.call("PUT", f"projects/{PROJECT}/topics/{name}", topic)["name"])

    def subscribe(self, name: str, topic: str, push_to: str = "") -> str:
        """A subscription that pushes to an address, or else is pulled; its whole name.

        It has no retryPolicy: with one, emulator 0.8.20 delivers a message three times and then never again.
        """
        body: dict[str, Any] = {"topic": topic, "ackDeadlineSeconds": 10}
        if push_to:
            body["pushConfig"] = {"pushEndpoint": push_to}
        return str(self.call("PUT", f"projects/{PROJECT}/subscriptions/{name}", body)["name"])

    def publish(
        self, topic: str, *events: Mapping[str, Any] | bytes, attributes: Mapping[str, str] | None = None
    ) -> None:
        """Publish events in one request; raises ServerError when the emulator refuses one."""
        messages = [{"data": _encoded(event), "attributes": dict(attributes or {})} for event in events]
        self.call("POST", f"{topic}:publish", {"messages": messages})

    def pull(self, subscription: str, most: int = 1000) -> Sequence[Mapping[str, Any]]:
        """Messages that wait, acknowledged; none when none does."""
        body = {"maxMessages": most, "returnImmediately": True}
        received = self.call("POST", f"{subscription}:pull", body).get("receivedMessages", [])
        if received:
            self.call("POST", f"{subscription}:acknowledge", {"ackIds": [one["ackId"] for one in received]})
        return [one["message"] for one in received]

    def call(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """One request to its REST API; raises ServerError for a refusal."""
        answer = requests.request(method, f"{self.url}/v1/{path}", json=body, timeout=_ANSWER_SECONDS)
        if not answer.ok:
            raise ServerError(f"{self.name} refused {method} {path}: {answer.text}")
        return answer.json()

    @staticmethod
    def _avro(definition: str) -> Mapping[str, str]:
        return {"type": "AVRO", "definition": definition}

    def _answers(self) -> bool:
        self._still_starting()
        try:
            return requests.get(f"{self.url}/v1/projects/{PROJECT}/topics", timeout=5).ok
        except requests.RequestException:
            return False


def _encoded(event: Mapping[str, Any] | bytes) -> str:
    return base64.b64encode(event if isinstance(event, bytes) else json.dumps(event).encode()).decode()
