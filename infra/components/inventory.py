"""The inventory: what each store is, in the words of the person who asks; one record a store."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel


@dataclass(frozen=True)
class StoreRecord:
    """A store of the stack.

    `store` is its subject in the settings; `endpoints` are host and port (or name) by purpose; `encryption_key` is the
    key's resource name, or who holds the key where it is not ours; `copies` says where copies outside of the store lie,
    and how old they may be.
    """

    store: str
    engine: str
    version: str
    size: str
    location: str
    high_availability: str
    backup: str
    encryption_key: pulumi.Input[str]
    endpoints: Mapping[str, pulumi.Input[str]]
    owner: str
    copies: str = "none"

    def as_output(self) -> dict[str, Any]:
        """The record as a stack output, keys in camelCase."""
        return {to_camel(field.name): _plain(getattr(self, field.name)) for field in fields(self)}


def counted(number: int, thing: str) -> str:
    """A number of things in words: 1 replica, 2 replicas."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
