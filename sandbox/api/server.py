"""The APIs over HTTP on a free port of loopback; each document lies under a prefix of its own."""

import json
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import urlsplit

from sandbox.api.api import Api, Request
from sandbox.api.call import Answer, Service
from sandbox.api.faults import SEVERED, Kind
from sandbox.loopback import LoopbackHandler, LoopbackServer


class ApiServer(LoopbackServer):
    """A context manager; `endpoint` is what a client of one document is given as its address."""

    def __init__(self, services: Sequence[Service]) -> None:
        super().__init__(_Handler)
        self.api = Api(services)

    def endpoint(self, document: str) -> str:
        """The root URL of a document, without a final slash."""
        return f"{self.url}/{document}"


class _Handler(LoopbackHandler):
    """Passes every request on; the connection suffers what a fault says."""

    owner: ClassVar[ApiServer]

    def work(self) -> None:
        parts = urlsplit(self.path)
        prefix, _, path = parts.path.lstrip("/").partition("/")
        headers = {name.lower(): value for name, value in self.headers.items()}
        base = self.owner.endpoint(prefix)
        request = Request(prefix, self.command, path, parts.query, headers, self.content(), base)
        answer, fault = self.owner.api.handle(request)
        if fault is None or fault.kind not in SEVERED:
            self._answer(answer)
            return
        if fault.kind is Kind.SILENT:
            self.owner.closing.wait()
        self.sever()

    def _answer(self, answer: Answer) -> None:
        content = answer.content
        if content is None:
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
        headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
        self.send(answer.status, content, headers)
