"""One cluster over its REST API: what is read, what is changed, and what an answer that refuses means."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from elastic_transport import ConnectionError as Unreachable
from elastic_transport import ConnectionTimeout, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError

from schema.kit import SchemaError, reached

_JSON: Mapping[str, str] = {"accept": "application/json", "content-type": "application/json"}
_GRANTS = re.compile(r"this action is granted by the (index|cluster) privileges? \[([^\]]+)\]")
_UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, CONFLICT = 401, 403, 404, 409
_NOT_IN_TIME = 408
_READ_RETRIES = 3


class Cluster:
    """A cluster and the right to change it: `guard` is asked before every change and raises when it is lost.

    Reads are repeated when a connection breaks; changes are not, since one may have been made before it broke.
    """

    def __init__(self, client: Elasticsearch, where: str) -> None:
        self._changing = client.options(max_retries=0, retry_on_timeout=False)
        self._reading = client.options(max_retries=_READ_RETRIES, retry_on_timeout=True)
        self._where = where
        self.guard: Callable[[], None] = lambda: None

    def await_way(self) -> None:
        """Wait as long as patience lasts until the cluster answers; what it answers is the next request's to tell."""
        with suppress(ApiError, TransportError):
            reached(lambda: self._changing.perform_request("HEAD", "/", headers=_JSON), _is_no_way)

    def get(self, path: str) -> Any | None:
        """What is at a path; None where there is nothing."""
        return self._asked(self._reading, "GET", path, None, none_for=(NOT_FOUND,))

    def waited(self, path: str) -> Any | None:
        """The cluster's health once it is as asked; None where it was not in time (408), and where there is nothing."""
        return self._asked(self._reading, "GET", path, None, none_for=(NOT_FOUND, _NOT_IN_TIME))

    def search(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer to a question that needs a body."""
        return self._asked(self._reading, "POST", path, body)

    def change(self, method: str, path: str, body: Any = None, *, none_for: Iterable[int] = ()) -> Any | None:
        """Make a change; None when it is refused with one of the HTTP statuses `none_for`."""
        self.guard()
        return self._asked(self._changing, method, path, body, none_for)

    def unguarded(self, method: str, path: str, body: Any = None, *, none_for: Iterable[int] = ()) -> Any | None:
        """Make a change that the right to change is itself made of."""
        return self._asked(self._changing, method, path, body, none_for)

    def bulk(self, lines: Iterable[Mapping[str, Any]]) -> Any:
        """Write many documents at once; the caller looks at each item."""
        self.guard()
        return self._asked(self._changing, "POST", "/_bulk", list(lines))

    def _asked(
        self, client: Elasticsearch, method: str, path: str, body: Any, none_for: Iterable[int] = ()
    ) -> Any | None:
        headers = {**_JSON, "content-type": "application/x-ndjson"} if path.startswith("/_bulk") else _JSON
        try:
            return client.perform_request(method, path, headers=headers, body=body).body
        except UnsupportedProductError:
            raise SchemaError(self._where, "does not answer as Elasticsearch does", fix="check the address") from None
        except ApiError as error:
            if error.status_code in none_for:
                return None
            raise self._refused(error, method, path) from None
        except TransportError as error:
            raise self._broken(error) from None

    def _refused(self, error: ApiError, method: str, path: str) -> SchemaError:
        reason, asked = reason_of(error), f"{method} {path.partition('?')[0]}"
        if error.status_code == _UNAUTHENTICATED:
            return SchemaError(
                self._where,
                "does not know these credentials (401)",
                fix="read TRIPTRIP_SCHEMA_ELASTICSEARCH_API_KEY, or the user in the address, from Secret Manager again",
            )
        if error.status_code == FORBIDDEN and (granted := _GRANTS.search(reason)):
            kind, privileges = granted[1], granted[2].split(",")
            return SchemaError(
                self._where,
                f"{asked} is refused (403): the {kind} privilege {privileges[0]} is missing",
                allowed=f"{kind} privilege {' or '.join(privileges)}",
                fix="give it to the role of the one who runs the schema (docs/runbooks/schema.md)",
            )
        return SchemaError(self._where, f"{asked} is refused ({error.status_code}): {reason}")

    def _broken(self, error: TransportError) -> SchemaError:
        if isinstance(error, ConnectionTimeout):
            return SchemaError(self._where, "did not answer in time", fix="look at the cluster's load, and run again")
        if isinstance(error, Unreachable):
            return SchemaError(
                self._where,
                f"cannot be reached: {error.message}",
                fix="run it where the private endpoint is (docs/runbooks/schema.md), and check the port",
            )
        return SchemaError(self._where, f"did not answer as Elasticsearch does: {error.message}")


def _is_no_way(error: Exception) -> bool:
    return isinstance(error, Unreachable | ConnectionTimeout)


def reason_of(error: ApiError) -> str:
    """Why a request was refused, with the innermost cause, in one line."""
    body = error.body if isinstance(error.body, dict) else {}
    cause: Any = body.get("error", error.message)
    told = []
    while isinstance(cause, dict):
        told.append(str(cause.get("reason", cause.get("type"))))
        cause = cause.get("caused_by")
    if isinstance(cause, str):
        told.append(cause)
    return ": ".join(dict.fromkeys(" ".join(text.split()) for text in told if text))
