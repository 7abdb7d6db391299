"""Connectors and HTTP requests of a workflow, answered by the simulated Google APIs.

Google's own client library checks a connector's arguments and writes its request, from the same discovery documents
that connectors are made of. Connectors here try nothing again by themselves, though Google's do: a source must not
need it.
"""

import functools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import httplib2
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError, UnknownApiNameOrVersion
from googleapiclient.http import MediaInMemoryUpload

from sandbox.api import Api
from sandbox.api.api import Request
from sandbox.api.discovery import document
from sandbox.api.faults import Kind
from sandbox.workflows.errors import RaisedError, SourceError
from sandbox.workflows.execution import Clock

_SEVERED = {Kind.CUT: "ConnectionError", Kind.LOST: "ConnectionError", Kind.SILENT: "TimeoutError"}
_POLLING = {"initial_delay": 1.0, "multiplier": 1.25, "max_delay": 60.0}
_TIMEOUT = 1800
"""Seconds of a long-running operation, and how it is polled (Workflows, "Connectors reference", read 2026-11)."""


class SimulatedGoogle:
    """What an execution calls, in front of simulated APIs."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    def connector(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The answer of `googleapis.…`; an operation of Cloud SQL is awaited."""
        _, service, version, *path, method = name.split(".")
        given: dict[str, Any] = dict(arguments)
        parameters = _connector_parameters(name, given.pop("connector_params", {}))
        answer = self._asked(service, version, path, method, given)
        is_begun = isinstance(answer, dict) and answer.get("kind") == "sql#operation" and path != ["operations"]
        if not is_begun or parameters["skip_polling"]:
            return answer
        return self._awaited(f"{service}.{version}", given["project"], answer, parameters)

    def http(self, method: str, arguments: Mapping[str, Any]) -> Any:
        """The answer of `http.get` or `http.post`: body, code and headers."""
        if arguments.get("auth") != {"type": "OAuth2"}:
            raise SourceError(f"{arguments['url']}: Google's APIs want auth with type OAuth2")
        query = urlencode(arguments.get("query", {}))
        content = json.dumps(arguments["body"]).encode() if "body" in arguments else b""
        url = arguments["url"] + ("?" + query if query else "")
        response, answered = self.request(url, method.upper(), content, {"content-type": "application/json"})
        if response.status >= 400:  # noqa: PLR2004 # HTTP
            raise _http_error(response.status, answered)
        return {"code": response.status, "headers": dict(response), "body": _decoded(answered)}

    def request(
        self, uri: str, method: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> tuple[httplib2.Response, bytes]:
        """What Google's client library asks of its transport. Raises RaisedError where the connection breaks."""
        parts = urlsplit(uri)
        label = parts.netloc.partition(".")[0]
        source = next((name for name in self._api.services if name.startswith(f"{label}.")), label)
        content = body.encode() if isinstance(body, str) else body or b""
        names = {name.lower(): value for name, value in (headers or {}).items()}
        answer, fault = self._api.handle(Request(source, method, parts.path[1:], parts.query, names, content))
        if fault and fault.kind in _SEVERED:
            raise RaisedError.tagged(_SEVERED[fault.kind], f"{method} {uri}: {fault.kind}")
        answered = answer.content if answer.content is not None else json.dumps(answer.body).encode()
        return httplib2.Response({**answer.headers, "status": str(answer.status)}), answered

    def _asked(self, service: str, version: str, path: list[str], method: str, given: dict[str, Any]) -> Any:
        name = ".".join(["googleapis", service, version, *path, method])
        try:
            if given.pop("uploadType", None) == "media":
                content = given.pop("body")
                given["media_body"] = MediaInMemoryUpload(content if isinstance(content, bytes) else content.encode())
            request = getattr(_resource(service, version, *path), method)(
                **_in_path(f"{service}.{version}", ".".join([*path, method]), given)
            )
        except (AttributeError, TypeError, UnknownApiNameOrVersion) as error:
            raise SourceError(f"{name}: {error}") from error
        try:
            return request.execute(http=self)
        except HttpError as error:
            raise _http_error(error.resp.status, error.content) from error

    def _awaited(self, api: str, project: str, operation: Any, parameters: Mapping[str, Any]) -> Any:
        delay, until = parameters["initial_delay"], self._clock.now + parameters["timeout"]
        service, version = api.split(".")
        while operation["status"] != "DONE":
            if self._clock.now >= until:
                raise RaisedError.tagged(
                    "TimeoutError", f"{operation['name']} takes longer than {parameters['timeout']} s"
                )
            self._clock.sleep(delay)
            delay = min(delay * parameters["multiplier"], parameters["max_delay"])
            asked = {"project": project, "operation": operation["name"]}
            operation = self._asked(service, version, ["operations"], "get", asked)
        if "error" in operation:
            message = "; ".join(f"{row['code']}: {row.get('message', '')}" for row in operation["error"]["errors"])
            raise RaisedError.tagged("OperationError", message, operation=operation, error=operation["error"])
        return operation


@functools.cache
def _resource(service: str, version: str, *path: str) -> Any:
    """A resource of Google's client library, whose making takes longer than a request here."""
    if path:
        return getattr(_resource(service, version, *path[:-1]), path[-1])()
    # The transport is given with each request; this one only keeps the library from looking for credentials.
    return build(service, version, http=httplib2.Http(), static_discovery=True, cache_discovery=False)


def _in_path(name: str, method: str, given: dict[str, Any]) -> dict[str, Any]:
    """Arguments for Google's library, which encodes what stands in a path: a connector takes it as it is given."""
    found = next(each for each in document(name).methods.values() if each.id.partition(".")[2] == method)
    written = dict(given)
    for key in set(given) & {key for key, row in found.parameters.items() if row["location"] == "path"}:
        if f"{{+{key}}}" not in found.path:
            if "/" in given[key]:
                raise TypeError(f"{key} is {given[key]!r}; in a path it must be encoded (text.url_encode)")
            written[key] = unquote(given[key])
    return written


def _connector_parameters(name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    policy = given.get("polling_policy", {})
    unknown = set(given) - {"timeout", "polling_policy", "skip_polling", "scopes"} | set(policy) - set(_POLLING)
    if unknown:
        raise SourceError(f"{name}: no connector parameter {', '.join(sorted(unknown))}")
    own = {"timeout": given.get("timeout", _TIMEOUT), "skip_polling": given.get("skip_polling", False)}
    return {**_POLLING, **policy, **own}


def _http_error(status: int, content: bytes) -> RaisedError:
    return RaisedError.tagged(
        "HttpError", f"HTTP server responded with error code {status}", code=status, body=_decoded(content), headers={}
    )


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
