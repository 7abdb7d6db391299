"""The library as a server has it: its version, what it holds, and who brought it when, all told by its own text."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from schema.kit import Record
from services.cache import contract, library

_HEAD = re.compile(
    r"\A#!lua name=(?P<name>[a-z]+)\n-- (?P<at>\S+) (?P<by>[^\n]*)\n"
    r"local VERSION, DIGEST = (?P<version>\d+), '(?P<digest>[0-9a-f]{64})'\n(?P<body>.*)\Z",
    re.DOTALL,
)


@dataclass(frozen=True)
class Loaded:
    """`version` is None for a library of the name that this step did not write; `is_whole` that its text is as then."""

    version: int | None
    digest: str
    is_whole: bool
    record: Record | None


def loaded(redis: Redis) -> Loaded | None:
    """The library that a server has; None when it has none."""
    asked: Any = redis
    found: Sequence[Sequence[Any]] = asked.function_list(library=contract.LIBRARY, withcode=True)
    return read(_field(found[0], "library_code")) if found else None


def others(redis: Redis) -> Sequence[str]:
    """Names of the libraries that are not ours."""
    asked: Any = redis
    names = (_field(each, "library_name") for each in asked.function_list())
    return sorted(name for name in names if name != contract.LIBRARY)


def written(by: str, at: datetime) -> str:
    """The library's text, which says who brings it and when."""
    return library.text(note=f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {' '.join(by.split())}")


def read(text: str) -> Loaded:
    """What a library's text says of itself."""
    head = _HEAD.match(text)
    body_digest = hashlib.sha256((head["body"] if head else text).encode()).hexdigest()
    if head is None:
        return Loaded(None, body_digest, is_whole=False, record=None)
    at = datetime.strptime(head["at"], "%Y-%m-%dT%H:%M:%S%z")
    record = Record(f"{head['name']} {head['version']}", body_digest, at, at, head["by"])
    return Loaded(int(head["version"]), body_digest, head["digest"] == body_digest, record)


def _field(row: Sequence[Any], name: str) -> str:
    """A field of a map that arrives as names and values in turn."""
    return str(dict(zip(row[::2], row[1::2], strict=True))[name])
