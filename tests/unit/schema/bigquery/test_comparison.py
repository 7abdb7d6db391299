"""What counts as a difference between BigQuery and the files."""

from collections.abc import Mapping
from typing import Any

import pytest

from schema.bigquery.comparison import Held, changes, lasting_differences
from schema.bigquery.definition import Definition, canonical
from schema.bigquery.table import Table, view_description
from schema.bigquery.warehouse import Warehouse, warehouse
from schema.kit import load_environment
from tests.unit.schema.bigquery.fake import Fake


@pytest.fixture(scope="module")
def wanted() -> Warehouse:
    return warehouse(load_environment("prod"))


@pytest.fixture
def features(wanted: Warehouse) -> Table:
    return wanted.tables["triptrip-prod.analytics.hotel_features"]


def resource(table: Table) -> dict[str, Any]:
    """A table as the REST API gives it when it is as its file says."""
    project, dataset, name = table.name.split(".")
    return {
        "tableReference": {"projectId": project, "datasetId": dataset, "tableId": name},
        "schema": {"fields": [vars(column) for column in table.columns]},
        "timePartitioning": {"type": "DAY", "field": table.partition, "expirationMs": str(table.expiration)},
        "clustering": {"fields": list(table.clustering)},
        "requirePartitionFilter": True,
        "description": table.description,
        "labels": {**table.labels, "goog-owner": "another"},
        "etag": '"0"',
    }


def test_as_the_file_says(features: Table) -> None:
    assert features.expiration == 730 * 86_400_000
    assert not changes(features, resource(features))
    assert not list(lasting_differences(features, resource(features)))


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"requirePartitionFilter": False}, "required filter"),
        ({"requirePartitionFilter": None}, "required filter"),
        ({"description": "Other"}, "description"),
        ({"clustering": {"fields": ["weekday"]}}, "clustering"),
        ({"clustering": None}, "clustering"),
        ({"labels": {}}, "labels"),
        ({"timePartitioning": {"type": "DAY", "field": "day"}}, "expiration of partitions"),
    ],
)
def test_change_by_hand_is_changed_back(features: Table, changed: Mapping[str, Any], what: str) -> None:
    fake = Fake()
    found = {key: value for key, value in {**resource(features), **changed}.items() if value is not None}
    fake.tables["analytics.hotel_features"] = found
    assert list(changes(features, found)) == [what]
    Held(fake.client()).settle(features)
    assert not changes(features, fake.tables["analytics.hotel_features"])
    (patch,) = (request for request in fake.seen if request.method == "PATCH")
    assert patch.headers["If-Match"] == '"0"'


def test_column_description_by_hand_is_changed_back(features: Table) -> None:
    fake = Fake()
    found = resource(features)
    found["schema"] = {"fields": [{**field, "description": "?"} for field in found["schema"]["fields"]]}
    fake.tables["analytics.hotel_features"] = found
    assert list(changes(features, found)) == ["description of columns"]
    Held(fake.client()).settle(features)
    kept = fake.tables["analytics.hotel_features"]
    assert not changes(features, kept)
    assert not list(lasting_differences(features, kept))


def test_settled_table_is_left_alone(features: Table) -> None:
    fake = Fake()
    fake.tables["analytics.hotel_features"] = resource(features)
    Held(fake.client()).settle(features)
    assert [request.method for request in fake.seen] == ["GET"]


@pytest.mark.parametrize(
    ("position", "column", "says"),
    [
        (2, {"type": "STRING"}, "hotel_features.weekday: STRING REQUIRED, not INTEGER REQUIRED"),
        (2, {"mode": "NULLABLE"}, "hotel_features.weekday: INTEGER NULLABLE, not INTEGER REQUIRED"),
        (2, {"name": "dow"}, "hotel_features.weekday: missing, not INTEGER REQUIRED"),
    ],
)
def test_column_that_is_otherwise_is_told(features: Table, position: int, column: Mapping[str, str], says: str) -> None:
    found = resource(features)
    found["schema"]["fields"][position] = {**found["schema"]["fields"][position], **column}
    assert any(says in line for line in lasting_differences(features, found))


@pytest.mark.parametrize("partitioning", [{"type": "MONTH", "field": "day"}, {"type": "DAY"}, None])
def test_other_partitions_are_told(features: Table, partitioning: Mapping[str, str] | None) -> None:
    found = {**resource(features), "timePartitioning": partitioning}
    assert any("not by the day of day" in line for line in lasting_differences(features, found))


def definition(wanted: Warehouse, name: str) -> Definition:
    return next(each for each in wanted.definitions if each.name == name)


def test_view_is_compared_by_its_meaning(wanted: Warehouse) -> None:
    view = definition(wanted, "price_trends")
    fake = Fake()
    held = Held(fake.client())
    assert held.difference(view) == ""
    reference = {"projectId": "triptrip-prod", "datasetId": "analytics", "tableId": "price_trends"}
    described = {"tableReference": reference, "description": view_description(view)}
    fake.tables["analytics.price_trends"] = {**described, "view": {"query": f"-- once more\n{view.query}"}}
    assert held.difference(view) is None
    fake.tables["analytics.price_trends"] = {**described, "view": {"query": view.query.replace("400", "4")}}
    assert held.difference(view) == "its query is another"
    fake.tables["analytics.price_trends"] = {"tableReference": reference, "view": {"query": view.query}}
    assert held.difference(view) == "its description is another"
    fake.tables["analytics.price_trends"] = {**described, "schema": {"fields": []}}
    assert held.difference(view) == "its query is another"


def test_texts_of_one_meaning_are_one() -> None:
    body = "MERGE `a.b.c` AS x USING (SELECT 1 AS y) AS z ON FALSE WHEN NOT MATCHED THEN INSERT (y) VALUES (z.y)"
    assert canonical(f"BEGIN\n  {body};\nEND") == canonical(f"-- told\n{body}")
    assert canonical(f"BEGIN {body}; END;") == canonical(body)
    assert canonical("DATE_SUB(a,   INTERVAL 1 DAY)") == canonical("date_sub(a, INTERVAL 1 DAY)")
    assert canonical("SELECT 'A'") != canonical("SELECT 'a'")
    assert canonical("no SQL ( at all") == ("no SQL ( at all",)
