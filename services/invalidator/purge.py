"""What an event asks to be purged: keys, tags and patterns in Redis, and what the CDN knows of them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from services.cache.contract import ENTRY_PREFIX
from services.cache.keys import expansions
from services.invalidator.event import Event, PoisonError, Reason

_LONGEST_TAG, _LONGEST_PATTERN = 256, 512  # bytes, as the contract's functions take them (infra/catalog/cache.yaml)
_TAG = re.compile(r"[!-+\--~]+")  # printable ASCII without blanks and the comma that parts tags in a header
_PATTERN = re.compile(re.escape(ENTRY_PREFIX) + r"(?=.*\*)[^?\[\]\\\s]+")
"""* alone stands for other characters: Redis knows more, which the functions refuse (same source)."""

_PATH = re.compile(r"/([^?#*\s]*|([^?#*\s]*/)?\*)")
"""Cloud CDN's paths: * at the end alone, behind a slash; no query (Google, cache invalidation overview)."""


@dataclass(frozen=True)
class Purge:
    """What to purge; `tags` are meant for both layers, `paths` for the CDN alone. Any of them may be empty."""

    keys: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()

    @classmethod
    def all_of(cls, purges: Iterable[Self]) -> Self:
        """Everything that any of them names, once."""
        given = tuple(purges)
        return cls(
            keys=frozenset().union(*(each.keys for each in given)),
            tags=frozenset().union(*(each.tags for each in given)),
            patterns=frozenset().union(*(each.patterns for each in given)),
            paths=frozenset().union(*(each.paths for each in given)),
        )


def purge_of(event: Event) -> Purge:
    """The purge that an event asks for; raises PoisonError for one that names nothing, or what is no cached entry."""
    purge = _NAMED[event.kind](event)
    if purge == Purge():
        raise PoisonError(Reason.NOTHING_NAMED, f"kind {event.kind} without what it is to clear")
    return purge


def _single(event: Event) -> Purge:
    paths = frozenset(key for key in event.keys if key.startswith("/"))
    return Purge(keys=_keys(set(event.keys) - paths), paths=_paths(paths))


def _tag(event: Event) -> Purge:
    return Purge(keys=_keys(event.keys), tags=_tags(event.tags))


def _pattern(event: Event) -> Purge:
    if event.pattern.startswith("/"):
        return Purge(paths=_paths((event.pattern,)))
    if event.pattern and (not _PATTERN.fullmatch(event.pattern) or len(event.pattern.encode()) > _LONGEST_PATTERN):
        raise PoisonError(
            Reason.BAD_PATTERN,
            f"a pattern begins with {ENTRY_PREFIX}, has * in it and no other wildcard or blank, "
            f"and at most {_LONGEST_PATTERN} bytes",
        )
    return Purge(patterns=frozenset((event.pattern,) if event.pattern else ()))


def _entity(event: Event) -> Purge:
    if not event.entity or not event.entity_id:
        return Purge()
    return Purge(tags=_tags(expansions(event.entity, event.entity_id)))


_NAMED: Mapping[str, Callable[[Event], Purge]] = {
    "single": _single,
    "tag": _tag,
    "pattern": _pattern,
    "entity": _entity,
}


def _keys(keys: Iterable[str]) -> frozenset[str]:
    """Keys, each of a cached entry: an event must reach no session, lock or limit."""
    for key in keys:
        if not key.startswith(ENTRY_PREFIX):
            raise PoisonError(Reason.NOT_CACHED, f"a key begins with {ENTRY_PREFIX}, a path of the CDN with /")
    return frozenset(keys)


def _tags(tags: Iterable[str]) -> frozenset[str]:
    for tag in tags:
        if not _TAG.fullmatch(tag) or len(tag) > _LONGEST_TAG:
            raise PoisonError(
                Reason.BAD_TAG, f"a tag has 1 to {_LONGEST_TAG} printable characters, no blank and no comma"
            )
    return frozenset(tags)


def _paths(paths: Iterable[str]) -> frozenset[str]:
    for path in paths:
        if not _PATH.fullmatch(path):
            raise PoisonError(Reason.BAD_PATH, "a path begins with /, has no ? and #, and * only at its end behind a /")
    return frozenset(paths)
