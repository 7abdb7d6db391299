"""What the worker is told: environment variables, as the platform's program declares them on its service."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

TOKEN_CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"  # noqa: S105 # an address
"""Where Google shows the keys that its identity tokens are signed with (Google, OpenID Connect discovery)."""

_PORT = Annotated[int, Field(gt=0, lt=65536)]
_ADDRESS = Annotated[str, Field(pattern=r"^https?://[^/]+(/[^/]+)*$")]


class ConfigurationError(RuntimeError):
    """The environment cannot be used; the message names every variable at fault, and no secret's value."""


class Configuration(BaseModel):
    """The whole configuration; each field is the variable of the same name in capitals, and an empty one is absent.

    `redis_sign_in` iam takes tokens of this service's account for the password `redis_auth`. `redis_ca` is a file or
    the certificates themselves; without it the connection is not encrypted, for tests.
    `redis_replicas` is how many replicas must have a purge before its event is acknowledged, 0 for none.
    `cdn_url_map` absent: there is no CDN. `cdn_second_purge_seconds` is the longest time that a replica of a store may
    answer with what was before, and 0 leaves the second purge out. `push_audience` and `push_account` are what an
    identity token must say; without them whoever reaches the port may push, which is for a service that lets in nobody
    but that account. `in_hand` is the number of events that are worked on at once, the others are told to come again.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    port: _PORT = 8080
    redis_host: Annotated[str, Field(min_length=1)]
    redis_port: _PORT = 6379
    redis_auth: SecretStr = SecretStr("")
    redis_sign_in: Literal["password", "iam"] = "password"
    redis_ca: str = ""
    redis_replicas: Annotated[int, Field(ge=0, le=5)] = 1
    cdn_project: str = ""
    cdn_url_map: str = ""
    cdn_path_prefix: Annotated[str, Field(pattern=r"^(/[^/?#*]+)+$")] = "/api"
    cdn_second_purge_seconds: Annotated[float, Field(ge=0, le=300)] = 5.0
    dead_letter_topic: Annotated[str, Field(pattern=r"^projects/[^/]+/topics/[^/]+$")]
    push_audience: str = ""
    push_account: str = ""
    in_hand: Annotated[int, Field(gt=0, le=1000)] = 80
    request_seconds: Annotated[float, Field(gt=0, le=600)] = 25.0
    stop_seconds: Annotated[int, Field(gt=0, le=60)] = 8
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    compute_api: _ADDRESS = "https://compute.googleapis.com/compute/v1"
    pubsub_api: _ADDRESS = "https://pubsub.googleapis.com"
    token_certificates: _ADDRESS = TOKEN_CERTIFICATES

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.push_audience) != bool(self.push_account):
            raise ValueError("PUSH_AUDIENCE and PUSH_ACCOUNT are given together")
        if self.cdn_url_map and not self.cdn_project:
            raise ValueError("CDN_URL_MAP wants CDN_PROJECT beside it")
        return self

    @property
    def authorities(self) -> str:
        """The certificates of `redis_ca` as text; raises ConfigurationError when its file cannot be read."""
        if not self.redis_ca or self.redis_ca.lstrip().startswith("-----BEGIN"):
            return self.redis_ca
        try:
            return Path(self.redis_ca).read_text(encoding="ascii")
        except (OSError, UnicodeError) as error:
            raise ConfigurationError(f"REDIS_CA: {error}; write the file's path or the certificates") from error

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the variables; raises ConfigurationError with every fault at once."""
        given = {name: environment[name.upper()] for name in cls.model_fields if environment.get(name.upper())}
        try:
            made = cls.model_validate(given)
        except ValidationError as error:
            faults = (f"{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())
            raise ConfigurationError("; ".join(fault.removeprefix(": ") for fault in faults)) from error
        _ = made.authorities
        return made
