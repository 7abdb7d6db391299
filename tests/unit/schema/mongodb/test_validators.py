"""What validators accept and refuse, by JSON Schema; the same cases run on a server in tests/integration/schema."""

from collections import Counter

import pytest

from tests.unit.schema.mongodb.cases import Case, broken, by_name, cases, rules

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_document_breaks_what_its_case_says_and_nothing_else(case: Case) -> None:
    assert broken(by_name()[case.collection], case.document) == ({case.breaks} if case.breaks else set())


@pytest.mark.parametrize("name", sorted(by_name()))
def test_every_rule_has_a_document_that_breaks_it(name: str) -> None:
    wanted = list(rules(by_name()[name].validator["$jsonSchema"]))
    assert not [rule for rule, times in Counter(wanted).items() if times > 1]
    assert {case.breaks for case in CASES if case.collection == name and case.breaks} == set(wanted)


@pytest.mark.parametrize("name", sorted(by_name()))
def test_every_collection_has_documents_that_are_accepted(name: str) -> None:
    assert any(case.collection == name and case.breaks is None for case in CASES)


def test_reviews_are_as_the_document_says() -> None:
    """Doc-DA-002 3.1.2, MDB-VALID and MDB-INDEX, word for word."""
    reviews = by_name()["reviews"]
    schema = reviews.validator["$jsonSchema"]
    assert schema["bsonType"] == "object"
    assert schema["required"] == ["entity_type", "entity_id", "user_id", "rating", "content"]
    assert schema["properties"]["entity_type"] == {"enum": ["hotel", "attraction", "product", "restaurant"]}
    assert schema["properties"]["rating"] == {"bsonType": "int", "minimum": 1, "maximum": 5}
    assert [list(index.keys.items()) for index in reviews.indexes.values()] == [
        [("entity_type", 1), ("entity_id", 1), ("created_at", -1)],
        [("user_id", 1), ("created_at", -1)],
        [("$**", "text")],
    ]


def test_the_collections_are_those_of_the_document() -> None:
    content = {"pages", "articles", "faqs", "translations"}
    users = {"reviews", "comments", "travel_logs"}
    settings = {"feature_flags", "app_configs", "partner_configs"}
    assert set(by_name()) == content | users | settings
