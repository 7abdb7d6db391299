"""Google's own clients for one project, with this machine's account, or without one where they are given loopback."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import google.auth
import google.auth.credentials
import google_auth_httplib2
import httplib2
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Client
from googleapiclient.discovery import build

from ops.recovery.cloud.bucket import Bucket
from ops.recovery.cloud.calls import Pace
from ops.recovery.cloud.dns import Names
from ops.recovery.cloud.sql import Instances
from ops.recovery.declared import Declared
from ops.recovery.errors import RecoveryError

ENDPOINT_VARIABLE = "TRIPTRIP_ENDPOINT_{api}"
"""Another endpoint of an API (SQLADMIN, DNS, STORAGE, REDIS); one on loopback is asked without an account."""

_APIS = ("sqladmin", "dns", "storage", "redis")
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True)
class Google:
    """What recovery needs of Google; `close` ends the connections."""

    sql: Instances
    names: Names
    bucket: Bucket
    close: Callable[[], None]


def connect(declared: Declared, pace: Pace | None = None, endpoints: Mapping[str, str] | None = None) -> Google:
    """Clients for the project of an environment; raises RecoveryError without an account.

    `endpoints` are by API: sqladmin, dns, storage; those of the environment variables where none are given.
    """
    pace = pace or Pace()
    places = known_endpoints() if endpoints is None else endpoints
    connections: list[httplib2.Http] = []

    def client(api: str) -> Any:
        made, connection = service(api, places.get(api), pace)
        connections.append(connection)
        return made

    place = places.get("storage")
    options = {"api_endpoint": place} if place else {}
    storage = Client(project=declared.project, credentials=credentials_for(place), client_options=options)

    def close() -> None:
        for connection in connections:
            connection.close()
        storage.close()

    return Google(
        sql=Instances(client("sqladmin"), declared, pace),
        names=Names(client("dns"), declared, pace),
        bucket=Bucket(storage, declared, pace),
        close=close,
    )


def service(api: str, place: str | None, pace: Pace) -> tuple[Any, httplib2.Http]:
    """A client of an API, at another endpoint where one is given, and the connection that is closed after it."""
    connection = httplib2.Http(timeout=pace.timeout)
    http = google_auth_httplib2.AuthorizedHttp(credentials_for(place), http=connection)
    options = {"api_endpoint": place} if place else {}
    # The document that the client brings decides the requests, whatever Google publishes today.
    made = build(api, "v1", http=http, client_options=options, static_discovery=True, cache_discovery=False)
    return made, connection


def known_endpoints() -> dict[str, str]:
    """Endpoints of the environment; raises RecoveryError for one that would be asked in plain text."""
    found = {}
    for api in _APIS:
        variable = ENDPOINT_VARIABLE.format(api=api.upper())
        if place := os.environ.get(variable, "").rstrip("/"):
            if urlsplit(place).scheme != "https" and not _is_loopback(place):
                raise RecoveryError(f"environment variable {variable}", "is no https address", fix="unset it")
            found[api] = place
    return found


def _is_loopback(place: str | None) -> bool:
    parts = urlsplit(place or "")
    return parts.scheme == "http" and parts.hostname == "127.0.0.1"


def credentials_for(place: str | None) -> Any:
    """The machine's account for an endpoint, none on loopback; raises RecoveryError where there is no account."""
    if _is_loopback(place):
        return google.auth.credentials.AnonymousCredentials()  # type: ignore[no-untyped-call] # its signature
    try:
        return google.auth.default(scopes=[_SCOPE])[0]
    except GoogleAuthError as error:
        fix = "gcloud auth application-default login, or run it as an account of the platform"
        raise RecoveryError("Google Cloud", f"this machine has no account: {error}", fix=fix) from None
