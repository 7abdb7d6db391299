"""The way to a cache: what applications are handed (CachePlan.connection), or a URL of a server of one's own."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from redis import Redis

from infra.derive.schemas import variable
from schema.kit import SchemaError
from services.cache.connection import Handed, HandedError

EXAMPLE = "rediss://:password@host:6378/0, or the JSON of the secret cache-connection"
_WHERE = f"environment variable {variable('redis')}"
_SECONDS = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def client(text: str) -> Redis:
    """A client of the primary, not connected yet; raises SchemaError for text that names no cache, or an unsafe way."""
    if text.startswith("{"):
        return _as_handed_out(text)
    parts = _url(text)
    return _made(text, {} if parts.scheme == "redis" else {"ssl_cert_reqs": "required"})


def _as_handed_out(text: str) -> Redis:
    try:
        told = Handed.read(text)
    except HandedError as error:
        raise SchemaError(
            _WHERE,
            f"is not the JSON that clients of the cache are handed: {error}",
            allowed=EXAMPLE,
            fix="take it from the secret",
        ) from None
    if not told.certificate_authority.is_file():
        raise SchemaError(
            str(told.certificate_authority),
            "is not there: the certificate of the cache cannot be checked",
            fix="mount cache-server-ca",
        )
    return _made(told.urls.write, told.options())


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
