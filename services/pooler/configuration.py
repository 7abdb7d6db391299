"""What the read router is told, as the platform's program renders it (infra/derive/pooler_files.py)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel


class ConfigurationError(RuntimeError):
    """The configuration cannot be used; the message names the file and every fault."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


Seconds = Annotated[float, Field(gt=0)]


class Service(_Part):
    """A read service: a database name that clients use, and how many seconds behind its replicas may be."""

    name: str
    maximum_lag: Seconds


class Fallback(_Part):
    """The pool on the primary while no replica can be used."""

    pool_size: Annotated[int, Field(gt=0)]


class Signing(_Part):
    """How the router signs in to the servers: the same way as PgBouncer does."""

    user: str
    password_file: Path
    certificate_authority: Path


class Configuration(_Part):
    """The whole configuration; times in seconds, `replicas` are addresses by name.

    `databases_file` is where PgBouncer reads its databases, `console` its own database as libpq's keywords, and
    `certificate` what it shows to clients;
    `status_address` and `status_port` are where health and metrics are shown.
    """

    primary: str
    replicas: Mapping[str, str]
    port: int
    database: str
    services: Annotated[tuple[Service, ...], Field(min_length=1)]
    check_every: Seconds
    answer_within: Seconds
    recover_after: Annotated[int, Field(gt=0)]
    fallback: Fallback
    signing: Signing
    console: str
    databases_file: Path
    certificate: Path
    status_address: str
    status_port: int

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file; raises ConfigurationError."""
        try:
            return cls.model_validate_json(file.read_bytes())
        except OSError as error:
            raise ConfigurationError(f"{file}: {error.strerror}") from error
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
            raise ConfigurationError(f"{file}: {faults}") from error
