from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog.cache_contract_rows import contract
from infra.catalog.cdn_rows import endpoints
from services.invalidator import edge
from services.invalidator.event import Event, PoisonError, Reason
from services.invalidator.purge import Purge, purge_of

ENTITIES = ("hotel", "product", "booking", "attraction", "order")


def event(kind: str, **fields: Any) -> Event:
    return Event(kind=kind, reason="a test", source="tests", timestamp=1, **fields)  # type: ignore[arg-type] # one of them


def entity(name: str) -> Event:
    return event("entity", entity=name, entityId="7")


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("hotel", {"entity:hotel", "entity:hotel:7", "search:hotels", "listing:hotels"}),
        ("product", {"entity:product", "entity:product:7", "search:products", "listing:products"}),
        ("booking", {"entity:booking", "entity:booking:7", "user:bookings"}),
        ("review", {"entity:review", "entity:review:7"}),
    ],
)
def test_an_entity_clears_what_the_document_says(name: str, tags: set[str]) -> None:
    assert purge_of(entity(name)) == Purge(tags=frozenset(tags))


@pytest.mark.parametrize(
    ("kind", "function", "start"),
    [("tag", "invalidate_tag", "entity:"), ("pattern", "invalidate_pattern_step", "cache:api:*")],
)
@pytest.mark.parametrize("sign", ["x", "京"])
def test_what_the_functions_would_refuse_is_poison_at_once(kind: str, function: str, start: str, sign: str) -> None:
    [row] = [each for each in contract().functions[function].arguments if each.name == kind]
    assert row.text is not None
    room = row.text[1] - len(start)

    def named(length: int) -> Event:
        text = start + sign * (length // len(sign.encode()))
        return event("tag", tags=(text,)) if kind == "tag" else event("pattern", pattern=text)

    if kind == "pattern" or sign.isascii():
        assert purge_of(named(room)) != Purge()
    with pytest.raises(PoisonError):
        purge_of(named(room + len(sign.encode())))


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (event("single"), Reason.NOTHING_NAMED),
        (event("tag"), Reason.NOTHING_NAMED),
        (event("pattern"), Reason.NOTHING_NAMED),
        (event("entity", entity="hotel"), Reason.NOTHING_NAMED),
        (event("single", keys=("session:1",)), Reason.NOT_CACHED),
        (event("tag", tags=("entity:hotel",), keys=("lock:x",)), Reason.NOT_CACHED),
        (event("single", keys=("cache:tags:entity:hotel",)), Reason.NOT_CACHED),
        (event("pattern", pattern="*"), Reason.BAD_PATTERN),
        (event("pattern", pattern="cache:api:hotels"), Reason.BAD_PATTERN),
        (event("pattern", pattern="cache:*"), Reason.BAD_PATTERN),
        (event("pattern", pattern="cache:api:[a]*"), Reason.BAD_PATTERN),
        (event("single", keys=("/api/hotels?page=1",)), Reason.BAD_PATH),
        (event("pattern", pattern="/api/*/rooms"), Reason.BAD_PATH),
        (event("pattern", pattern="/api/hot*"), Reason.BAD_PATH),
        (event("tag", tags=("entity hotel",)), Reason.BAD_TAG),
        (event("tag", tags=("x" * 300,)), Reason.BAD_TAG),
    ],
)
def test_what_no_delivery_makes_usable_is_poison(one: Event, reason: Reason) -> None:
    with pytest.raises(PoisonError) as poison:
        purge_of(one)
    assert poison.value.reason is reason


def asked(purge: Purge) -> set[str]:
    return set(edge.asked(purge.keys | purge.patterns, purge.tags, purge.paths, "/api"))


def test_the_cdn_is_asked_for_what_covers_the_rest() -> None:
    assert asked(purge_of(entity("hotel"))) == {"tag:entity:hotel", "tag:search:hotels"}
    assert asked(purge_of(event("tag", tags=("entity:hotel:7", "entity:hotel:8")))) == {
        "tag:entity:hotel:7",
        "tag:entity:hotel:8",
    }


def test_the_cdn_is_not_asked_for_what_it_never_has() -> None:
    assert asked(purge_of(entity("booking"))) == set()
    assert asked(purge_of(event("single", keys=("cache:api:users.me:1:00",)))) == set()


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("cache:api:hotels:*", {"path:/api/hotels"}),
        ("cache:api:hotels.id:*", {"path:/api/hotels/*"}),
        ("cache:api:hotels*", {"path:/api/hotels", "path:/api/hotels/*"}),
        ("cache:api:search.*", {"path:/api/search/hotels", "path:/api/search/products"}),
        (
            "cache:api:*:00",
            {"path:/api/hotels", "path:/api/hotels/*", "path:/api/attractions", "path:/api/products"}
            | {"path:/api/search/hotels", "path:/api/search/products"},
        ),
        ("/api/*", {"path:/api/*"}),
    ],
)
def test_a_pattern_is_the_paths_of_its_endpoints(pattern: str, paths: set[str]) -> None:
    assert asked(purge_of(event("pattern", pattern=pattern))) == paths


TAGS = sorted({tag for row in endpoints() for tag in row.tags if "{" not in tag} | {"entity:hotel:7", "entity:hotel:8"})


@given(st.sets(st.sampled_from(TAGS), min_size=1))
def test_whatever_the_edge_keeps_under_any_tag_is_purged(tags: set[str]) -> None:
    found = {one.removeprefix("tag:") for one in edge.asked((), tags, frozenset(), "/api")}
    assert found <= tags
    for row in endpoints():
        if row.cached:
            for number in "78":
                carried = {tag.replace("{id}", number) for tag in row.tags}
                assert bool(carried & tags) == bool(carried & found)
