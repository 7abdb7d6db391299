"""What programs read of the cache's contract: constants for Python, TypeScript and the library itself (RDS-USE)."""

import json
from collections.abc import Iterator, Mapping, Sequence

from infra.catalog.cache_contract_rows import ArgumentRow, Contract, FunctionRow, contract
from infra.catalog.cdn_rows import EndpointRow, edge, endpoints

_NOTE = "Written by `python -m infra.settings {command}` from infra/catalog; do not edit."

_PYTHON = '''"""The cache's contract as constants.

{note}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class EntryRow:
    """An endpoint's answers in Redis; `query` are the parameters that count, None: all but IGNORED_PARAMETERS."""

    key: str
    tags: tuple[str, ...]
    lifetime_ms: int
    user: bool
    query: tuple[str, ...] | None


@dataclass(frozen=True)
class EdgeRow:
    """An endpoint that the CDN keeps too: its path below the prefix of the API, and its tags there."""

    path: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class PeriodRow:
    """A period of a leaderboard: an example, how it is written, and how long its board is kept."""

    example: str
    pattern: str
    lifetime_ms: int

    def matches(self, period: str) -> bool:
        """Whether a period is written so."""
        return re.fullmatch(self.pattern, period) is not None


'''


def _milliseconds(found: Contract) -> Mapping[str, int]:
    """Lifetimes that programs pass on or reckon with, by their names in the constants."""
    rules = found.invalidation
    return {
        "SESSION_MS": found.lifetime("session").milliseconds,
        "RATE_LIMIT_MS": found.lifetime("rate_limit").milliseconds,
        "LOCK_MS": found.lifetime("lock").milliseconds,
        "LONGEST_ENTRY_MS": found.lifetime("api_cache").milliseconds,
        "TOMBSTONE_MS": rules.tombstone.milliseconds,
        "TAG_MARGIN_MS": rules.tag_margin.milliseconds,
        "CLOCK_SKEW_MS": rules.clock_skew.milliseconds,
    }


def _constants(found: Contract) -> Mapping[str, str | int | Mapping[str, object] | Sequence[str]]:
    """What both languages have alike, as plain values."""
    uses = found.uses
    return {
        "LIBRARY": found.library.name,
        "LIBRARY_VERSION": found.library.version,
        "LIBRARY_DIGEST": found.library.digest,
        **_milliseconds(found),
        "STEP": found.invalidation.step,
        "ENTRY_PREFIX": "cache:api:",
        "TAG_PREFIX": uses["tag"].prefix,
        "STALE_KEY_PREFIX": uses["stale_key"].prefix,
        "STALE_TAG_PREFIX": uses["stale_tag"].prefix,
        "STALE_PATTERN": uses["stale_pattern"].key,
        "KEYS": {name: use.key for name, use in uses.items()},
        "IGNORED_PARAMETERS": edge().ignored_query,
        "EXPANSIONS_ALWAYS": found.expansions.always,
        "EXPANSIONS": found.expansions.by_type,
    }


def _entries(found: Contract) -> Iterator[tuple[str, str, EndpointRow, int]]:
    """Endpoint, key, its row and its lifetime in milliseconds."""
    rows = {f"{row.method} {row.path}": row for row in endpoints()}
    for entry in found.entries:
        row = rows[entry.endpoint]
        if row.redis is None:
            raise ValueError(f"{entry.endpoint} is not kept in Redis")
        yield entry.endpoint, entry.key, row, row.redis.milliseconds


def python() -> str:
    """services/cache/contract.py."""
    found = contract()
    lines = [_PYTHON.format(note=_NOTE.format(command="cache-python"))]
    lines += [f"{name}{_annotation(value)} = {_literal(value)}\n" for name, value in _constants(found).items()]
    lines.append("PERIODS = (\n")
    lines += [
        f"    PeriodRow({_literal(period.example)}, {_literal(period.pattern)}, {period.lifetime.milliseconds}),\n"
        for period in found.periods.values()
    ]
    lines.append(")\nENTRIES: Mapping[str, EntryRow] = {\n")
    for endpoint, key, row, lifetime in _entries(found):
        query = None if row.query in (None, "all") else tuple(row.query or ())
        lines.append(
            f"    {_literal(endpoint)}: EntryRow(\n        key={_literal(key)},\n        tags={_literal(row.tags)},\n"
        )
        lines.append(
            f"        lifetime_ms={lifetime},\n        user={row.user},\n        query={_literal(query)},\n    ),\n"
        )
    lines.append("}\n# By the endpoint as it is named in keys.\nEDGE: Mapping[str, EdgeRow] = {\n")
    for _, key, row, _ in _entries(found):
        if row.cached:
            name = _literal(endpoint_name(key))
            lines.append(f"    {name}: EdgeRow(path={_literal(row.path)}, tags={_literal(row.tags)}),\n")
    return "".join([*lines, "}\n"])


def endpoint_name(key: str) -> str:
    """An endpoint as it is named in its key."""
    return key.removeprefix("cache:api:").partition(":")[0]


def _annotation(value: object) -> str:
    if not isinstance(value, Mapping):
        return ""
    return f": Mapping[str, {'str' if all(isinstance(each, str) for each in value.values()) else 'tuple[str, ...]'}]"


def _literal(value: object) -> str:
    """A value as Python writes it, with double quotes as the formatter wants them."""
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{\n" + "".join(f"    {_literal(key)}: {_literal(each)},\n" for key, each in value.items()) + "}"
    if isinstance(value, tuple):
        inside = ", ".join(map(_literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return str(value)


def typescript() -> str:
    """services/cache/contract.ts."""
    found = contract()
    lines = [f"// The cache's contract as constants. {_NOTE.format(command='cache-typescript')}\n"]
    for name, value in _constants(found).items():
        ending = " as const" if isinstance(value, Mapping | tuple) else ""
        lines.append(f"export const {name} = {json.dumps(value, indent=2)}{ending};")
    lines.append(_TYPES)
    periods = [
        {"example": row.example, "pattern": row.pattern, "lifetimeMs": row.lifetime.milliseconds}
        for row in found.periods.values()
    ]
    lines.append(f"export const PERIODS: readonly PeriodRow[] = {json.dumps(periods, indent=2)};\n")
    entries = {
        endpoint: {
            "key": key,
            "tags": row.tags,
            "lifetimeMs": lifetime,
            "user": row.user,
            "query": None if row.query in (None, "all") else row.query,
        }
        for endpoint, key, row, lifetime in _entries(found)
    }
    lines.append(f"export const ENTRIES: Readonly<Record<Endpoint, EntryRow>> = {json.dumps(entries, indent=2)};\n")
    edge_rows = {
        endpoint_name(key): {"path": row.path, "tags": row.tags} for _, key, row, _ in _entries(found) if row.cached
    }
    lines.append(
        "/** Endpoints that the CDN keeps too, by their names in keys: path below the API's prefix, tags there. */"
    )
    lines.append(f"export const EDGE: Readonly<Record<string, EdgeRow>> = {json.dumps(edge_rows, indent=2)};\n")
    names = " | ".join(json.dumps(endpoint) for endpoint in entries)
    lines.append(f"/** The endpoints whose answers Redis keeps. */\nexport type Endpoint = {names};")
    lines += ["", _signatures_in_typescript(found)]
    return "\n".join(lines)


_TYPES = """
/** An endpoint's answers in Redis; `query` are the parameters that count, null: all but IGNORED_PARAMETERS. */
export interface EntryRow {
  readonly key: string;
  readonly tags: readonly string[];
  readonly lifetimeMs: number;
  readonly user: boolean;
  readonly query: readonly string[] | null;
}

/** An endpoint that the CDN keeps too. */
export interface EdgeRow {
  readonly path: string;
  readonly tags: readonly string[];
}

/** A period of a leaderboard: how it is written, and how long its board is kept. */
export interface PeriodRow {
  readonly example: string;
  readonly pattern: string;
  readonly lifetimeMs: number;
}

/** A use of the cache. */
export type Use = keyof typeof KEYS;
"""


def _signatures_in_typescript(found: Contract) -> str:
    """What each function of the library takes, keys first, as a tuple type."""
    lines = ["/** Keys and arguments of each function, in their order; its name in Redis begins with LIBRARY and _. */"]
    lines.append("export interface Functions {")
    for name, row in found.functions.items():
        keys = ", ".join(_labelled(key.removesuffix("..."), "string", many=key.endswith("...")) for key in row.keys)
        arguments = ", ".join(
            _labelled(each.name, "string | Uint8Array" if each.form == "text" else "number", many=each.many)
            for each in row.arguments
        )
        lines.append(f"  /** {row.returns} */")
        lines.append(f"  {name}: {{ keys: [{keys}]; arguments: [{arguments}]; reads: {json.dumps(row.reads)} }};")
    return "\n".join([*lines, "}\n"])


def _labelled(name: str, kind: str, *, many: bool) -> str:
    return f"...{name}: ({kind})[]" if many else f"{name}: {kind}"


def lua() -> str:
    """services/cache/functions/contract.lua."""
    found = contract()
    uses, rules = found.uses, found.invalidation
    values: Mapping[str, str | int] = {
        "name": found.library.name,
        "entry_prefix": "cache:api:",
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
    lines = [f"-- The contract as the functions read it. {_NOTE.format(command='cache-lua')}", "local CONTRACT = {"]
    lines += [f"  {name} = {value if isinstance(value, int) else repr(value)}," for name, value in values.items()]
    lines += ["}", "local FUNCTIONS = {"]
    lines += [f"  {_signature_in_lua(row)}," for row in found.functions.values()]
    return "\n".join([*lines, "}\n"])


def _signature_in_lua(row: FunctionRow) -> str:
    flags = ", ".join(map(repr, row.flags))
    arguments = "".join(f"\n      {_argument_in_lua(each)}," for each in row.arguments)
    ending = "\n    " if arguments else ""
    more = "true" if row.more_keys else "false"
    return (
        f"{{\n    name = '{row.name}', keys = {len(row.keys)}, more_keys = {more}, flags = {{{flags}}},\n"
        f"    arguments = {{{arguments}{ending}}},\n  }}"
    )


def _argument_in_lua(row: ArgumentRow) -> str:
    bounds = f", least = {row.bounds[0]}, most = {row.bounds[1]}" if row.bounds else ""
    many = ", many = true" if row.many else ""
    return f"{{name = '{row.name}', form = '{row.form}'{bounds}{many}}}"
