"""What is found, in Japanese and English: the analysis of the templates on documents and queries that are data."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.schema.elasticsearch.conftest import Lab

DATA = yaml.safe_load(Path(__file__).with_name("relevance.yaml").read_text(encoding="utf-8"))
FIELDS = ["name_ja^3", "name_en^3", "description_ja", "description_en"]
STATION = {"lat": 34.9858, "lon": 135.7588}
"""Kyoto Station."""


@pytest.fixture
def filled(lab: Lab) -> Lab:
    lab.apply()
    suggestions = {key: {"suggest": [row["name_ja"], row["name_en"]]} for key, row in DATA["documents"].items()}
    lab.write({key: {**row, **suggestions[key]} for key, row in DATA["documents"].items()})
    return lab


def asked(text: str) -> dict[str, Any]:
    """A search as the application sends it: exact words first, readings and typing errors behind."""
    words = {"multi_match": {"query": text, "fields": FIELDS, "type": "cross_fields", "operator": "and", "boost": 4}}
    every = {"multi_match": {"query": text, "fields": FIELDS, "operator": "or", "minimum_should_match": "75%"}}
    reading = {"match": {"name_ja.reading": {"query": text, "fuzziness": "AUTO", "operator": "and", "boost": 0.5}}}
    typing = {"match": {"name_en": {"query": text, "fuzziness": "AUTO", "operator": "and", "boost": 0.5}}}
    return {"bool": {"should": [words, every, reading, typing], "minimum_should_match": 1}}


def found(lab: Lab, text: str) -> list[str]:
    answer = lab.cluster.search("/hotels/_search", {"query": asked(text), "size": 20})
    return [hit["_id"] for hit in answer["hits"]["hits"]]


def test_every_query_finds_what_it_should(filled: Lab) -> None:
    wrong = []
    for row in DATA["queries"]:
        got = found(filled, row["text"])
        wants_first = "first" in row and got[:1] != [row["first"]]
        if wants_first or not {*row.get("finds", ())} <= {*got} or {*row.get("not", ())} & {*got}:
            wrong.append(f"{row['text']} ({row['why']}): {got}")
    assert wrong == []


def test_facets_count_what_was_found(filled: Lab) -> None:
    answer = filled.cluster.search(
        "/hotels/_search",
        {
            "size": 0,
            "query": {"term": {"prefecture": "京都府"}},
            "aggs": {"by_category": {"terms": {"field": "category"}}, "cheapest": {"min": {"field": "price_yen"}}},
        },
    )
    counted = {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["by_category"]["buckets"]}
    assert counted == {"hotel": 1, "ryokan": 1}
    assert answer["aggregations"]["cheapest"]["value"] == 12000


def test_places_are_sorted_by_their_distance_and_cut_off(filled: Lab) -> None:
    answer = filled.cluster.search(
        "/hotels/_search",
        {
            "query": {"geo_distance": {"distance": "100km", "location": STATION}},
            "sort": [{"_geo_distance": {"location": STATION, "unit": "km"}}],
        },
    )
    hits = answer["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == ["kyoto-station-hotel", "gion-ryokan", "kansai-airport-hotel"]
    assert 2 < hits[1]["sort"][0] < 3


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("京都", "京都駅前ホテル"),
        ("kyou", "京都駅前ホテル"),
        ("Kans", "Kansai International Airport Hotel"),
        ("箱根", "箱根湯本の温泉宿"),
    ],
)
def test_what_is_being_typed_is_completed(filled: Lab, typed: str, expected: str) -> None:
    answer = filled.cluster.search(
        "/hotels/_search", {"suggest": {"names": {"prefix": typed, "completion": {"field": "suggest"}}}}
    )
    assert expected in [option["text"] for option in answer["suggest"]["names"][0]["options"]]
