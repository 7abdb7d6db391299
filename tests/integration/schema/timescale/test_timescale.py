"""TimescaleDB's schema on a real server: made from nothing, and put back after changes by hand or in the files."""

import shutil
from pathlib import Path

import pytest

from sandbox.servers.timescale import TimescaleServer
from schema.kit import Action, SchemaError
from schema.timescale.store import FOLDER
from tests.integration.schema.timescale.applying import apply, command, edit, findings, planned, rows, told


def test_from_nothing_by_the_command_and_a_second_time_nothing(empty: TimescaleServer) -> None:
    first = command(empty.url, "apply", "timescale")
    assert (first.returncode, first.stderr) == (0, "")
    assert "create     retention of system_metrics  after 90 days, every 1 day" in first.stdout
    second = command(empty.url, "apply", "timescale")
    assert (second.returncode, second.stdout) == (0, "timescale of prod: no changes made\n")
    assert command(empty.url, "verify", "timescale").returncode == 0
    assert "0006_price_metrics" in command(empty.url, "status", "timescale").stdout


def test_a_plan_changes_nothing(empty: TimescaleServer) -> None:
    assert [step.action for step in planned(empty)].count(Action.RUN) == 6
    with empty.connect() as connection:
        assert rows(connection, "SELECT to_regclass('schema_ledger.files'), to_regclass('price_metrics')") == [
            (None, None)
        ]


def test_the_tables_are_as_the_document_says(shared: TimescaleServer) -> None:
    with shared.connect() as connection:
        chunks = rows(
            connection,
            "SELECT hypertable_name, time_interval::text FROM timescaledb_information.dimensions"
            " WHERE hypertable_name NOT LIKE '\\_%'",
        )
        assert sorted(chunks) == [
            ("booking_metrics", "01:00:00"),
            ("price_metrics", "1 day"),
            ("system_metrics", "01:00:00"),
            ("user_analytics_events", "1 day"),
        ]
        jobs = rows(
            connection,
            "SELECT hypertable_name, coalesce(config ->> 'drop_after', config ->> 'compress_after',"
            " (config ->> 'start_offset') || ' to ' || (config ->> 'end_offset')), schedule_interval::text"
            " FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL ORDER BY proc_name, hypertable_name",
        )
    assert jobs == [
        ("booking_metrics", "24:00:00", "01:00:00"),
        ("price_metrics", "7 days", "12:00:00"),
        ("system_metrics", "06:00:00", "01:00:00"),
        ("user_analytics_events", "7 days", "12:00:00"),
        ("price_metrics_hourly", "03:00:00 to 01:00:00", "01:00:00"),
        ("booking_metrics", "1 year", "1 day"),
        ("price_metrics", "2 years", "1 day"),
        ("system_metrics", "90 days", "1 day"),
        ("user_analytics_events", "2 years", "1 day"),
    ]


JOB = "(SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = '{}' AND hypertable_name LIKE 'price%')"
RETENTION, REFRESH = JOB.format("policy_retention"), JOB.format("policy_refresh_continuous_aggregate")
PRICES, HOURLY = "'price_metrics'", "'price_metrics_hourly'"
HOUR, DAY = (f"schedule_interval => INTERVAL '1 {unit}'" for unit in ("hour", "day"))
BY_HAND = {
    "other time": (
        f"SELECT remove_retention_policy({PRICES}), add_retention_policy({PRICES}, INTERVAL '730 days', {DAY})",
        ["change retention of price_metrics: after 730 days → 2 years"],
    ),
    "other schedule": (
        f"SELECT alter_job({REFRESH}, schedule_interval => INTERVAL '30 minutes')",
        ["change refresh of price_metrics_hourly: every 30 minutes → 1 hour"],
    ),
    "paused": (
        f"SELECT alter_job({RETENTION}, scheduled => false)",
        ["change retention of price_metrics: paused → runs"],
    ),
    "gone": (
        "CALL remove_columnstore_policy('booking_metrics')",
        ["create columnstore of booking_metrics: after 24 hours, every 1 hour"],
    ),
    "one too many": (
        f"SELECT add_retention_policy('price_metrics_hourly', INTERVAL '5 years', {DAY})",
        ["delete retention of price_metrics_hourly: after 5 years, every 1 day"],
    ),
    "other chunks": (
        "SELECT set_chunk_time_interval('booking_metrics', INTERVAL '1 day')",
        ["change chunk interval of booking_metrics: 1 day → 1 hour, for chunks to come"],
    ),
    "without a limit": (
        f"SELECT delete_job({REFRESH}), add_continuous_aggregate_policy({HOURLY}, NULL, INTERVAL '1 hour', {HOUR})",
        ["change refresh of price_metrics_hourly: start unlimited → 3 hours"],
    ),
    "two for one": (
        f"SELECT add_continuous_aggregate_policy({HOURLY}, INTERVAL '9 days', INTERVAL '5 days', {DAY})",
        ["change refresh of price_metrics_hourly: 2 policies → one: start 3 hours, end 1 hour, every 1 hour"],
    ),
}


@pytest.mark.parametrize(("statements", "found"), BY_HAND.values(), ids=BY_HAND)
def test_what_is_changed_by_hand_is_found_and_put_back(
    shared: TimescaleServer, statements: str, found: list[str]
) -> None:
    with shared.connect() as connection:
        connection.execute(statements.encode())
    assert told(planned(shared)) == found
    assert told(apply(shared)) == found


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            "    retention: { after: 1 year, every: 1 day }",
            "    retention: { after: 180 days, every: 1 day }",
            "change retention of booking_metrics: after 1 year → 180 days",
        ),
        (
            "refresh: { start: 3 hours, end: 1 hour, every: 1 hour }",
            "refresh: { start: 6 hours, end: 1 hour, every: 30 minutes }",
            "change refresh of price_metrics_hourly: start 3 hours → 6 hours, every 1 hour → 30 minutes",
        ),
        (
            "booking_metrics:\n    chunk: 1 hour",
            "booking_metrics:\n    chunk: 1 day",
            "change chunk interval of booking_metrics: 1 hour → 1 day, for chunks to come",
        ),
        (
            "    columnstore: { after: 6 hours, every: 1 hour }\n",
            "",
            "delete columnstore of system_metrics: after 6 hours, every 1 hour",
        ),
    ],
)
def test_what_is_changed_in_the_file_is_one_step(
    applied: TimescaleServer, folder: Path, old: str, new: str, found: str
) -> None:
    edit(folder / "policies.yaml", old, new)
    assert told(apply(applied, folder)) == [found]


def test_other_chunks_than_the_migration_are_made_in_one_apply(empty: TimescaleServer, folder: Path) -> None:
    edit(folder / "policies.yaml", "booking_metrics:\n    chunk: 1 hour", "booking_metrics:\n    chunk: 1 day")
    steps = told(apply(empty, folder))
    assert "change chunk interval of booking_metrics: 1 hour → 1 day, for chunks to come" in steps


def test_what_no_step_can_mend_is_told(applied: TimescaleServer) -> None:
    with applied.connect() as connection:
        connection.execute("CREATE TABLE mine (time TIMESTAMPTZ NOT NULL)")
        connection.execute("SELECT create_hypertable('mine', by_range('time'))")
        connection.execute("ALTER TABLE booking_metrics SET (timescaledb.segmentby = 'region')")
        connection.execute("CREATE INDEX by_hand ON system_metrics (time)")
        connection.execute("ALTER TABLE user_analytics_events ALTER COLUMN event_type DROP NOT NULL")
        connection.execute("ALTER MATERIALIZED VIEW price_metrics_hourly SET (timescaledb.materialized_only = false)")
    columnstore, *others = findings(applied)
    assert columnstore.startswith("booking_metrics has segmentby region, the files say booking_type")
    assert [line.partition(":")[0].partition(" was ")[0] for line in others] == [
        "column event_type of table public.user_analytics_events",
        "index by_hand of table public.system_metrics is in no file",
        "query of view public.price_metrics_hourly",
        "table public.mine is in no file",
    ]
    assert command(applied.url, "verify", "timescale").returncode == 1


def test_what_was_dropped_by_hand_is_told_and_not_planned(applied: TimescaleServer) -> None:
    with applied.connect() as connection:
        connection.execute("DROP TABLE system_metrics")
    done = command(applied.url, "plan", "timescale")
    assert done.returncode == 2
    assert done.stderr.startswith("TimescaleDB: system_metrics: is not there")


def test_an_edited_file_is_refused(shared: TimescaleServer, folder: Path) -> None:
    edit(folder / "migrations" / "0002_price_metrics.sql", "DEFAULT 'JPY'", "DEFAULT 'USD'")
    with pytest.raises(SchemaError, match="was edited after it ran"):
        planned(shared, folder)


def test_what_the_lint_refuses_changes_nothing(empty: TimescaleServer, folder: Path) -> None:
    edit(folder / "policies.yaml", "start: 3 hours", "start: 2 hours")
    with pytest.raises(SchemaError, match="no room for two buckets of 1 hour"):
        apply(empty, folder)
    with empty.connect() as connection:
        assert rows(connection, "SELECT to_regclass('price_metrics')") == [(None,)]


def test_what_only_the_server_refuses_is_told_with_its_line_and_leaves_no_half(
    empty: TimescaleServer, folder: Path
) -> None:
    edit(folder / "migrations" / "0002_price_metrics.sql", "metadata jsonb", "metadata jsonbb")
    with pytest.raises(SchemaError, match=r'0002_price_metrics\.sql:11: type "jsonbb" does not exist'):
        apply(empty, folder)
    with empty.connect() as connection:
        assert rows(connection, "SELECT to_regclass('price_metrics')") == [(None,)]
    shutil.copy(FOLDER / "migrations" / "0002_price_metrics.sql", folder / "migrations")
    assert len(told(apply(empty, folder))) == 14
