"""The keys of the contract: how each variable part is written, so that no two things ever share a key."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from services.cache import contract

_VARIABLE = re.compile(r"\{([a-z_]+)\}")
_UNRESERVED = "-._~"


class KeyPartError(ValueError):
    """A key cannot be written of what was given; the message says what is missing or too much."""


@dataclass(frozen=True)
class Entry:
    """Where an endpoint's answer is kept: its key, its tags, and how long in milliseconds."""

    key: str
    tags: tuple[str, ...]
    lifetime_ms: int


def key(use: str, **parts: str) -> str:
    """Where a use of the contract keeps something; `parts` are the variable parts of its key.

    Raises KeyPartError unless exactly its variable parts are given, none of them empty.
    """
    return _filled(contract.KEYS[use], parts)


def entry(
    endpoint: str,
    path: Mapping[str, str] | None = None,
    query: Iterable[tuple[str, str]] = (),
    user: str | None = None,
) -> Entry:
    """Where the answer of an endpoint ("GET /hotels/{id}") is kept, for its path's variables and its query.

    Parameters that do not count for the endpoint are left out. `user` is who asks; it is part of a personalized
    answer's key, and of no other. Raises KeyPartError for an endpoint that is not kept, or for missing variables.
    """
    row = contract.ENTRIES.get(endpoint)
    if row is None:
        raise KeyPartError(f"{endpoint} is kept by no contract; kept are: {', '.join(contract.ENTRIES)}")
    variables = dict(path or {})
    if row.user:
        if not user:
            raise KeyPartError(f"{endpoint} answers one person: give the user who asks")
        variables["user_id"] = user
    digest = hashlib.sha256(canonical(endpoint, variables, query).encode("ascii")).hexdigest()
    parts = {"hash": digest, **({"user": user or ""} if row.user else {})}
    tags = tuple(_filled(tag, {name: variables.get(name, "") for name in _VARIABLE.findall(tag)}) for tag in row.tags)
    return Entry(_filled(row.key, parts), tags, row.lifetime_ms)


def expansions(entity: str, identity: str = "") -> tuple[str, ...]:
    """The tags that an event about an entity clears (Doc-DA-002, 4.2.2, onEntityUpdate); without an id those of all."""
    parts = {"type": entity, "id": identity}
    forms = (*contract.EXPANSIONS_ALWAYS, *contract.EXPANSIONS.get(entity, ()))
    kept = [form for form in forms if identity or "{id}" not in form]
    return tuple(_filled(form, {name: parts[name] for name in _VARIABLE.findall(form)}) for form in kept)


def canonical(endpoint: str, path: Mapping[str, str], query: Iterable[tuple[str, str]]) -> str:
    """One text for all requests that mean the same, in ASCII: the filled path, "?", and the parameters that count.

    Names and values are percent-encoded as RFC 3986 says (unreserved characters alone stay), and sorted by name; values
    of one name keep their order, since it may mean something.
    """
    row = contract.ENTRIES[endpoint]
    asked = _filled(endpoint.partition(" ")[2], {name: path.get(name, "") for name in _VARIABLE.findall(endpoint)})
    counted = [(encoded(name), encoded(value)) for name, value in query if _counts(row, name)]
    return f"{asked}?" + "&".join(f"{name}={value}" for name, value in sorted(counted, key=lambda pair: pair[0]))


def encoded(text: str) -> str:
    """A variable part as it stands in keys: without colons, asterisks, blanks or control characters."""
    return quote(text, safe=_UNRESERVED)


def _counts(row: contract.EntryRow, name: str) -> bool:
    return name not in contract.IGNORED_PARAMETERS and (row.query is None or name in row.query)


def _filled(form: str, parts: Mapping[str, str]) -> str:
    wanted = set(_VARIABLE.findall(form))
    given = {name for name, value in parts.items() if value}
    if wanted != given or given != set(parts):
        raise KeyPartError(f"{form} needs exactly {sorted(wanted)}, none of them empty; given: {sorted(parts)}")
    return _VARIABLE.sub(lambda found: encoded(parts[found[1]]), form)
