"""Keys: the same for requests that mean the same, different for all others, and never a way out of their own part."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.cache import contract, library
from services.cache.keys import KeyPartError, canonical, encoded, entry, expansions, key

text = st.text(min_size=1, max_size=12)
pairs = st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=5)


def test_the_functions_are_those_of_their_version() -> None:
    """Otherwise: raise library.version in infra/catalog/cache.yaml; python -m services.cache tells its digest."""
    assert library.digest() == contract.LIBRARY_DIGEST


def test_keys_are_as_the_document_writes_them() -> None:
    assert key("session", session="4f-a.b_c~") == "session:4f-a.b_c~"
    assert key("rate_limit", user="7", endpoint="GET /hotels") == "ratelimit:7:GET%20%2Fhotels"
    assert key("leaderboard", type="hotels", period="2026-11") == "leaderboard:hotels:2026-11"
    assert key("lock", resource="fence:x") == "lock:fence%3Ax"


@given(first=st.tuples(text, text), second=st.tuples(text, text))
def test_two_things_never_share_a_key(first: tuple[str, str], second: tuple[str, str]) -> None:
    assume(first != second)
    assert key("views", type=first[0], id=first[1]) != key("views", type=second[0], id=second[1])


@given(text)
def test_a_part_stays_a_part(part: str) -> None:
    assert not set(encoded(part)) & set(":*?[]\\ \n,{}")


@pytest.mark.parametrize(
    "parts", [{}, {"type": "hotel"}, {"type": "hotel", "id": ""}, {"type": "a", "id": "b", "x": "c"}]
)
def test_a_key_needs_exactly_its_parts(parts: dict[str, str]) -> None:
    with pytest.raises(KeyPartError, match=r"needs exactly \['id', 'type'\], none of them empty"):
        key("views", **parts)


@given(query=pairs, other=pairs)
def test_requests_that_mean_the_same_have_one_form_and_others_another(
    query: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    def meaning(of: list[tuple[str, str]]) -> dict[str, list[str]]:
        """Values by name, in their order; the order of names means nothing."""
        found: dict[str, list[str]] = {}
        for name, value in of:
            if name not in contract.IGNORED_PARAMETERS:
                found.setdefault(name, []).append(value)
        return found

    same = meaning(query) == meaning(other)
    assert (canonical("GET /hotels", {}, query) == canonical("GET /hotels", {}, other)) is same


def test_only_parameters_that_count_are_part_of_an_entrys_key() -> None:
    asked = entry("GET /search/hotels", query=[("page", "2"), ("query", "京都")])
    assert asked == entry(
        "GET /search/hotels", query=[("query", "京都"), ("page", "2"), ("color", "red"), ("gclid", "1")]
    )
    assert asked != entry("GET /search/hotels", query=[("query", "京都"), ("page", "3")])
    assert entry("GET /hotels", query=[("utm_source", "mail")]) == entry("GET /hotels")
    assert entry("GET /hotels", query=[("color", "red")]) != entry("GET /hotels")


def test_an_entry_has_the_tags_that_an_event_about_its_entity_clears() -> None:
    one = entry("GET /hotels/{id}", {"id": "a:b"})
    assert one.tags == ("entity:hotel", "entity:hotel:a%3Ab")
    assert expansions("hotel", "a:b") == (*one.tags, "search:hotels", "listing:hotels")
    assert expansions("hotel") == ("entity:hotel", "search:hotels", "listing:hotels")
    assert expansions("booking", "7") == ("entity:booking", "entity:booking:7", "user:bookings")
    assert expansions("museum", "7") == ("entity:museum", "entity:museum:7")


@given(text, text)
def test_a_persons_answer_has_the_person_in_its_key(one: str, other: str) -> None:
    assume(one != other)
    found = entry("GET /users/me", user=one)
    assert found.key.split(":")[3] == encoded(one)
    assert found.tags == (f"entity:user:{encoded(one)}",)
    # Even with one hash for both, the keys differ.
    assert found.key.rpartition(":")[0] != entry("GET /users/me", user=other).key.rpartition(":")[0]


def test_what_cannot_be_kept_is_told() -> None:
    with pytest.raises(KeyPartError, match="POST /bookings is kept by no contract; kept are: GET /hotels"):
        entry("POST /bookings")
    with pytest.raises(KeyPartError, match="GET /users/me answers one person"):
        entry("GET /users/me")
    with pytest.raises(KeyPartError, match=r"/hotels/\{id\} needs exactly"):
        entry("GET /hotels/{id}")
