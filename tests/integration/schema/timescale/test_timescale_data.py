"""What the tables, policies and the aggregate do with data (Doc-DA-002, 3.3; TS-HYPER, TS-CAGG)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from sandbox.servers import timescale_figures
from sandbox.servers.timescale import TimescaleServer
from schema.timescale.policies import read_policies
from tests.integration.schema.timescale.applying import POLICIES_FILE, Connection, rows, run_job

HOTEL, TOUR = UUID(int=1), UUID(int=2)
MINUTES = 15
WEEK = 7 * 24 * 60 // MINUTES
HOURLY = """
SELECT time_bucket('1 hour', time) AS bucket, entity_type, entity_id, avg(price) AS avg_price, min(price) AS min_price,
    max(price) AS max_price, avg(demand_index) AS avg_demand, count(*) AS sample_count
FROM price_metrics GROUP BY bucket, entity_type, entity_id
"""
KEPT = "SELECT * FROM price_metrics_hourly"
REFRESH_ALL = "CALL refresh_continuous_aggregate('price_metrics_hourly', NULL, NULL)"
CONTENT = "SELECT count(*), md5(string_agg(p::text, ' ' ORDER BY p::text)) FROM {} AS p"
CHUNKS = """
SELECT range_start, range_end, is_compressed, now() FROM timescaledb_information.chunks
WHERE hypertable_name = %s ORDER BY range_start
"""


@pytest.fixture
def connection(applied: TimescaleServer) -> Iterator[Connection]:
    with applied.connect() as made:
        yield made


def now(connection: Connection) -> datetime:
    [(moment,)] = rows(connection, "SELECT now()")
    assert isinstance(moment, datetime)
    return moment


def copy_prices(connection: Connection, newest: datetime, count: int, every: timedelta) -> None:
    """Prices of a hotel and a tour, `count` of each, the newest first."""
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY price_metrics (time, entity_type, entity_id, price, demand_index, metadata) FROM STDIN"
        ) as copy,
    ):
        for number in range(count):
            for kind, entity in (("hotel", HOTEL), ("tour", TOUR)):
                price = f"{8_000 + (number * 37 + entity.int * 11) % 1_000}.{number % 100:02}"
                moment = newest - number * every
                copy.write_row((moment, kind, entity, price, number % 300 / 100, '{"source": "crawler"}'))


def put_price(connection: Connection, moment: datetime, price: int) -> None:
    connection.execute(
        "INSERT INTO price_metrics (time, entity_type, entity_id, price) VALUES (%s, 'hotel', %s, %s)",
        (moment, HOTEL, price),
    )


def test_a_week_of_prices_by_the_hour_is_what_a_plain_query_says(connection: Connection) -> None:
    copy_prices(connection, now(connection), WEEK, timedelta(minutes=MINUTES))
    connection.execute(REFRESH_ALL)
    hourly = rows(connection, f"{KEPT} ORDER BY 1, 3")
    # The bucket that is not over yet is not kept.
    plain = [row for row in rows(connection, f"{HOURLY} ORDER BY 1, 3") if row[0] <= hourly[-1][0]]
    assert hourly == plain
    assert len(hourly) > 2 * 7 * 23


def test_the_refresh_policy_fills_exactly_its_window(connection: Connection) -> None:
    copy_prices(connection, now(connection), WEEK, timedelta(minutes=MINUTES))
    before = now(connection)
    run_job(connection, "price_metrics_hourly", "refresh")
    after = now(connection)
    buckets = [bucket for (bucket,) in rows(connection, "SELECT DISTINCT bucket FROM price_metrics_hourly")]
    # The last bucket that is over for at least an hour is in the window, whenever the policy looked.
    assert before.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2) in buckets
    assert all(before - timedelta(hours=3) <= bucket <= after - timedelta(hours=2) for bucket in buckets)
    assert rows(connection, f"{KEPT} EXCEPT ({HOURLY})") == []


def test_late_rows_are_taken_up_within_the_window_and_only_there(connection: Connection) -> None:
    [(due, over)] = rows(
        connection,
        "SELECT time_bucket('1 hour', now()) - INTERVAL '2 hours', time_bucket('1 day', now()) - INTERVAL '1 day'",
    )
    put_price(connection, due, 1000)
    put_price(connection, over, 1000)
    connection.execute(REFRESH_ALL)
    put_price(connection, due + timedelta(minutes=1), 3000)
    put_price(connection, over + timedelta(minutes=1), 3000)
    averages = "SELECT bucket, avg_price::int, sample_count FROM price_metrics_hourly ORDER BY 1"
    run_job(connection, "price_metrics_hourly", "refresh")
    assert rows(connection, averages) == [(over, 1000, 1), (due, 2000, 2)]
    connection.execute(REFRESH_ALL)
    assert rows(connection, averages) == [(over, 2000, 2), (due, 2000, 2)]


def test_old_chunks_are_compressed_and_read_the_same(connection: Connection) -> None:
    copy_prices(connection, now(connection), 14 * 24 * 30, timedelta(minutes=2))
    content = rows(connection, CONTENT.format("price_metrics"))
    run_job(connection, "price_metrics", "columnstore")
    chunks = rows(connection, CHUNKS, "price_metrics")
    assert [is_compressed for _, _, is_compressed, _ in chunks] == [
        end <= moment - timedelta(days=7) for _, end, _, moment in chunks
    ]
    assert 6 <= sum(is_compressed for _, _, is_compressed, _ in chunks) <= 8
    assert rows(connection, CONTENT.format("price_metrics")) == content
    [(before, after)] = rows(
        connection,
        "SELECT before_compression_total_bytes, after_compression_total_bytes"
        " FROM hypertable_columnstore_stats('price_metrics')",
    )
    assert after < before / 2


def test_bookings_compress_in_chunks_of_a_day_and_grow_in_chunks_of_an_hour(connection: Connection) -> None:
    timescale_figures.make_others(connection)
    rows_of_two_days = timescale_figures.bookings(60, 48)
    by_hour, by_day = timescale_figures.compression(connection, rows_of_two_days, "60 rows an hour")
    assert by_hour.value < 1
    assert by_day.value > 2


def test_rows_that_come_too_late_are_stored_though_their_chunk_is_compressed(connection: Connection) -> None:
    moment = now(connection) - timedelta(days=9)
    event = "INSERT INTO user_analytics_events (time, event_id, event_type) VALUES (%s, %s, %s)"
    connection.execute(event, (moment, HOTEL, "view"))
    run_job(connection, "user_analytics_events", "columnstore")
    assert [is_compressed for _, _, is_compressed, _ in rows(connection, CHUNKS, "user_analytics_events")] == [True]
    connection.execute(event, (moment, TOUR, "view"))
    # A producer that sends twice stores once, compressed or not.
    connection.execute(f"{event} ON CONFLICT (event_id, time) DO NOTHING".encode(), (moment, HOTEL, "view"))
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(event, (moment, HOTEL, "view"))
    assert rows(connection, "SELECT count(*) FROM user_analytics_events") == [(2,)]


ROWS = {
    "price_metrics": "(time, entity_type, entity_id, price) VALUES (%s, 'hotel', gen_random_uuid(), 1)",
    "booking_metrics": "(time, booking_type) VALUES (%s, 'hotel')",
    "system_metrics": "(time, service, metric, instance, value) VALUES (%s, 'search', 'latency', 'a', 1)",
    "user_analytics_events": "(time, event_id, event_type) VALUES (%s, gen_random_uuid(), 'view')",
}


@pytest.mark.parametrize(("table", "row"), ROWS.items(), ids=ROWS)
def test_what_is_too_old_is_dropped_and_nothing_else(connection: Connection, table: str, row: str) -> None:
    policies = read_policies(POLICIES_FILE).hypertables[table]
    assert policies.retention
    months, days = policies.retention.after.months, policies.retention.after.days
    [(limit,)] = rows(connection, "SELECT now() - make_interval(months => %s, days => %s)", months, days)
    chunk = timedelta(seconds=policies.chunk.length)
    # A chunk goes when all of it is too old.
    gone = [limit - number * chunk - timedelta(seconds=1) for number in (1, 2, 400)]
    kept = [limit + timedelta(minutes=5), limit + 3 * chunk, limit + timedelta(days=2), now(connection)]
    insert = sql.SQL("INSERT INTO {} ").format(sql.Identifier(table)) + sql.SQL(row)
    for moment in (*gone, *kept):
        connection.execute(insert, (moment,))
    run_job(connection, table, "retention")
    left = connection.execute(sql.SQL("SELECT time FROM {} ORDER BY 1").format(sql.Identifier(table))).fetchall()
    assert [moment for (moment,) in left] == sorted(kept)


def test_hours_stay_when_their_prices_are_dropped(connection: Connection) -> None:
    moment = now(connection)
    copy_prices(connection, moment - timedelta(days=725), 30, timedelta(days=1))
    copy_prices(connection, moment, 12, timedelta(hours=1))
    connection.execute(REFRESH_ALL)
    hourly = rows(connection, f"{KEPT} ORDER BY 1, 3")
    [(before,)] = rows(connection, "SELECT count(*) FROM price_metrics")
    run_job(connection, "price_metrics", "retention")
    [(after,)] = rows(connection, "SELECT count(*) FROM price_metrics")
    assert 0 < before - after < 60
    run_job(connection, "price_metrics_hourly", "refresh")
    assert rows(connection, f"{KEPT} ORDER BY 1, 3") == hourly
