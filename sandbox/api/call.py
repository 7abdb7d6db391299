"""What passes between the server, a service's handlers, and whoever reads the record afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.api.errors import ApiError
from sandbox.api.faults import Fault


@dataclass
class Call:
    """One request that a document knows: `parameters` are those of path and query, `media` an uploaded content.

    `status` is what was answered, None while it is worked on and for an answer that never came. `kind` is the route's:
    json, simple, resumable or download.
    """

    method: str
    parameters: Mapping[str, str]
    body: Any = None
    media: bytes = b""
    kind: str = "json"
    headers: Mapping[str, str] = field(default_factory=dict)
    base: str = ""
    status: int | None = None
    fault: Fault | None = None

    def __getitem__(self, parameter: str) -> str:
        if parameter not in self.parameters:
            raise ApiError(400, f"Required parameter is missing: {parameter}")
        return self.parameters[parameter]


@dataclass(frozen=True)
class Answer:
    """What is sent back where it is not plain JSON with status 200."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


Handler = Callable[[Call], Any]
"""Takes a checked call; returns JSON (or an Answer); raises ApiError."""


class Service(Protocol):
    """One API: the name of its discovery document, and a handler for each method that it can answer, by id."""

    document: str

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Handlers by the method's id."""

    def tick(self) -> None:
        """Let time pass: called before each request, so that operations end after so many of them."""
