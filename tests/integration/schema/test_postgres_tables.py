"""What PostgreSQL's tables hold and refuse, and that they are ready for shards."""

import time
import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.integration.schema.databases import Database, book

SHARDED = ("bookings", "orders", "order_items", "user_activities")
KEY = "user_id"
COLUMNS = """
SELECT conname, array_agg(attname::text)
FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = any(conkey)
WHERE conrelid = %s::regclass AND contype = any(%s) AND (confrelid = 0 OR confrelid = any(%s::regclass[]))
GROUP BY conname
"""


@pytest.mark.parametrize("table", SHARDED)
def test_every_key_of_what_is_sharded_holds_the_distribution_key(applied: Database, table: str) -> None:
    """Unique keys and links between sharded tables (PG-SHARD); links to reference tables need it not."""
    with applied.connect() as connection:
        keys = connection.execute(COLUMNS, (table, ["p", "u", "f"], list(SHARDED))).fetchall()
        unique = connection.execute(
            "SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass AND indisunique", (table,)
        )
        assert unique.fetchone() == (len([name for name, _ in keys if name.endswith("_pkey")]),)
    assert keys
    assert [name for name, columns in keys if KEY not in columns] == []


def test_identifiers_are_of_version_7_and_rise_with_the_time(applied: Database) -> None:
    made: list[uuid.UUID] = []
    with applied.connect() as connection:
        for _ in range(5):
            made += [identifier for (identifier,) in connection.execute("SELECT operations.uuid_v7()")]
            time.sleep(0.002)
        many = connection.execute("SELECT count(DISTINCT operations.uuid_v7()) FROM generate_series(1, 20000)")
        assert many.fetchone() == (20000,)
    assert all((each.version, each.variant) == (7, uuid.RFC_4122) for each in made)
    assert made == sorted(made)
    told = datetime.fromtimestamp((made[0].int >> 80) / 1000, UTC)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)


def test_an_address_belongs_to_one_user(applied: Database) -> None:
    with applied.undone() as connection:
        connection.execute("INSERT INTO users (display_name) VALUES ('a'), ('b')")
        addresses = "INSERT INTO user_emails (email, user_id) SELECT 'a@example.com', id FROM users LIMIT %s"
        connection.execute(addresses, (1,))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(addresses, (1,))


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE bookings SET check_out = check_in", "bookings_dates_check"),
        ("UPDATE bookings SET status = 'lost'", "bookings_status_check"),
        ("UPDATE bookings SET guests = 0", "bookings_guests_check"),
        ("UPDATE bookings SET currency = 'yen'", "bookings_currency_check"),
        ("UPDATE bookings SET total_price = -1", "bookings_total_price_check"),
        ("UPDATE hotels SET latitude = 91", "hotels_latitude_check"),
        ("UPDATE hotels SET longitude = 181", "hotels_longitude_check"),
        ("UPDATE hotels SET stars = 6", "hotels_stars_check"),
        ("UPDATE hotels SET price_from = -1", "hotels_price_from_check"),
        ("UPDATE hotels SET currency = 'yen'", "hotels_currency_check"),
        ("UPDATE users SET locale = 'japanese'", "users_locale_check"),
        ("UPDATE users SET country = 'jp'", "users_country_check"),
        ("INSERT INTO user_emails (email, user_id) SELECT 'A@b.jp', id FROM users", "user_emails_email_check"),
        (
            (
                "INSERT INTO attractions (slug, name_ja, name_en, category, prefecture, city, latitude, longitude)"
                " VALUES ('a', 'a', 'a', 'a', 'a', 'a', -91, 0)"
            ),
            "attractions_latitude_check",
        ),
        (
            (
                "INSERT INTO attractions (slug, name_ja, name_en, category, prefecture, city, latitude, longitude)"
                " VALUES ('a', 'a', 'a', 'a', 'a', 'a', 0, -181)"
            ),
            "attractions_longitude_check",
        ),
        (
            "INSERT INTO products (slug, name_ja, name_en, category, price) VALUES ('a', 'a', 'a', 'a', -1)",
            "products_price_check",
        ),
        (
            (
                "INSERT INTO products (slug, name_ja, name_en, category, price, currency)"
                " VALUES ('a', 'a', 'a', 'a', 1, '')"
            ),
            "products_currency_check",
        ),
        (
            "INSERT INTO products (slug, name_ja, name_en, category, price, stock) VALUES ('a', 'a', 'a', 'a', 1, -1)",
            "products_stock_check",
        ),
        ("INSERT INTO orders (user_id, total_price) SELECT id, -1 FROM users", "orders_total_price_check"),
        (
            "INSERT INTO orders (user_id, total_price, status) SELECT id, 1, 'lost' FROM users",
            "orders_status_check",
        ),
        (
            "INSERT INTO orders (user_id, total_price, currency) SELECT id, 1, 'yen' FROM users",
            "orders_currency_check",
        ),
        (
            "INSERT INTO user_activities (user_id, activity, entity_type) SELECT id, 'viewed', 'hotel' FROM users",
            "user_activities_entity_check",
        ),
        (
            (
                "INSERT INTO user_activities (user_id, activity, entity_type, entity_id)"
                " SELECT id, 'viewed', 'moon', id FROM users"
            ),
            "user_activities_entity_type_check",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(applied: Database, statement: str, constraint: str) -> None:
    with applied.undone() as connection:
        book(connection)
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            connection.execute(statement.encode())
        assert refused.value.diag.constraint_name == constraint


@pytest.mark.parametrize(("column", "value"), [("line", 0), ("quantity", 0), ("unit_price", -1)])
def test_a_line_of_an_order_makes_sense(applied: Database, column: str, value: int) -> None:
    with applied.undone() as connection:
        book(connection)
        connection.execute(
            "INSERT INTO products (slug, name_ja, name_en, category, price) VALUES ('a', 'a', 'a', 'a', 1)"
        )
        connection.execute("INSERT INTO orders (user_id, total_price) SELECT id, 1 FROM users")
        row = {"line": 1, "quantity": 1, "unit_price": 1, column: value}
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            connection.execute(
                "INSERT INTO order_items"
                " SELECT user_id, orders.created_at, orders.id, %(line)s, products.id, %(quantity)s, %(unit_price)s"
                " FROM orders, products",
                row,
            )
        assert refused.value.diag.constraint_name == f"order_items_{column}_check"


def test_an_order_takes_its_lines_along(applied: Database) -> None:
    with applied.undone() as connection:
        book(connection)
        connection.execute(
            "INSERT INTO products (slug, name_ja, name_en, category, price) VALUES ('a', 'a', 'a', 'a', 1)"
        )
        connection.execute("INSERT INTO orders (user_id, total_price) SELECT id, 1 FROM users")
        lines = (
            "INSERT INTO order_items"
            " SELECT user_id, orders.created_at, orders.id, 1, products.id, 1, 1 FROM orders, products"
        )
        connection.execute(lines)
        connection.execute("DELETE FROM orders")
        assert connection.execute("SELECT count(*) FROM order_items").fetchone() == (0,)


def test_a_change_touches_its_row(applied: Database) -> None:
    with applied.connect() as connection:
        book(connection)
        before = connection.execute("SELECT max(updated_at) FROM bookings").fetchone()
        connection.execute("UPDATE bookings SET guests = 3")
        assert connection.execute("SELECT min(updated_at) > %s FROM bookings", before).fetchone() == (True,)


def test_the_later_change_of_a_row_bears_the_later_time_whichever_began_first(applied: Database) -> None:
    """By it BigQuery knows which version is the newer one."""
    with applied.connect() as first, applied.connect() as second:
        book(first)
        first.execute("BEGIN")
        first.execute("SELECT now()")
        second.execute("UPDATE bookings SET status = 'confirmed'")
        before = second.execute("SELECT max(updated_at) FROM bookings").fetchone()
        first.execute("UPDATE bookings SET status = 'cancelled'")
        first.execute("COMMIT")
        assert second.execute("SELECT min(updated_at) > %s FROM bookings", before).fetchone() == (True,)
