"""What programs read of the cache's contract: constants for Python, TypeScript and the library itself (RDS-USE)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra.catalog.cache_contract_rows import ArgumentRow, Contract, EntryRow, contract
from infra.catalog.cdn_rows import EndpointRow, edge, endpoints

_TEMPLATES = Path(__file__).with_name("cache_contract_templates")
_NOTE = "Written by `python -m infra.settings cache-{language}` from infra/catalog; do not edit."
_ENTRIES = "cache:api:"


@dataclass(frozen=True)
class Kept:
    """An endpoint's answers in Redis: its key and its row of endpoints.yaml; `counted` None: all parameters."""

    entry: EntryRow
    endpoint: EndpointRow
    lifetime_ms: int

    @property
    def name(self) -> str:
        """The endpoint as it is named in its key."""
        return self.entry.key.removeprefix(_ENTRIES).partition(":")[0]

    @property
    def counted(self) -> tuple[str, ...] | None:
        """The query's parameters that are part of the key."""
        return self.endpoint.query if isinstance(self.endpoint.query, tuple) else None


def kept(found: Contract) -> Iterator[Kept]:
    """Every endpoint that Redis keeps, in the contract's order."""
    rows = {f"{row.method} {row.path}": row for row in endpoints()}
    for entry in found.entries:
        row = rows[entry.endpoint]
        if row.redis is not None:
            yield Kept(entry, row, row.redis.milliseconds)


def python() -> str:
    """services/cache/contract.py."""
    return _written("python", "py")


def typescript() -> str:
    """services/cache/contract.ts."""
    return _written("typescript", "ts")


def lua() -> str:
    """services/cache/functions/contract.lua."""
    return _written("lua", "lua")


def _written(language: str, ending: str) -> str:
    found = contract()
    return (
        _environment()
        .get_template(f"contract.{ending}.j2")
        .render(
            note=_NOTE.format(language=language),
            contract=found,
            constants=_constants(found),
            entries=tuple(kept(found)),
            lua=_for_the_library(found),
        )
    )


@cache
def _environment() -> Environment:
    # What is written is source text, in which a sign of HTML is a sign like any other.
    made = Environment(  # noqa: S701 # no page
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update({"python": _python, "json": json.dumps, "lua": _lua, "typescript": _typescript})
    return made


def _constants(found: Contract) -> Mapping[str, str | int | Sequence[str]]:
    """What both languages have alike; lifetimes in milliseconds."""
    uses, rules = found.uses, found.invalidation
    return {
        "LIBRARY": found.library.name,
        "LIBRARY_VERSION": found.library.version,
        "LIBRARY_DIGEST": found.library.digest,
        "SESSION_MS": found.lifetime("session").milliseconds,
        "RATE_LIMIT_MS": found.lifetime("rate_limit").milliseconds,
        "LOCK_MS": found.lifetime("lock").milliseconds,
        "LONGEST_ENTRY_MS": found.lifetime("api_cache").milliseconds,
        "TOMBSTONE_MS": rules.tombstone.milliseconds,
        "TAG_MARGIN_MS": rules.tag_margin.milliseconds,
        "CLOCK_SKEW_MS": rules.clock_skew.milliseconds,
        "STEP": rules.step,
        "ENTRY_PREFIX": _ENTRIES,
        "TAG_PREFIX": uses["tag"].prefix,
        "STALE_KEY_PREFIX": uses["stale_key"].prefix,
        "STALE_TAG_PREFIX": uses["stale_tag"].prefix,
        "STALE_PATTERN": uses["stale_pattern"].key,
        "IGNORED_PARAMETERS": edge().ignored_query,
        "EXPANSIONS_ALWAYS": found.expansions.always,
    }


def _for_the_library(found: Contract) -> Mapping[str, str | int]:
    """What the functions keep to beside their signatures."""
    uses, rules = found.uses, found.invalidation
    return {
        "name": found.library.name,
        "entry_prefix": _ENTRIES,
        "tag_prefix": uses["tag"].prefix,
        "stale_key_prefix": uses["stale_key"].prefix,
        "stale_tag_prefix": uses["stale_tag"].prefix,
        "stale_pattern": uses["stale_pattern"].key,
        "online_prefix": uses["online_users"].prefix,
        "tombstone_ms": rules.tombstone.milliseconds,
        "tag_margin_ms": rules.tag_margin.milliseconds,
        "clock_skew_us": rules.clock_skew.milliseconds * 1000,
        "step": rules.step,
        "patterns": rules.patterns,
        "pruned_at_once": rules.pruned,
        "fence_ms": found.lifetime("fence").milliseconds,
        "views_ms": found.lifetime("views").milliseconds,
        "online_ms": found.lifetime("online_users").milliseconds,
        "session_fields": found.bounds.session_fields,
        "leaderboard_members": found.bounds.leaderboard_members,
    }


def _python(value: object) -> str:
    """A value as Python writes it, with the formatter's quotes."""
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, tuple):
        inside = ", ".join(map(_python, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return str(value)


def _lua(value: str | int) -> str:
    return json.dumps(value) if isinstance(value, bool | int) else f"'{value}'"


def _typescript(row: ArgumentRow) -> str:
    """The type of an argument, of all of them where it is many."""
    kind = "string | Uint8Array" if row.form == "text" else "number"
    return f"({kind})[]" if row.many else kind
