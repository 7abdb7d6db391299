"""A CDN as its clients see it: answers by path with their tags, kept until purged; times to live do not pass."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the origin answers, and the tags of its Cache-Tag header."""

    content: str
    tags: frozenset[str]


class Edge:
    """One cache for the whole world; a purge has taken effect when it is answered."""

    def __init__(self) -> None:
        self._kept: dict[str, Answer] = {}
        self._lock = threading.Lock()

    def get(self, path: str, origin: Callable[[], Answer]) -> str:
        """The kept answer of a path, without its query, or the origin's, which is kept from then on."""
        with self._lock:
            kept = self._kept.get(path)
        if kept is None:
            kept = origin()
            with self._lock:
                self._kept[path] = kept
        return kept.content

    def purge(self, rule: Mapping[str, Any]) -> None:
        """Forget what a rule names: any of its tags, and its path where both are given (compute v1)."""
        with self._lock:
            self._kept = {path: kept for path, kept in self._kept.items() if not _is_named(rule, path, kept)}


def _is_named(rule: Mapping[str, Any], path: str, kept: Answer) -> bool:
    tags, pattern = rule.get("cacheTags"), rule.get("path")
    if tags and not kept.tags & set(tags):
        return False
    if pattern is None:
        return bool(tags)
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
