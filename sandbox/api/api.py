"""The simulated APIs without HTTP: a request in, an answer out, everything on record."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sandbox.api import multipart, shape
from sandbox.api.call import Answer, Call, Service
from sandbox.api.discovery import Method, document
from sandbox.api.errors import ApiError
from sandbox.api.faults import SEVERED, STATUS, TAKES_EFFECT, Fault, Faults


@dataclass(frozen=True)
class Request:
    """An HTTP request to one document: `path` as sent, without the document's prefix and a leading slash."""

    document: str
    http: str
    path: str
    query: str
    headers: Mapping[str, str]
    content: bytes
    base: str = ""


class Api:
    """The services behind one server."""

    def __init__(self, services: Sequence[Service]) -> None:
        self.services = {service.document: service for service in services}
        self.faults = Faults()
        self.calls: list[Call] = []
        self._lock = threading.Lock()

    def handle(self, request: Request) -> tuple[Answer, Fault | None]:
        """Answer a request; the fault that it meets, when the connection is to suffer it.

        Requests are worked on one at a time, as if the cloud had one thread: a test has one order of events.
        """
        with self._lock:
            service = self.services.get(request.document)
            found = service and document(request.document).find(request.http, request.path)
            if service is None or not found:
                message = f"{request.http} {request.path}: not a method of {request.document}"
                return _refusal(ApiError(404, message)), None
            method, route, path = found
            call = Call(method.id, path, kind=route.kind, headers=request.headers, base=request.base)
            call.fault = self.faults.next(method.id)
            self.calls.append(call)
            answer = self._answer(service, method, call, request)
            call.status = None if call.fault and call.fault.kind in SEVERED else answer.status
            return answer, call.fault

    def asked(self, method: str) -> list[Call]:
        """The calls of one method so far, in order."""
        return [call for call in self.calls if call.method == method]

    def _answer(self, service: Service, method: Method, call: Call, request: Request) -> Answer:
        try:
            _read(method, call, request)
            if call.fault and call.fault.kind not in TAKES_EFFECT:
                return _trouble(call.fault)
            service.tick()
            return _checked(service, method, service.handlers.get(method.id, _missing)(call))
        except ApiError as error:
            return _refusal(error)
        except KeyError as error:
            return _refusal(ApiError(400, f"Required field is missing: {error.args[0]}"))


def _read(method: Method, call: Call, request: Request) -> None:
    """Fill a call from its request; raises ApiError where the document does not allow it."""
    source = document(request.document)
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    # A session of a resumable upload is the server's own address, with what only it understands.
    session = query.pop("upload_id", None)
    call.parameters = {**query, **call.parameters, **({"upload_id": session} if session else {})}
    shape.check_query(source, method, {name: value for name, value in call.parameters.items() if name != "upload_id"})
    if call.kind in ("simple", "resumable"):
        call.body, call.media = multipart.parts(call.headers.get("content-type", ""), request.content)
        if not session:
            shape.check_body(source, method, call.body)
        return
    try:
        call.body = json.loads(request.content) if request.content else None
    except ValueError as error:
        raise ApiError(400, "Invalid JSON payload received.") from error
    shape.check_body(source, method, call.body)


def _missing(call: Call) -> Any:
    raise ApiError(501, f"{call.method} has no handler in the simulated API")


def _trouble(fault: Fault) -> Answer:
    status = STATUS.get(fault.kind, 503)
    return Answer(ApiError(status, f"simulated: {fault.kind}").body(), status, fault.headers)


def _checked(service: Service, method: Method, answered: Any) -> Answer:
    answer = answered if isinstance(answered, Answer) else Answer(answered)
    is_plain = answer.content is None and answer.status == 200  # noqa: PLR2004 # HTTP
    if is_plain and (wrong := shape.answer_problems(document(service.document), method, answer.body)):
        raise ApiError(500, f"the simulated {method.id} answers what Google cannot: {'; '.join(wrong)}")
    return answer


def _refusal(error: ApiError) -> Answer:
    return Answer(error.body(), error.status)
