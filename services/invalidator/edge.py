"""What the CDN has of the cache's contract: which of its tags, and which paths stand behind keys (endpoints.yaml)."""

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from services.cache.contract import EDGE, ENTRY_PREFIX

_VARIABLE = re.compile(r"\{[a-z_]+\}")
_HOLDERS: Mapping[str, frozenset[str]] = {
    tag: frozenset(name for name, row in EDGE.items() if tag in row.tags) for row in EDGE.values() for tag in row.tags
}
"""Forms of tags, and the endpoints whose answers carry them."""

_FORMS: Mapping[str, re.Pattern[str]] = {
    form: re.compile("[^:]+".join(map(re.escape, _VARIABLE.split(form)))) for form in _HOLDERS
}
_COVERING: Mapping[str, frozenset[str]] = {
    form: frozenset(tag for tag, held in _HOLDERS.items() if not _VARIABLE.search(tag) and holders < held)
    for form, holders in _HOLDERS.items()
}
"""Forms, and the whole tags that every answer under them carries as well, and others too."""


def asked(keys: Iterable[str], tags: AbstractSet[str], paths: AbstractSet[str], prefix: str) -> frozenset[str]:
    """What to ask the CDN for, as `tag:…` and `path:…`, without what it never has and what another one covers.

    `keys` are keys and patterns of entries in Redis: the CDN knows the paths of their endpoints below `prefix`.
    """
    held = {tag: _form(tag) for tag in tags}
    wanted = {tag for tag, form in held.items() if form and not _COVERING[form] & tags}
    places = paths | {f"{prefix}{path}" for key in keys for path in _paths(key)}
    needed = {path for path in places if not _is_below_another(path, places)}
    return frozenset({f"tag:{tag}" for tag in wanted} | {f"path:{path}" for path in needed})


def _form(tag: str) -> str | None:
    return next((form for form, pattern in _FORMS.items() if pattern.fullmatch(tag)), None)


def _paths(key: str) -> frozenset[str]:
    """The paths, as the CDN takes them, of every endpoint that a key or a pattern with * may belong to."""
    literal = key.partition("*")[0]
    found = set()
    for name, row in EDGE.items():
        of_endpoint = f"{ENTRY_PREFIX}{name}:"
        if literal.startswith(of_endpoint) or ("*" in key and of_endpoint.startswith(literal)):
            before, variable, _ = row.path.partition("{")
            found.add(f"{before}*" if variable else before)
    return frozenset(found)


def _is_below_another(path: str, paths: Iterable[str]) -> bool:
    return any(other.endswith("/*") and other != path and path.startswith(other[:-1]) for other in paths)
