"""The cache's contract as constants.

Written by `python -m infra.settings cache-python` from infra/catalog; do not edit.
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


LIBRARY = "triptrip"
LIBRARY_VERSION = 1
LIBRARY_DIGEST = "3904a31e8846d8a418530ae415be90b4ed6eb5d71ac810cd0ccb58d258bd262b"
SESSION_MS = 86400000
RATE_LIMIT_MS = 60000
LOCK_MS = 30000
LONGEST_ENTRY_MS = 3600000
TOMBSTONE_MS = 900000
TAG_MARGIN_MS = 3600000
CLOCK_SKEW_MS = 100
STEP = 500
ENTRY_PREFIX = "cache:api:"
TAG_PREFIX = "cache:tags:"
STALE_KEY_PREFIX = "cache:stale:key:"
STALE_TAG_PREFIX = "cache:stale:tag:"
STALE_PATTERN = "cache:stale:pattern"
IGNORED_PARAMETERS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "fbclid")
EXPANSIONS_ALWAYS = ("entity:{type}", "entity:{type}:{id}")
KEYS: Mapping[str, str] = {
    "session": "session:{session}",
    "api_cache": "cache:api:{endpoint}:{hash}",
    "private_api_cache": "cache:api:{endpoint}:{user}:{hash}",
    "tag": "cache:tags:{tag}",
    "stale_key": "cache:stale:key:{key}",
    "stale_tag": "cache:stale:tag:{tag}",
    "stale_pattern": "cache:stale:pattern",
    "edge_now": "cache:edge:now",
    "edge_sending": "cache:edge:sending",
    "edge_later": "cache:edge:later",
    "rate_limit": "ratelimit:{user}:{endpoint}",
    "views": "counter:views:{type}:{id}",
    "online_users": "counter:online:users:{minute}",
    "fence": "lock:fence:{resource}",
    "lock": "lock:{resource}",
    "leaderboard": "leaderboard:{type}:{period}",
}
EXPANSIONS: Mapping[str, tuple[str, ...]] = {
    "hotel": ("search:hotels", "listing:hotels"),
    "product": ("search:products", "listing:products"),
    "booking": ("user:bookings",),
}
PERIODS = (
    PeriodRow("2026-11-27", "[0-9]{4}-[0-9]{2}-[0-9]{2}", 691200000),
    PeriodRow("2026-W48", "[0-9]{4}-W[0-9]{2}", 3024000000),
    PeriodRow("2026-11", "[0-9]{4}-[0-9]{2}", 34560000000),
)
ENTRIES: Mapping[str, EntryRow] = {
    "GET /hotels": EntryRow(
        key="cache:api:hotels:{hash}",
        tags=("entity:hotel", "listing:hotels"),
        lifetime_ms=60000,
        user=False,
        query=None,
    ),
    "GET /hotels/{id}": EntryRow(
        key="cache:api:hotels.id:{hash}",
        tags=("entity:hotel", "entity:hotel:{id}"),
        lifetime_ms=60000,
        user=False,
        query=None,
    ),
    "GET /attractions": EntryRow(
        key="cache:api:attractions:{hash}",
        tags=("entity:attraction", "listing:attractions"),
        lifetime_ms=60000,
        user=False,
        query=None,
    ),
    "GET /products": EntryRow(
        key="cache:api:products:{hash}",
        tags=("entity:product", "listing:products"),
        lifetime_ms=60000,
        user=False,
        query=None,
    ),
    "GET /users/me": EntryRow(
        key="cache:api:users.me:{user}:{hash}",
        tags=("entity:user:{user_id}",),
        lifetime_ms=30000,
        user=True,
        query=None,
    ),
    "GET /users/me/bookings": EntryRow(
        key="cache:api:users.me.bookings:{user}:{hash}",
        tags=("entity:booking", "user:bookings"),
        lifetime_ms=30000,
        user=True,
        query=None,
    ),
    "GET /users/me/orders": EntryRow(
        key="cache:api:users.me.orders:{user}:{hash}",
        tags=("entity:order", "user:orders"),
        lifetime_ms=30000,
        user=True,
        query=None,
    ),
    "GET /search/hotels": EntryRow(
        key="cache:api:search.hotels:{hash}",
        tags=("search:hotels",),
        lifetime_ms=30000,
        user=False,
        query=("query", "filters", "page"),
    ),
    "GET /search/products": EntryRow(
        key="cache:api:search.products:{hash}",
        tags=("search:products",),
        lifetime_ms=30000,
        user=False,
        query=("query", "filters", "page"),
    ),
    "GET /inventory/{id}/availability": EntryRow(
        key="cache:api:inventory.id.availability:{hash}",
        tags=("entity:inventory", "entity:inventory:{id}"),
        lifetime_ms=10000,
        user=False,
        query=None,
    ),
    "GET /rooms/{id}/price": EntryRow(
        key="cache:api:rooms.id.price:{hash}",
        tags=("entity:room", "entity:room:{id}"),
        lifetime_ms=10000,
        user=False,
        query=None,
    ),
}
# By the endpoint as it is named in keys.
EDGE: Mapping[str, EdgeRow] = {
    "hotels": EdgeRow(path="/hotels", tags=("entity:hotel", "listing:hotels")),
    "hotels.id": EdgeRow(path="/hotels/{id}", tags=("entity:hotel", "entity:hotel:{id}")),
    "attractions": EdgeRow(path="/attractions", tags=("entity:attraction", "listing:attractions")),
    "products": EdgeRow(path="/products", tags=("entity:product", "listing:products")),
    "search.hotels": EdgeRow(path="/search/hotels", tags=("search:hotels",)),
    "search.products": EdgeRow(path="/search/products", tags=("search:products",)),
}
