"""The way to a cache: what applications are handed (CachePlan.connection), or a URL of a server of one's own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from redis import CredentialProvider, Redis

from infra.derive.schemas import variable
from schema.kit import SchemaError

EXAMPLE = "rediss://:password@host:6378/0, or the JSON of the secret cache-connection"
_WHERE = f"environment variable {variable('redis')}"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_SECONDS = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class TokenOfTheAccount(CredentialProvider):
    """Signs in to Memorystore for Valkey as the job's own service account: its token is the password."""

    def get_credentials(self) -> tuple[str, str]:
        """User and password, anew for each connection; raises SchemaError when there is no account."""
        try:
            credentials: Any
            credentials, _ = google.auth.default(scopes=[_SCOPE])
            credentials.refresh(Request())
        except GoogleAuthError as error:
            raise SchemaError(
                _WHERE, f"has no service account to sign in as: {error}", fix="run it in the job"
            ) from error
        return "default", str(credentials.token)


def client(text: str) -> Redis:
    """A client of the primary, not connected yet; raises SchemaError for text that names no cache, or an unsafe way."""
    if text.startswith("{"):
        return _as_handed_out(text)
    parts = _url(text)
    return _made(text, {} if parts.scheme == "redis" else {"ssl_cert_reqs": "required"})


def _as_handed_out(text: str) -> Redis:
    try:
        told: Mapping[str, Any] = json.loads(text)
        url, authority = str(told["urls"]["write"]), Path(told["certificateAuthority"])
        is_iam = told["authentication"] == "iam"
    except (ValueError, KeyError, TypeError):
        raise SchemaError(
            _WHERE,
            "is not the JSON that clients of the cache are handed",
            allowed=EXAMPLE,
            fix="take it from the secret",
        ) from None
    if _url(url).scheme == "rediss" and not authority.is_file():
        raise SchemaError(
            str(authority), "is not there: the certificate of the cache cannot be checked", fix="mount cache-server-ca"
        )
    # The certificate names the instance, and not our name of it (COR-18).
    options: dict[str, Any] = {"ssl_ca_certs": str(authority), "ssl_check_hostname": False}
    if is_iam:
        options["credential_provider"] = TokenOfTheAccount()
    return _made(url, options if _url(url).scheme == "rediss" else {})


def _made(url: str, options: Mapping[str, Any]) -> Redis:
    return Redis.from_url(
        url,
        decode_responses=True,
        protocol=2,
        socket_connect_timeout=_SECONDS,
        socket_timeout=_SECONDS,
        **options,
    )


def _url(text: str) -> Any:
    """A URL's parts; raises SchemaError for another scheme, or for a password sent in the open."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("redis", "rediss") or not host:
        raise SchemaError(_WHERE, "names no cache", allowed=EXAMPLE, fix="take it from the secret cache-connection")
    if parts.scheme == "redis" and host not in _LOOPBACK:
        raise SchemaError(
            _WHERE,
            f"{host} is another machine, and redis:// sends everything in the open",
            allowed=EXAMPLE,
            fix="write rediss:// (COR-18)",
        )
    return parts
