"""Secret Manager over its REST API: which version of a secret is the latest, and a new one. No payload is ever read.

Google Cloud, "Secret Manager API v1", read 2026-11-25.
"""

import base64
import os
from typing import Any, Protocol
from urllib.parse import urlsplit

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from schema.kit.errors import SchemaError

ENDPOINT_VARIABLE = "TRIPTRIP_SECRET_MANAGER_ENDPOINT"
"""Another endpoint: a regional one, or a stand-in on loopback, which is asked without credentials."""

_ENDPOINT = "https://secretmanager.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT_SECONDS = 30
_OK, _FORBIDDEN, _NOT_FOUND = 200, 403, 404
_USABLE = "ENABLED"


class Secrets(Protocol):
    """Where secrets are kept."""

    def latest(self, name: str) -> str | None:
        """The number of the latest version; None when there is none that can be used."""

    def add_version(self, name: str, payload: str) -> str:
        """Make a payload the latest version of a secret that exists; returns its number."""


class SecretManager:
    """The secrets of one project."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._endpoint = os.environ.get(ENDPOINT_VARIABLE, _ENDPOINT).rstrip("/")
        self._session: requests.Session | None = None

    def latest(self, name: str) -> str | None:
        """The latest version's number; None for a secret without a version, or whose latest is disabled or destroyed.

        Raises SchemaError when it may not be looked at.
        """
        answer = self._asked("GET", f"{name}/versions/latest", None, name, "viewer")
        if answer.status_code == _NOT_FOUND:
            return None
        told = self._body(answer, name)
        return _number(told) if told.get("state") == _USABLE else None

    def add_version(self, name: str, payload: str) -> str:
        """Make a payload the latest version; returns its number.

        Raises SchemaError where there is no secret or it may not be written.
        """
        data = {"payload": {"data": base64.b64encode(payload.encode()).decode()}}
        answer = self._asked("POST", f"{name}:addVersion", data, name, "secretVersionAdder")
        if answer.status_code == _NOT_FOUND:
            raise SchemaError(
                self._where(name), "does not exist", fix="`pulumi up` declares it, before the schema is applied"
            )
        return _number(self._body(answer, name))

    def _asked(self, method: str, path: str, body: Any, name: str, role: str) -> requests.Response:
        address = f"{self._endpoint}/v1/projects/{self._project}/secrets/{path}"
        try:
            answer = self._connected().request(method, address, json=body, timeout=_TIMEOUT_SECONDS)
        except (requests.RequestException, GoogleAuthError) as error:
            raise SchemaError(self._where(name), f"Secret Manager cannot be asked: {type(error).__name__}") from None
        if answer.status_code == _FORBIDDEN:
            raise SchemaError(
                self._where(name),
                "is refused (403)",
                allowed=f"roles/secretmanager.{role} on it",
                fix="grant it to the account that runs the schema",
            )
        return answer

    def _body(self, answer: requests.Response, name: str) -> Any:
        if answer.status_code != _OK:
            raise SchemaError(self._where(name), f"Secret Manager answered {answer.status_code}")
        return answer.json()

    def _connected(self) -> requests.Session:
        """A session with this machine's Google credentials, made when it is first needed."""
        if self._session is None:
            parts = urlsplit(self._endpoint)
            if parts.scheme == "http" and parts.hostname == "127.0.0.1":
                self._session = requests.Session()
            elif parts.scheme == "https":
                credentials, _ = google.auth.default(scopes=[_SCOPE])
                self._session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call] # its signature
            else:
                raise SchemaError(f"environment variable {ENDPOINT_VARIABLE}", "is no https address", fix="unset it")
        return self._session

    def _where(self, name: str) -> str:
        return f"secret {name} of project {self._project}"


def _number(version: Any) -> str:
    """The last part of a version's full name."""
    return str(version["name"]).rpartition("/")[2]
