"""Every rule with a schema that it refuses and one beside it that it takes."""

from pathlib import Path

import pytest

from schema.kit import File, SchemaError, ordered_files, read_file
from schema.timescale.contents import Contents
from schema.timescale.interval import Interval
from schema.timescale.lint import check
from schema.timescale.store import FOLDER

TABLE = """
CREATE TABLE readings (
    time TIMESTAMPTZ NOT NULL,
    place VARCHAR(20) NOT NULL,
    number BIGINT,
    value DECIMAL(10, 2) DEFAULT 0.0,
    PRIMARY KEY (number, time)
);
SELECT create_hypertable('readings', by_range('time', INTERVAL '1 day'));
ALTER TABLE readings SET (
    timescaledb.enable_columnstore,
    timescaledb.segmentby = 'place',
    timescaledb.orderby = 'time DESC, number'
);
"""
AGGREGATE = """
CREATE MATERIALIZED VIEW readings_hourly WITH (timescaledb.continuous) AS
SELECT time_bucket('1 hour', time) AS bucket, place, avg(value) FROM readings GROUP BY bucket, place
WITH NO DATA;
"""
POLICIES = """
hypertables:
  readings:
    chunk: 1 day
    columnstore: {after: 7 days, every: 12 hours}
    retention: {after: 90 days, every: 1 day}
continuous_aggregates:
  readings_hourly:
    refresh: {start: 3 hours, end: 1 hour, every: 1 hour}
    retention: {after: 2 years, every: 1 day}
"""
DAILY = (
    "time_bucket('1 hour', time) AS bucket",
    "time_bucket(INTERVAL '1 day', time, 'Asia/Tokyo') AS bucket",
)
THREE_DAYS = ("{start: 3 hours, end: 1 hour, every: 1 hour}", "{start: 3 days, end: 1 hour, every: 1 hour}")
PLAIN = "CREATE TABLE places (place TEXT);"
ALONE = "-- schema: transaction = none\n"
READINGS_SET = "ALTER TABLE readings SET ("
NO_COLUMNSTORE = TABLE[: TABLE.index(READINGS_SET)]
HIERARCHY = """
CREATE MATERIALIZED VIEW readings_daily WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket('1 day', bucket, timezone => 'Asia/Tokyo') AS day, place, max(avg) FROM readings_hourly GROUP BY 1, 2
WITH NO DATA;
"""
DAILY_ROW = """
  readings_daily:
    refresh: {start: 4 days, end: 1 day, every: 1 day}
"""


def checked(*statements: str, policies: str = POLICIES) -> Contents:
    files = [
        File(f"{number:04}_part", Path(f"m/{number:04}_part.sql"), text)
        for number, text in enumerate(statements, start=1)
    ]
    return check(files, File("policies", Path("m/policies.yaml"), policies))


def refusal(*statements: str, policies: str = POLICIES) -> str:
    with pytest.raises(SchemaError) as raised:
        checked(*statements, policies=policies)
    return str(raised.value)


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_the_schema_itself_is_taken() -> None:
    contents = check(ordered_files(FOLDER / "migrations", ".sql"), read_file(FOLDER / "policies.yaml"))
    assert set(contents.definitions.hypertables) == {
        "price_metrics",
        "booking_metrics",
        "system_metrics",
        "user_analytics_events",
    }
    prices = contents.definitions.hypertables["price_metrics"]
    assert (prices.time_column, prices.chunk) == ("time", Interval(days=1))
    assert (prices.segmentby, prices.orderby) == (("entity_type", "entity_id"), ("time",))
    assert contents.definitions.hypertables["user_analytics_events"].keys[0].columns == ("event_id", "time")
    assert contents.definitions.aggregates["price_metrics_hourly"].source == "price_metrics"
    assert contents.definitions.aggregates["price_metrics_hourly"].bucket == Interval(seconds=3600)


def test_what_the_document_says_is_what_the_policies_say() -> None:
    policies = check(ordered_files(FOLDER / "migrations", ".sql"), read_file(FOLDER / "policies.yaml")).policies
    said = {
        name: (
            str(row.chunk),
            str(row.retention and row.retention.after),
            str(row.columnstore and row.columnstore.after),
        )
        for name, row in policies.hypertables.items()
    }
    assert said == {
        "price_metrics": ("1 day", "2 years", "7 days"),
        "booking_metrics": ("1 hour", "1 year", "24 hours"),
        "system_metrics": ("1 hour", "90 days", "6 hours"),
        "user_analytics_events": ("1 day", "2 years", "7 days"),
    }
    refresh = policies.continuous_aggregates["price_metrics_hourly"].refresh
    assert (str(refresh.start), str(refresh.end), str(refresh.every)) == ("3 hours", "1 hour", "1 hour")


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param((TABLE, AGGREGATE), id="base"),
        pytest.param((TABLE.upper().replace("'PLACE'", "'place'").replace("'READINGS'", "'readings'")
                      .replace("'TIME'", "'time'").replace("TIME DESC, NUMBER", "time DESC, number")
                      .replace("1 DAY", "1 day"), AGGREGATE), id="large letters"),
        pytest.param((TABLE, AGGREGATE, "CREATE UNIQUE INDEX ON readings (place, time DESC);"), id="index with time"),
        pytest.param((TABLE, AGGREGATE, "CREATE UNIQUE INDEX ON places (place);"), id="index of another table"),
        pytest.param((TABLE, AGGREGATE, f"{PLAIN} ALTER TABLE places ENABLE ROW LEVEL SECURITY;"), id="row security"),
        pytest.param((TABLE, AGGREGATE, PLAIN, f"{ALONE}CREATE INDEX CONCURRENTLY ON places (place);"), id="alone"),
        pytest.param((TABLE, ALONE + AGGREGATE.replace("WITH NO DATA", "WITH DATA")), id="filled alone"),
        pytest.param(
            (TABLE, AGGREGATE, f"{ALONE}CALL refresh_continuous_aggregate('readings_hourly', NULL, NULL);"),
            id="refreshed alone",
        ),
        pytest.param((TABLE, AGGREGATE, "SELECT 'add_retention_policy is text; so is CONCURRENTLY';"), id="strings"),
        pytest.param((TABLE, AGGREGATE, "-- CREATE INDEX CONCURRENTLY ON readings (place);"), id="comments"),
        pytest.param(
            (TABLE, AGGREGATE, "ALTER TABLE readings ADD COLUMN hall TEXT;",
             "ALTER TABLE readings SET (timescaledb.segmentby = 'place, hall');"),
            id="segmented by a later column",
        ),
    ],
)  # fmt: skip
def test_sql_that_is_taken(statements: tuple[str, ...]) -> None:
    assert "readings" in checked(*statements).definitions.hypertables


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ((changed(TABLE, ("(number, time)", "(number)")), AGGREGATE), "key (number) of hypertable readings is without"),
        (
            (changed(TABLE, ("number BIGINT", "number BIGINT UNIQUE")), AGGREGATE),
            "key (number) of hypertable readings is without its time",
        ),
        (
            (TABLE, AGGREGATE, "CREATE UNIQUE INDEX i ON readings USING btree (place);"),
            "m/0003_part.sql:1: the key (place)",
        ),
        ((TABLE, AGGREGATE, "ALTER TABLE ONLY readings ADD CONSTRAINT one UNIQUE (place);"), "the key (place)"),
        (
            (changed(TABLE, ("time DESC, number", "time DESC, place")), AGGREGATE),
            "place is in segmentby and in orderby",
        ),
        ((changed(TABLE, ("segmentby = 'place'", "segmentby = 'plaice'")), AGGREGATE), "readings has no column plaice"),
        (
            (TABLE, AGGREGATE, "\n\nALTER TABLE readings ENABLE ROW LEVEL SECURITY;"),
            "m/0003_part.sql:3: readings has row",
        ),
        ((TABLE, changed(AGGREGATE, ("'1 hour', time", "'1 day', time"))), "cuts 1 day in UTC"),
        (
            (TABLE, changed(AGGREGATE, ("'1 hour', time", "'1 month', time, 'Europe/Rome'"))),
            "cuts 1 month in Europe/Rome",
        ),
        (
            (TABLE, changed(AGGREGATE, ("'1 hour', time", "width, time"))),
            "the bucket of readings_hourly cannot be read",
        ),
        ((TABLE, changed(AGGREGATE, ("'1 hour', time", "'60 min', time"))), "'60 min' cannot be read as an interval"),
        ((TABLE, changed(AGGREGATE, ("FROM readings", "FROM raedings"))), "readings_hourly is made of raedings"),
        ((TABLE, changed(AGGREGATE, ("WITH NO DATA", "WITH DATA"))), "fills the aggregate when it is made"),
        ((TABLE, changed(AGGREGATE, ("WITH NO DATA", ""))), "fills the aggregate when it is made"),
        (
            (TABLE, changed(AGGREGATE, ("FROM readings", "FROM readings WHERE time > now() - INTERVAL '1 day'"))),
            "asks for the present time",
        ),
        (
            (TABLE, AGGREGATE, "CALL refresh_continuous_aggregate('readings_hourly', NULL, NULL);"),
            "refreshes an aggregate",
        ),
        ((TABLE, AGGREGATE, PLAIN, "CREATE INDEX CONCURRENTLY ON places (place);"), "no transaction bears"),
        (
            (TABLE, AGGREGATE, f"{ALONE}CREATE INDEX CONCURRENTLY i ON readings (place);"),
            "index of hypertable readings",
        ),
        ((TABLE, AGGREGATE, "SELECT add_retention_policy('readings', INTERVAL '1 day');"), "sets a policy"),
        ((TABLE, AGGREGATE, "CALL add_columnstore_policy('readings', after => INTERVAL '1 day');"), "sets a policy"),
        ((TABLE, AGGREGATE, "SELECT add_compression_policy('readings', INTERVAL '1 day');"), "sets a policy"),
        (
            (
                TABLE,
                AGGREGATE,
                "CREATE TABLE o (time TIMESTAMPTZ) WITH (tsdb.hypertable, tsdb.partition_column = 'time');",
            ),
            "adds a columnstore policy of its own in silence",
        ),
        (
            (
                changed(
                    TABLE, ("by_range('time', INTERVAL '1 day')", "'time', chunk_time_interval => INTERVAL '1 day'")
                ),
            ),
            "old form of create_hypertable",
        ),
        ((changed(TABLE, ("enable_columnstore", "compress")), AGGREGATE), "names of before TimescaleDB 2.18"),
        ((TABLE, AGGREGATE, "SELECT 'open;"), "m/0003_part.sql: is no SQL"),
        ((TABLE,), "m/policies.yaml: continuous_aggregates.readings_hourly: no migration makes it"),
        ((TABLE, AGGREGATE, "DROP MATERIALIZED VIEW readings_hourly;"), "readings_hourly: no migration makes it"),
        ((TABLE, AGGREGATE, HIERARCHY), "m/policies.yaml: continuous_aggregates: has no row for readings_daily"),
        ((NO_COLUMNSTORE, AGGREGATE), "no migration switches its columnstore on"),
    ],
)
def test_sql_that_is_refused(statements: tuple[str, ...], said: str) -> None:
    assert said in refusal(*statements)


def test_row_security_of_what_an_aggregate_is_made_of() -> None:
    policies = changed(POLICIES, ("    columnstore: {after: 7 days, every: 12 hours}\n", ""))
    checked(NO_COLUMNSTORE, AGGREGATE, policies=policies)
    enabled = "ALTER TABLE readings FORCE ROW LEVEL SECURITY;"
    assert "a continuous aggregate" in refusal(NO_COLUMNSTORE, AGGREGATE, enabled, policies=policies)
    checked(NO_COLUMNSTORE, AGGREGATE, enabled, "ALTER TABLE readings DISABLE ROW LEVEL SECURITY;", policies=policies)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("start: 3 hours", "start: 179 minutes", "no room for two buckets of 1 hour"),
        ("end: 1 hour,", "end: 61 minutes,", "no room for two buckets of 1 hour"),
        ("every: 1 hour}", "every: 3 hours}", "every 3 hours leaves out"),
        ("retention: {after: 90 days", "retention: {after: 3 hours", "readings.retention.after"),
        ("columnstore: {after: 7 days", "columnstore: {after: 3 hours", "late rows would go into compressed chunks"),
        ("retention: {after: 90 days", "retention: {after: 7 days", "dropped before it is compressed"),
        ("retention: {after: 2 years", "retention: {after: 90 days", "readings, which it is made of, is kept 90 days"),
        ("    retention: {after: 90 days, every: 1 day}\n", "", "is kept for ever"),
        ("chunk: 1 day", "chunk: 2 hours", "90 days in chunks of 2 hours are 1,080 chunks"),
        ("  readings:", "  raedings:", "hypertables: has no row for readings (m/0001_part.sql:2)"),
        ("chunk: 1 day", "chunk: 1day", "readings.chunk: '1day' is no interval; allowed: a number and a unit"),
        ("chunk: 1 day", "chunk: 0 days", "'0 days' is no interval"),
        ("chunk: 1 day", "chunk: 24", "hypertables.readings.chunk"),
        ("every: 12 hours}", "evry: 12 hours}", "hypertables.readings.columnstore"),
        ("chunk: 1 day", "chunk: [", "is no YAML"),
        ("chunk: 1 day", "chunk: 1 day\n    chunk: 2 days", "chunk is written twice"),
    ],
)  # fmt: skip
def test_policies_that_are_refused(old: str, new: str, said: str) -> None:
    found = refusal(TABLE, AGGREGATE, policies=changed(POLICIES, (old, new)))
    assert said in found
    assert found.startswith("m/policies.yaml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("start: 3 hours", "start: 180 minutes"),
        ("retention: {after: 90 days", "retention: {after: 8 days"),
        ("columnstore: {after: 7 days", "columnstore: {after: 4 hours"),
        ("    retention: {after: 2 years, every: 1 day}\n", ""),
        ("chunk: 1 day", "chunk: 3 hours"),
        ("chunk: 1 day", "chunk: 1 hour\n    many_chunks: as asked"),
    ],
)
def test_policies_that_are_taken(old: str, new: str) -> None:
    taken = checked(TABLE, AGGREGATE, policies=changed(POLICIES, (old, new))).policies
    assert "readings" in taken.hypertables


def test_a_daily_aggregate_cuts_at_midnight_in_japan_and_needs_a_window_of_two_days() -> None:
    daily = changed(AGGREGATE, DAILY)
    assert "no room for two buckets of 1 day" in refusal(TABLE, daily)
    checked(TABLE, daily, policies=changed(POLICIES, THREE_DAYS))


def test_an_aggregate_is_compressed_where_its_columnstore_is_on() -> None:
    policies = POLICIES + "    columnstore: {after: 30 days, every: 1 day}\n"
    assert "readings_hourly.columnstore: no migration switches" in refusal(TABLE, AGGREGATE, policies=policies)
    switched = "ALTER MATERIALIZED VIEW readings_hourly SET (timescaledb.enable_columnstore);"
    checked(TABLE, AGGREGATE, switched, policies=policies)


def test_an_aggregate_of_an_aggregate_is_held_against_what_it_is_made_of() -> None:
    checked(TABLE, AGGREGATE, HIERARCHY, policies=POLICIES + DAILY_ROW)
    short = changed(POLICIES, ("after: 2 years", "after: 91 days"), ("after: 90 days", "after: 8 days"))
    checked(TABLE, AGGREGATE, HIERARCHY, policies=short + DAILY_ROW)
    shorter = changed(short, ("after: 8 days", "after: 80 days")) + DAILY_ROW.replace("4 days", "91 days")
    assert "readings_hourly.retention.after: 91 days is within the 91 days" in refusal(
        TABLE, AGGREGATE, HIERARCHY, policies=shorter
    )
