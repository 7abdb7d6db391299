"""What BigQuery asks PostgreSQL for, asked of PostgreSQL's own schema by the user of the connection."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.rows import dict_row
from sqlglot import exp

from schema.bigquery.warehouse import warehouse
from tests.integration.schema.databases import ENVIRONMENT, NAME, USERS, Database, book

USER = "bigquery"
TYPES = frozenset({"bool", "date", "float8", "int4", "int8", "numeric", "text", "timestamptz", "varchar"})
"""What EXTERNAL_QUERY takes among PostgreSQL's types (cloud.google.com/bigquery/docs/cloud-sql-federated-queries)."""


def asked() -> Mapping[str, str]:
    """The text of every EXTERNAL_QUERY by its procedure."""
    return {
        each.name: call.expressions[1].name
        for each in warehouse(ENVIRONMENT).definitions
        for statement in each.body
        for call in statement.find_all(exp.Anonymous)
        if call.name == "EXTERNAL_QUERY"
    }


@pytest.mark.parametrize("procedure", asked())
def test_connection_may_ask_and_bigquery_takes_the_answer(applied: Database, procedure: str) -> None:
    assert USERS[USER] == "triptrip_report"
    with applied.server.connect(NAME, USER) as connection:
        cursor = connection.execute(asked()[procedure].encode())
        assert cursor.description
        names = [connection.adapters.types[column.type_code] for column in cursor.description]
    assert {kind.name for kind in names} <= TYPES


@pytest.mark.parametrize(
    ("created", "is_asked_for"), [(timedelta(hours=1), True), (timedelta(days=700), True), (timedelta(days=800), False)]
)
def test_bookings_that_changed_are_asked_for(applied: Database, created: timedelta, is_asked_for: bool) -> None:
    with applied.undone() as connection:
        moment = datetime.now(UTC) - created
        book(connection, when=moment)
        rows = connection.cursor(row_factory=dict_row).execute(asked()["load_bookings"].encode()).fetchall()
    assert [row["created_at"] for row in rows] == ([moment] if is_asked_for else [])
