"""The contract of the shared cache as typed rows, and what must fit together in it (RDS-USE, CACHE-EP, CACHE-INV).

A contract that lacks the key or a tag of an endpoint, or that gives a key a longer life than the function that writes
it, cannot be read at all: the program, and every generated file, stops at the first read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.catalog.cdn_rows import EndpointRow, endpoints
from infra.catalog.rows import Row, read
from infra.settings.units import Duration

Structure = Literal["string", "hash", "list", "set", "zset"]
Form = Literal["whole", "number", "text"]
Name = Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$")]
Whole = Annotated[int, Field(ge=0, le=2**53 - 1)]

_VARIABLE = re.compile(r"\{[a-z_]+\}")
_LONGEST_ENTRY = Duration.parse("1 hour")  # CACHE-LAYERS
_PERSONAL = "{user}"


class LibraryRow(Row):
    """The library of functions: its name, the number of its contents, and their SHA-256."""

    name: Name
    version: Annotated[int, Field(ge=1)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class UseRow(Row):
    """A use of the cache; the keys are explained in cache.yaml."""

    name: Name
    key: Annotated[str, Field(pattern=r"^[a-z]+(:[a-z]+|:\{[a-z]+\})*$")]
    structure: Structure
    owner: str
    size: str
    tags: str
    consistency: str
    id: str
    lifetime: Duration | None = None
    renewed: str | None = None
    functions: tuple[Name, ...] = ()

    @property
    def prefix(self) -> str:
        """What every key of it begins with."""
        return _VARIABLE.split(self.key)[0]


class PeriodRow(Row):
    """A period of a leaderboard: how it is written, and how long its board is kept."""

    example: str
    pattern: str
    lifetime: Duration

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not re.fullmatch(self.pattern, self.example):
            raise ValueError(f"the example {self.example} is not as the pattern {self.pattern} says")
        return self


class InvalidationRow(Row):
    """What holds for every invalidation; the keys are explained in cache.yaml."""

    tombstone: Duration
    tag_margin: Duration
    clock_skew: Duration
    step: Annotated[int, Field(ge=1, le=1000)]
    patterns: Annotated[int, Field(ge=1)]
    pruned: Annotated[int, Field(ge=2)]


class BoundsRow(Row):
    """Bounds that a function keeps."""

    session_fields: Annotated[int, Field(ge=1)]
    leaderboard_members: Annotated[int, Field(ge=1)]


class TagRow(Row):
    """A form of tags, and what carries them."""

    form: Annotated[str, Field(pattern=r"^[a-z]+(:\{[a-z]+\})+$")]
    what: str

    def covers(self, tag: str) -> bool:
        """Whether a tag, itself with variable parts or none, is of the form."""
        form, parts = self.form.split(":"), tag.split(":")
        return len(form) == len(parts) and form[0] == parts[0]


class ExpansionsRow(Row):
    """What an event about an entity clears, by the entity's type."""

    always: tuple[str, ...]
    by_type: Mapping[str, tuple[str, ...]]

    @property
    def tags(self) -> Iterator[str]:
        """Every tag that is named."""
        yield from self.always
        for tags in self.by_type.values():
            yield from tags


class EntryRow(Row):
    """The key of an endpoint that Redis keeps."""

    endpoint: str
    key: Annotated[str, Field(pattern=r"^cache:api:[a-z]+(\.[a-z]+)*(:\{user\})?:\{hash\}$")]

    @property
    def is_personal(self) -> bool:
        """Whether the user stands in the key."""
        return _PERSONAL in self.key


class ArgumentRow(Row):
    """An argument of a function: a whole number within bounds, a number, or a text of so many bytes."""

    name: Name
    whole: tuple[Whole, Whole] | None = None
    text: tuple[Whole, Whole] | None = None
    number: bool = False
    many: bool = False

    @property
    def form(self) -> Form:
        """How it is read."""
        return "whole" if self.whole else "text" if self.text else "number"

    @property
    def bounds(self) -> tuple[int, int] | None:
        """Least and most; None for a number without bounds."""
        return self.whole or self.text

    @model_validator(mode="after")
    def _check(self) -> Self:
        if [self.whole is not None, self.text is not None, self.number].count(True) != 1:
            raise ValueError(f"{self.name} is exactly one of whole, text and number")
        return self


class FunctionRow(Row):
    """A signature; the keys are explained in cache.yaml."""

    name: Name
    returns: str
    keys: tuple[str, ...] = ()
    arguments: tuple[ArgumentRow, ...] = ()
    reads: bool = False
    frees: bool = False

    @property
    def more_keys(self) -> bool:
        """Whether the last key may be several."""
        return bool(self.keys) and self.keys[-1].endswith("...")

    @property
    def flags(self) -> tuple[str, ...]:
        """What Redis is told of it (redis.io, Redis functions, Function flags)."""
        return ("no-writes",) if self.reads else ("allow-oom",) if self.frees else ()

    def most(self, argument: str) -> int | None:
        """The upper bound of an argument; None when it has none or there is none of the name."""
        return next((row.bounds[1] for row in self.arguments if row.name == argument and row.bounds), None)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if any(row.many for row in self.arguments[:-1]):
            raise ValueError(f"{self.name}: only its last argument may be many")
        return self


class Contract(Row):
    """The whole contract."""

    library: LibraryRow
    uses: Mapping[str, UseRow]
    periods: Mapping[str, PeriodRow]
    invalidation: InvalidationRow
    bounds: BoundsRow
    tags: tuple[TagRow, ...]
    expansions: ExpansionsRow
    entries: tuple[EntryRow, ...]
    functions: Mapping[str, FunctionRow]

    def lifetime(self, use: str) -> Duration:
        """How long the keys of a use may live; ValueError for a use whose keys have no end."""
        found = self.uses[use].lifetime
        if found is None:
            raise ValueError(f"cache.yaml: {use} has no lifetime")
        return found

    def use_of(self, key: str) -> UseRow | None:
        """The use that a key belongs to: the one with the longest prefix of it."""
        found = [use for use in self.uses.values() if key.startswith(use.prefix)]
        return max(found, key=lambda use: len(use.prefix), default=None)

    def refuse_contradictions(self, table: Sequence[EndpointRow]) -> Self:
        """The contract itself; raises ValueError with everything in it that does not fit the endpoints or itself."""
        if found := [*_endpoints(self, table), *_tags(self, table), *_functions(self), *_lifetimes(self)]:
            raise ValueError(f"cache.yaml: {'; '.join(found)}")
        return self


@cache
def contract() -> Contract:
    """The contract that every endpoint of endpoints.yaml keeps to. Raises ValueError, naming every fault."""
    return contract_of(read("cache.yaml"), endpoints())


def contract_of(content: Mapping[str, Mapping[str, object]], table: Sequence[EndpointRow]) -> Contract:
    """A contract as it is written, held against a table of endpoints."""
    named = {
        section: {name: {"name": name, **row} for name, row in _mapping(content[section]).items()}
        for section in ("uses", "functions")
    }
    return Contract.model_validate({**content, **named}).refuse_contradictions(table)


def _mapping(section: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    return {name: row for name, row in section.items() if isinstance(row, Mapping)}


def _endpoints(found: Contract, table: Sequence[EndpointRow]) -> Iterator[str]:
    kept = {f"{row.method} {row.path}": row for row in table if row.redis is not None}
    keys = {entry.endpoint: entry for entry in found.entries}
    for endpoint in kept.keys() - keys.keys():
        yield f"{endpoint} is kept in Redis (endpoints.yaml) and has no key in entries"
    for endpoint in keys.keys() - kept.keys():
        yield f"entries names {endpoint}, which endpoints.yaml does not keep in Redis"
    if len(keys) != len(found.entries) or len({entry.key for entry in found.entries}) != len(found.entries):
        yield "entries names an endpoint or a key twice"
    for endpoint, row in kept.items():
        entry = keys.get(endpoint)
        if entry and entry.is_personal != row.user:
            yield f"{entry.key} of {endpoint} {'lacks' if row.user else 'has'} {_PERSONAL}, unlike endpoints.yaml"
        if not row.tags:
            yield f"{endpoint} carries no tags: no event would reach it"


def _tags(found: Contract, table: Iterable[EndpointRow]) -> Iterator[str]:
    used = {tag for row in table for tag in (*row.tags, *row.invalidates)} | set(found.expansions.tags)
    for tag in sorted(used):
        if not any(form.covers(tag) for form in found.tags):
            yield f"the tag {tag} is of no form in tags"


def _functions(found: Contract) -> Iterator[str]:
    used = {name for use in found.uses.values() for name in use.functions}
    for name in sorted(used - found.functions.keys()):
        yield f"uses name the function {name}, which has no signature"
    for name in sorted(found.functions.keys() - used - {"version"}):
        yield f"the function {name} belongs to no use"
    prefixes = [use.key for use in found.uses.values()]
    if len(set(prefixes)) != len(prefixes):
        yield "two uses have the same key"


def _lifetimes(found: Contract) -> Iterator[str]:
    bounds = {
        "session": ("session_write", "lifetime_ms"),
        "rate_limit": ("rate_limit", "window_ms"),
        "lock": ("lock_acquire", "lifetime_ms"),
        "leaderboard": ("leaderboard_add", "lifetime_ms"),
        "api_cache": ("cache_put", "lifetime_ms"),
        "private_api_cache": ("cache_put", "lifetime_ms"),
    }
    for use, (function, argument) in bounds.items():
        allowed, kept = found.functions[function].most(argument), found.lifetime(use)
        if allowed != kept.milliseconds:
            yield f"{function} allows {argument} {allowed}, and {use} lives {kept}"
    if found.lifetime("api_cache") > _LONGEST_ENTRY:
        yield f"api_cache lives longer than {_LONGEST_ENTRY} (CACHE-LAYERS)"
    longest = found.lifetime("api_cache").milliseconds + found.invalidation.tag_margin.milliseconds
    if found.lifetime("tag").milliseconds != longest:
        yield "a tag's set lives as long as the longest entry and tag_margin together (CACHE-INV)"
    for use in ("stale_key", "stale_tag", "stale_pattern"):
        if found.lifetime(use) != found.invalidation.tombstone:
            yield f"{use} lives as long as invalidation.tombstone"
    if max(row.lifetime for row in found.periods.values()) != found.lifetime("leaderboard"):
        yield "leaderboard lives as long as its longest period"
