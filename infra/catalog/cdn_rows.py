"""The endpoint table as typed rows: what each layer of the cache may keep of each endpoint (CACHE-EP, CACHE-LAYERS).

A row that would let a shared cache keep what belongs to one person, changes by the second or writes cannot be read at
all: the program stops before anything is planned.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.catalog.rows import Row, read
from infra.settings.units import Duration

Group = Literal["public_read_heavy", "personalized", "search_results", "real_time_data", "write_operations"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Tag = Annotated[str, Field(pattern=r"^[a-z]+(:[a-z]+|:\{[a-z_]+\})+$")]

CACHEABLE_GROUPS: frozenset[Group] = frozenset({"public_read_heavy", "search_results"})
"""The groups of the document that the edge may keep."""

# CACHE-LAYERS: the bounds of each layer, far inside Cloud CDN's own 31 622 400 s (compute v1, CachePolicy.defaultTtl).
_CDN = (Duration.parse("1 minute"), Duration.parse("24 hours"))
_REDIS = (Duration.parse("1 s"), Duration.parse("1 hour"))
_LONGEST_STALE = Duration.parse("7 days")  # compute v1, CachePolicy.serveWhileStale
_LONGEST_NEGATIVE = Duration.parse("30 minutes")  # compute v1, CachePolicyNegativeCachingPolicy.ttl


class EndpointRow(Row):
    """One endpoint of the API; the keys are explained in endpoints.yaml."""

    group: Group
    method: Method
    path: Annotated[str, Field(pattern=r"^(/([a-z][a-z0-9-]*|\{[a-z_]+\}))+$")]
    private: bool
    id: str
    cdn: Duration | None = None
    stale: Duration | None = None
    browser: Duration | None = None
    redis: Duration | None = None
    query: Literal["all"] | tuple[str, ...] | None = None
    user: bool = False
    refresh: bool = False
    tags: tuple[Tag, ...] = ()
    invalidates: tuple[Tag, ...] = ()

    @property
    def cached(self) -> bool:
        """Whether the edge keeps it."""
        return self.cdn is not None

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's segments; a variable one is "*"."""
        return tuple("*" if part.startswith("{") else part for part in self.path.strip("/").split("/"))

    def meets(self, other: "EndpointRow") -> bool:
        """Whether some path belongs to both."""
        return len(self.segments) == len(other.segments) and all(
            one == two or "*" in (one, two) for one, two in zip(self.segments, other.segments, strict=True)
        )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if found := list(self._contradictions()):
            raise ValueError(f"{self.method} {self.path}: {'; '.join(found)}")
        return self

    def _contradictions(self) -> Iterator[str]:
        shared = self.group in CACHEABLE_GROUPS and self.method == "GET" and not self.user
        if not shared and not self.private:
            yield f"{self.group}, {self.method}{' with user_id in the key' if self.user else ''} is private: say so"
        if self.private and (self.cdn or self.stale or self.browser):
            yield "a private endpoint is never kept by a shared cache: it has no cdn, stale or browser time"
        if self.cdn is not None:
            yield from self._edge(self.cdn)
        if self.redis is not None and not _REDIS[0] <= self.redis <= _REDIS[1]:
            yield f"redis {self.redis} is outside {_REDIS[0]} to {_REDIS[1]} (CACHE-LAYERS)"
        if self.method != "GET" and (self.redis or self.tags or not self.invalidates):
            yield "a write is kept nowhere and carries no tags; it says which ones it clears"
        if self.method == "GET" and self.invalidates:
            yield "a read clears no tag"
        if self.group == "personalized" and not self.user:
            yield "the key of a personalized answer includes user_id (CACHE-EP)"

    def _edge(self, kept: Duration) -> Iterator[str]:
        if not _CDN[0] <= kept <= _CDN[1]:
            yield f"cdn {kept} is outside {_CDN[0]} to {_CDN[1]} (CACHE-LAYERS)"
        if self.stale is None or self.stale > _LONGEST_STALE:
            yield f"stale is written out, at most {_LONGEST_STALE}: without it Cloud CDN takes 1 day"
        if self.browser is None or self.browser > kept:
            yield f"browser is written out, at most cdn ({kept}): without it Cloud CDN chooses"
        if self.query is None:
            yield "query says which parameters are part of the key"
        if not self.tags:
            yield "a cached answer carries tags, or it could not be purged (CACHE-INV)"


class NegativeRow(Row):
    """An error answer that the edge keeps; Cloud CDN takes these codes only (compute v1)."""

    code: Literal[300, 301, 302, 307, 308, 404, 405, 410, 421, 451, 501]
    ttl: Duration

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.ttl > _LONGEST_NEGATIVE:
            raise ValueError(f"{self.code}: {self.ttl} is longer than {_LONGEST_NEGATIVE}")
        return self


class EdgeRow(Row):
    """What holds for every endpoint that the edge keeps."""

    ignored_query: tuple[str, ...]
    bypass: Annotated[tuple[str, ...], Field(min_length=1, max_length=5)]
    negative: tuple[NegativeRow, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if "Authorization" not in self.bypass:
            raise ValueError("bypass names Authorization: an answer to a signed-in request is never kept")
        codes = [row.code for row in self.negative]
        if len(set(codes)) != len(codes):
            raise ValueError("negative names each code once (compute v1, CachePolicyNegativeCachingPolicy.code)")
        return self


@cache
def endpoints() -> tuple[EndpointRow, ...]:
    """Every endpoint, in the document's order. Raises ValueError for a malformed row or one that is there twice."""
    rows = tuple(EndpointRow(**row) for row in read("endpoints.yaml")["rows"])
    names = [(row.method, row.segments) for row in rows]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"endpoints.yaml names twice: {sorted(twice)}")
    return rows


@cache
def edge() -> EdgeRow:
    """What holds for every endpoint that the edge keeps."""
    return EdgeRow(**read("endpoints.yaml")["edge"])


@cache
def waf_rules() -> Mapping[str, str]:
    """Preconfigured rule sets of Cloud Armor by name, each with what it detects."""
    return dict(read("waf_rules.yaml")["rows"])
