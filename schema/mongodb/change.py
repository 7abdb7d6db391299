"""One change of the database, as the command that makes it and what must hold of the documents before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schema.kit import Action


@dataclass(frozen=True)
class Conforming:
    """No document of a collection may break a validator."""

    collection: str
    validator: Mapping[str, Any]


@dataclass(frozen=True)
class Distinct:
    """No two documents of a collection may have the same keys, of those that the filter lets through."""

    collection: str
    index: str
    keys: tuple[str, ...]
    filter: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A command that is made whole or not at all, and changes nothing when it is made twice."""

    action: Action
    what: str
    detail: str
    command: Mapping[str, Any]
    needs: Conforming | Distinct | None = None
