"""From what a program is handed to the cache: the JSON of its secret cache-connection (CONN, COR-18, RDS-POOL)."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import google.auth
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from redis import BlockingConnectionPool, CredentialProvider, Redis, SSLConnection
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from services.cache.client import Cache

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_ANSWER_SECONDS = 5.0
_CONNECT_AGAIN = Retry(ExponentialWithJitterBackoff(base=0.1, cap=3), 3)
"""Three times, at most 3 s apart (Doc-DA-002, 3.2.2, retryStrategy)."""


class _Connection(SSLConnection):
    """Called again when nobody answers; what was sent over it is not sent again, since it may have counted."""

    def connect(self) -> None:
        """Call; raises ConnectionError, and AuthenticationError at once."""
        _CONNECT_AGAIN.call_with_retry(
            super().connect,
            lambda _: None,
            is_retryable=lambda error: not isinstance(error, AuthenticationError),
        )


class HandedError(ValueError):
    """The text is not what clients of the cache are handed; the message says nothing of it: it holds a password."""


class TokenOfTheAccount(CredentialProvider):
    """Signs in to Memorystore for Valkey as the program's own service account: its token is the password (IAM_AUTH)."""

    def __init__(self) -> None:
        self._account: Any = None

    def get_credentials(self) -> tuple[str, str]:
        """User and password for one connection; raises AuthenticationError when there is no account, or no token."""
        try:
            if self._account is None:
                self._account, _ = google.auth.default(scopes=[_SCOPE])
            if not self._account.valid:
                self._account.refresh(Request())
        except GoogleAuthError as error:
            raise AuthenticationError(f"no service account to sign in as: {error}") from error
        return "default", str(self._account.token)


def _over_tls(url: str) -> str:
    """A URL of the cache, which sends nothing in the open."""
    parts = urlsplit(url)
    if parts.scheme != "rediss" or not parts.hostname or not parts.port:
        raise ValueError("wants rediss://:password@host:port/0")
    return url


_Url = Annotated[str, BeforeValidator(_over_tls)]
_Count = Annotated[int, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, hide_input_in_errors=True)


class Urls(_Part):
    """The primary's, and the one that replicas answer at."""

    write: _Url
    read: _Url


class Pool(_Part):
    """Bounds of one program's connections (RDS-POOL). redis-py keeps every connection that it has opened.

    So the least and the most that are idle bind clients of other languages alone.
    """

    max_total: _Count = 100
    max_wait_milliseconds: _Count = 5000


class Handed(_Part):
    """What a program is handed (CachePlan.connection)."""

    urls: Urls
    authentication: Literal["password", "iam"]
    certificate_authority: Path
    pool: Pool = Pool()

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the JSON; raises HandedError, which names each field at fault."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors())
            raise HandedError("; ".join(faults)) from None

    def options(self) -> dict[str, Any]:
        """How each connection is made: the authority is checked, and not the name, which is the instance's (COR-18)."""
        iam = {"credential_provider": TokenOfTheAccount()} if self.authentication == "iam" else {}
        return {"ssl_ca_certs": str(self.certificate_authority), "ssl_check_hostname": False, **iam}

    def client(self, url: str) -> Redis:
        """A client, not connected yet; when its whole pool is in use a caller waits, and then gets ConnectionError."""
        pool = BlockingConnectionPool.from_url(
            url,
            connection_class=_Connection,
            max_connections=self.pool.max_total,
            timeout=self.pool.max_wait_milliseconds / 1000,
            socket_connect_timeout=_ANSWER_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            **self.options(),
        )
        return Redis.from_pool(pool)


def connect(handed: str) -> Cache:
    """The cache for a whole program, from any of its threads; raises HandedError.

    What may be read on a replica is read there.
    """
    told = Handed.read(handed)
    return Cache(told.client(told.urls.write), told.client(told.urls.read))
