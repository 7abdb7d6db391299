"""What a rule reads: one resource's inputs by path, and the whole stack's resources.

A read never crashes on what is unknown, secret, missing or of another shape: an unknown raises `Undecided`, which the
kit reports as a check that waits for the update, and everything missing is None, False or empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from policies.kit.values import UNKNOWN, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SEPARATORS = re.compile(r"[/:]")


class Undecided(Exception):  # noqa: N818 # no error: the answer comes with the update
    """A rule needs a value that is not known before the update; `path` says which."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not known before the update")
        self.path = path


@dataclass(frozen=True)
class Node:
    """An object of a resource's inputs; paths are dotted property names as on the wire, such as `settings.tier`."""

    values: Mapping[str, Any]
    where: str = ""

    def get(self, path: str) -> Any:
        """The value, a secret's own value too, or None when it is missing; raises Undecided when it is unknown."""
        value = self._at(path)
        if value is UNKNOWN:
            raise Undecided(self._named(path))
        return value

    def has(self, path: str) -> bool:
        """Whether something is set: a value that is not known yet is set, an empty one is not."""
        value = self._at(path)
        return value is UNKNOWN or value not in (None, "", [], {})

    def text(self, path: str) -> str:
        """The value when it is a text, else an empty one."""
        value = self.get(path)
        return value if isinstance(value, str) else ""

    def number(self, path: str) -> float | None:
        """The value when it is a number, also one written as text (int64 inputs are), else None."""
        value = self.get(path)
        try:
            return None if isinstance(value, bool) or value is None else float(value)
        except (TypeError, ValueError):
            return None

    def node(self, path: str) -> Node:
        """The object there, or an empty one."""
        value = self.get(path)
        return Node(value if isinstance(value, dict) else {}, self._named(path))

    def nodes(self, path: str) -> list[Node]:
        """The objects of a list; raises Undecided when the list or one of them is unknown."""
        found = self.get(path)
        items = found if isinstance(found, list) else []
        if any(item is UNKNOWN for item in items):
            raise Undecided(self._named(path))
        return [
            Node(item, f"{self._named(path)}[{index}]")
            for index, item in enumerate(map(_opened, items))
            if isinstance(item, dict)
        ]

    def texts(self, path: str) -> list[str]:
        """The texts of a list, or the one text there; raises Undecided when one of them is unknown."""
        found = self.get(path)
        items = found if isinstance(found, list) else [found]
        if any(item is UNKNOWN for item in items):
            raise Undecided(self._named(path))
        return [item for item in map(_opened, items) if isinstance(item, str)]

    def known(self, path: str) -> bool:
        """Whether the value can be read now, missing or not."""
        try:
            return self._at(path) is not UNKNOWN
        except Undecided:
            return False

    def is_secret(self, path: str) -> bool:
        """Whether the engine keeps the value, or an object around it, as a secret."""
        value: Any = self.values
        for name in path.split("."):
            if not isinstance(value, dict):
                return False
            value = value.get(name)
            if isinstance(value, Secret):
                return True
        return False

    def shown(self, path: str) -> str:
        """The value as a message may print it: never a secret."""
        if self.is_secret(path):
            return "[secret]"
        value = self._at(path)
        return "unknown yet" if value is UNKNOWN else "not set" if value in (None, "", [], {}) else str(value)

    def _at(self, path: str) -> Any:
        value: Any = self.values
        walked: list[str] = []
        for name in path.split("."):
            if value is UNKNOWN:
                raise Undecided(self._named(".".join(walked)))
            value = _opened(value.get(name)) if isinstance(value, dict) else None
            walked.append(name)
        return value

    def _named(self, path: str) -> str:
        return f"{self.where}.{path}" if self.where else path


@dataclass(frozen=True)
class Resource(Node):
    """One resource: its inputs as checked by the provider, the options that policies are told, and its provider.

    `protect` and `ignore_changes` are Pulumi's resource options; `outputs` and `dependencies` (URNs) are empty until
    the whole stack is analysed.
    """

    urn: str = ""
    type: str = ""
    name: str = ""
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    provider: Node = field(default_factory=lambda: Node({}))
    outputs: Mapping[str, Any] = field(default_factory=dict)
    dependencies: frozenset[str] = frozenset()


class Stack:
    """Every resource of a stack."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_type: dict[str, list[Resource]] = {}
        for resource in resources:
            self._by_type.setdefault(resource.type, []).append(resource)

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types, type by type."""
        return [resource for each in types for resource in self._by_type.get(each, [])]

    def __iter__(self) -> Iterator[Resource]:
        for resources in self._by_type.values():
            yield from resources


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every plain or unknown value inside with the names above it; secrets are left out, indices are not named."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    elif not isinstance(value, Secret):
        yield path, value


def last_part(id_: str) -> str:
    """The name at the end of an id such as `projects/p/global/urlMaps/api` or `project:instance`."""
    return _SEPARATORS.split(id_)[-1]


def _opened(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value
