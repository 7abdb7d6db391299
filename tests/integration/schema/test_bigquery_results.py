"""What the views and procedures of BigQuery say of small data, against figures worked out by hand."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlglot import exp

from sandbox.servers.bigquery import BigqueryServer
from sandbox.servers.workspace import Workspace
from schema.bigquery.definition import DIALECT
from schema.bigquery.warehouse import warehouse as files_of
from tests.integration.conftest import group
from tests.integration.schema.warehouses import Warehouse, new_warehouse

TODAY = datetime.now(ZoneInfo("Asia/Tokyo")).date()
DAY = TODAY - timedelta(days=10)
OF_POSTGRES = {
    "load_bookings": {
        "id": "STRING",
        "created_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
        "user_id": "STRING",
        "hotel_id": "STRING",
        "status": "STRING",
        "check_in": "DATE",
        "check_out": "DATE",
        "guests": "INT64",
        "total_price": "NUMERIC",
        "currency": "STRING",
    },
    "load_order_items": {
        "order_id": "STRING",
        "line": "INT64",
        "ordered_at": "TIMESTAMP",
        "updated_at": "TIMESTAMP",
        "user_id": "STRING",
        "product_id": "STRING",
        "status": "STRING",
        "quantity": "INT64",
        "unit_price": "NUMERIC",
        "currency": "STRING",
    },
}
"""What PostgreSQL answers to each procedure: names and types."""


def day(number: int) -> date:
    """The day so many days after DAY."""
    return DAY + timedelta(days=number)


def jst(number: int, time: str) -> str:
    """A moment as SQL, by the clock of Japan."""
    return f"TIMESTAMP '{day(number)} {time}:00+09:00'"


@pytest.fixture(scope="module")
def warehouse(module_workspace: Workspace) -> Iterator[Warehouse]:
    """A warehouse with the project's own files; each test fills tables of its own, or empties them first."""
    server = BigqueryServer(module_workspace, group("bigquery"))
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIPTRIP_SCHEMA_BIGQUERY", server.url)
        with new_warehouse(server) as made:
            made.apply()
            for procedure, columns in OF_POSTGRES.items():
                fields = ", ".join(f"{name} {kind}" for name, kind in columns.items())
                made.run(f"CREATE TABLE `${{raw}}.{procedure}` ({fields})")
            yield made


@pytest.fixture(autouse=True)
def _empty(warehouse: Warehouse) -> None:
    tables = ("raw.events", "raw.price_history", "raw.load_bookings", "raw.load_order_items", "analytics.daily_prices")
    own = ("bookings", "order_items", "bookings_daily", "hotel_features")
    for table in (*tables, *(f"analytics.{name}" for name in own)):
        warehouse.empty(table)


def load(warehouse: Warehouse, procedure: str, rows: list[str]) -> None:
    """Run a procedure's MERGE with rows for what PostgreSQL would answer."""
    table = f"raw.{procedure}"
    warehouse.empty(table)
    warehouse.insert(table, ", ".join(OF_POSTGRES[procedure]), rows)
    (merge,) = next(each for each in files_of(warehouse.environment).definitions if each.name == procedure).body
    merge = merge.copy()
    external = next(found for found in merge.find_all(exp.Table) if isinstance(found.this, exp.Anonymous))
    answer = exp.to_table(f"`{warehouse.name(table)}`", dialect=DIALECT)
    answer.set("alias", external.args["alias"])
    external.replace(answer)
    warehouse.run(merge.sql(DIALECT))


def booking(name: str, when: str, **given: object) -> str:
    """A row of PostgreSQL's bookings: two guests for the two nights from the fourth day on, unless given otherwise."""
    row = {"updated": when, "hotel": "h1", "status": "confirmed", "price": 1000, "currency": "JPY", **given}
    return (
        f"'{name}', {when}, {row['updated']}, 'u1', '{row['hotel']}', '{row['status']}', DATE '{day(4)}', "
        f"DATE '{day(6)}', 2, NUMERIC '{row['price']}', '{row['currency']}'"
    )


def item(order: str, line: int, when: str, **given: object) -> str:
    """A row of PostgreSQL's order items with what their order says."""
    row = {"status": "paid", "quantity": 1, "price": 500, **given}
    return (
        f"'{order}', {line}, {when}, {when}, 'u1', 'p1', '{row['status']}', {row['quantity']}, "
        f"NUMERIC '{row['price']}', 'JPY'"
    )


def revenue(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.rows("analytics.revenue_daily", "day, entity_type, entity_id, currency, sold, revenue")


def test_revenue_belongs_to_the_day_in_japan(warehouse: Warehouse) -> None:
    load(
        warehouse,
        "load_bookings",
        [
            booking("before-midnight", jst(0, "23:30"), price=100),
            booking("after-midnight", jst(1, "00:30"), price=1000),
            booking("morning", jst(1, "08:59"), price=20),
            booking("noon", jst(1, "12:00"), price=3, status="completed"),
            booking("cancelled", jst(1, "12:00"), price=5000, status="cancelled"),
            booking("pending", jst(1, "12:00"), price=6000, status="pending"),
            booking("dollars", jst(1, "12:00"), price=7, currency="USD"),
        ],
    )
    load(
        warehouse,
        "load_order_items",
        [
            item("o1", 1, jst(1, "00:01"), quantity=2),
            item("o1", 2, jst(1, "00:01"), quantity=1, price=30),
            item("o2", 1, jst(1, "09:00"), status="refunded"),
        ],
    )
    assert revenue(warehouse) == [
        (day(0), "hotel", "h1", "JPY", 1, Decimal(100)),
        (day(1), "hotel", "h1", "JPY", 3, Decimal(1023)),
        (day(1), "hotel", "h1", "USD", 1, Decimal(7)),
        (day(1), "product", "p1", "JPY", 3, Decimal(1030)),
    ]


def test_bookings_that_changed_replace_themselves(warehouse: Warehouse) -> None:
    load(warehouse, "load_bookings", [booking("b1", jst(1, "00:30")), booking("b2", jst(1, "10:00"), price=1)])
    load(warehouse, "load_bookings", [booking("b1", jst(1, "00:30")), booking("b2", jst(1, "10:00"), price=1)])
    assert revenue(warehouse) == [(day(1), "hotel", "h1", "JPY", 2, Decimal(1001))]
    load(warehouse, "load_bookings", [booking("b1", jst(1, "00:30"), status="cancelled", updated=jst(2, "00:00"))])
    assert revenue(warehouse) == [(day(1), "hotel", "h1", "JPY", 1, Decimal(1))]
    load(warehouse, "load_bookings", [booking("b1", jst(1, "00:30"), updated=jst(1, "12:00"))])
    assert revenue(warehouse) == [(day(1), "hotel", "h1", "JPY", 1, Decimal(1))]


def test_summary_is_written_anew(warehouse: Warehouse) -> None:
    load(
        warehouse,
        "load_bookings",
        [
            booking("b1", jst(0, "10:00"), price=100),
            booking("b2", jst(0, "11:00"), price=200, hotel="h2"),
            booking("b3", jst(1, "00:30"), price=300),
            booking("b4", jst(1, "10:00"), price=400, status="cancelled"),
        ],
    )
    for _ in range(2):
        warehouse.run(f"CALL `${{analytics}}.refresh_bookings_daily`(DATE '{day(0)}', DATE '{day(1)}')")
    columns = "day, hotel_id, bookings, cancellations, revenue, average_lead_days, average_party_size"
    kept = (day(0), "h1", 1, 0, Decimal(100), 4.0, 2.0)
    assert warehouse.rows("analytics.bookings_daily", columns) == [
        kept,
        (day(0), "h2", 1, 0, Decimal(200), 4.0, 2.0),
        (day(1), "h1", 1, 1, Decimal(300), 3.0, 2.0),
    ]
    warehouse.run("DELETE FROM `${analytics}.bookings` WHERE booking_id IN ('b1', 'b3')")
    warehouse.run(f"CALL `${{analytics}}.refresh_bookings_daily`(DATE '{day(1)}', DATE '{day(1)}')")
    assert warehouse.rows("analytics.bookings_daily", columns) == [
        kept,
        (day(0), "h2", 1, 0, Decimal(200), 4.0, 2.0),
        (day(1), "h1", 0, 1, Decimal(0), None, None),
    ]


def events(warehouse: Warehouse, rows: list[tuple[str, str | None, str]]) -> None:
    values = [
        f"'e{number}', {when}, '{kind}', {repr(session) if session else 'NULL'}"
        for number, (when, session, kind) in enumerate(rows)
    ]
    warehouse.insert("raw.events", "event_id, occurred_at, event_type, session_id", values)


def test_funnel_counts_each_session_once_by_its_furthest_step(warehouse: Warehouse) -> None:
    events(
        warehouse,
        [
            (jst(0, "10:00"), "whole", "search_performed"),
            (jst(0, "10:01"), "whole", "hotel_viewed"),
            (jst(0, "10:02"), "whole", "booking_started"),
            (jst(0, "10:03"), "whole", "booking_completed"),
            (jst(0, "10:03"), "whole", "booking_completed"),
            (jst(0, "00:10"), "night", "hotel_viewed"),
            (jst(0, "23:50"), "over midnight", "search_performed"),
            (jst(1, "00:05"), "over midnight", "booking_started"),
            (jst(1, "08:00"), "search alone", "search_performed"),
            (jst(1, "08:01"), "search alone", "search_performed"),
            (jst(1, "09:00"), "neither", "page_viewed"),
            (jst(1, "09:00"), None, "booking_completed"),
            (jst(-200, "09:00"), "long ago", "booking_completed"),
        ],
    )
    columns = "day, sessions, searched, viewed, started, booked, conversion"
    assert warehouse.rows("analytics.funnel_daily", columns) == [
        (day(0), 3, 3, 3, 2, 1, pytest.approx(1 / 3)),
        (day(1), 2, 1, 0, 0, 0, 0.0),
    ]


def test_price_trends_are_of_days_and_not_of_rows(warehouse: Warehouse) -> None:
    prices = [("h1", -7, 100), ("h1", -6, 200), ("h1", -1, 300), ("h1", 0, 150), ("h2", -7, 9000), ("h2", 0, 9000)]
    values = [f"DATE '{day(number)}', 'hotel', '{hotel}', 'JPY', NUMERIC '{price}'" for hotel, number, price in prices]
    warehouse.insert("analytics.daily_prices", "day, entity_type, entity_id, currency, average_price", values)
    columns = "entity_id, day, average_price_of_week, average_price_week_before, change_in_week"
    rows = warehouse.rows("analytics.price_trends", columns)

    def row(hotel: str, number: int, week: float, before: float | None, change: float | None) -> tuple[object, ...]:
        near = [None if value is None else pytest.approx(value, abs=1e-6) for value in (week, before, change)]
        return hotel, day(number), *near

    found = [tuple(float(value) if isinstance(value, Decimal) else value for value in each) for each in rows]
    assert found == [
        row("h1", -7, 100, None, None),
        row("h1", -6, 150, None, None),
        row("h1", -1, 200, None, None),
        row("h1", 0, 650 / 3, 100, 0.5),
        row("h2", -7, 9000, None, None),
        row("h2", 0, 9000, 9000, 0),
    ]


def observe(warehouse: Warehouse, rows: list[tuple[str, str, str, str, str]]) -> None:
    values = [
        f"{when}, 'hotel', '{hotel}', NUMERIC '{price}', 'JPY', NUMERIC '{demand}', NUMERIC '{taken}'"
        for when, hotel, price, demand, taken in rows
    ]
    columns = "observed_at, entity_type, entity_id, price, currency, demand_index, occupancy_rate"
    warehouse.insert("raw.price_history", columns, values)


def test_occupancy_has_a_row_for_every_night(warehouse: Warehouse) -> None:
    load(
        warehouse,
        "load_bookings",
        [
            booking("b1", jst(0, "10:00")),
            booking("b2", jst(1, "10:00")),
            booking("b3", jst(1, "10:00"), status="cancelled"),
        ],
    )
    observe(
        warehouse,
        [
            (jst(4, "00:10"), "h1", "100", "1", "0.4"),
            (jst(4, "23:50"), "h1", "100", "1", "0.6"),
            (jst(6, "12:00"), "h1", "100", "1", "0.1"),
        ],
    )
    assert warehouse.rows("analytics.occupancy_daily", "day, hotel_id, stays, guests, occupancy_rate") == [
        (day(4), "h1", 2, 4, Decimal("0.5")),
        (day(5), "h1", 2, 4, None),
        (day(6), "h1", 0, 0, Decimal("0.1")),
    ]


def test_features_know_the_past_alone(warehouse: Warehouse) -> None:
    load(
        warehouse,
        "load_bookings",
        [
            booking("b1", jst(-5, "10:00")),
            booking("b2", jst(0, "10:00")),
            booking("b3", jst(1, "00:30")),
            booking("b4", jst(1, "10:00")),
            booking("b5", jst(2, "10:00")),
        ],
    )
    observe(
        warehouse,
        [
            (jst(0, "10:00"), "h1", "100", "1.1", "0.5"),
            (jst(0, "20:00"), "h1", "300", "1.3", "0.7"),
            (jst(1, "10:00"), "h1", "900", "9", "0.9"),
        ],
    )
    warehouse.run(f"CALL `${{analytics}}.refresh_bookings_daily`(DATE '{day(-7)}', DATE '{day(2)}')")
    for _ in range(2):
        warehouse.run(f"CALL `${{analytics}}.refresh_hotel_features`(DATE '{day(1)}', DATE '{day(1)}')")
    (row,) = warehouse.run("SELECT * FROM `${analytics}.hotel_features`")
    assert row == {
        "day": day(1),
        "hotel_id": "h1",
        "weekday": day(1).isoweekday() % 7 + 1,
        "month": day(1).month,
        "average_price": Decimal(200),
        "average_demand": Decimal("1.2"),
        "average_occupancy": Decimal("0.6"),
        "bookings_of_week_before": 2,
        "bookings": 2,
    }


def test_model_is_made_of_the_features(warehouse: Warehouse) -> None:
    warehouse.run("CALL `${ml}.train_hotel_demand`()")
    assert [model.model_id for model in warehouse.client.list_models(warehouse.name("ml"))] == ["hotel_demand"]


def test_bookings_for_everybody_tell_nobody(warehouse: Warehouse) -> None:
    load(warehouse, "load_bookings", [booking("b1", jst(1, "00:30"))])
    (row,) = warehouse.run("SELECT * FROM `${analytics}.bookings_anonymous`")
    assert (row["booking_id"], row["booked_on"]) == ("b1", day(1))
    assert "u1" not in row.values()
