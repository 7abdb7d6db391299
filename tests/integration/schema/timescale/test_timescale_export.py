"""Hours whose prices have gone: exported, the aggregate lost, and put back so that it answers as before."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.derive.copies import BACKUPS
from ops.__main__ import application
from ops.recovery import stores
from ops.recovery.errors import RecoveryError
from ops.recovery.steps import Run, Watcher
from ops.recovery.timescale import aggregates
from ops.recovery.timescale.procedure import RESTORE_TIMESCALE, AggregateRecovery
from sandbox.api.buckets import Copies, simulated_bucket
from sandbox.servers.timescale import TimescaleServer
from schema.command import app
from schema.kit import SchemaError
from schema.timescale.export import Marker, export, exports, markers
from schema.timescale.policies import read_policies
from tests.integration.recovery.commands import Listener
from tests.integration.recovery.kills import killed_everywhere
from tests.integration.schema.timescale.applying import POLICIES_FILE, Connection, apply, findings, rows, run_job
from tests.integration.schema.timescale.test_timescale_data import KEPT, REFRESH_ALL, copy_prices, now

SERVICE, NAME = "triptrip-test-timescale", "price_metrics_hourly"
HOURS = f"{KEPT} ORDER BY bucket, entity_id"
FIRST = datetime(2026, 11, 26, 17, tzinfo=UTC)


@pytest.fixture
def copies() -> Iterator[Copies]:
    with simulated_bucket() as made:
        yield made


def fill(connection: Connection) -> list[tuple[object, ...]]:
    """Two years of hours, of which the raw prices are dropped, and twelve hours with theirs."""
    moment = now(connection)
    copy_prices(connection, moment - timedelta(days=740), 20, timedelta(days=1))
    copy_prices(connection, moment, 12, timedelta(hours=1))
    connection.execute(REFRESH_ALL)
    run_job(connection, "price_metrics", "retention")
    hours = rows(connection, HOURS)
    assert len(hours) > 2 * 20 + 2 * 8
    return hours


def restore(connection: Connection, copies: Copies, marker: Marker) -> int:
    [copied] = marker.aggregates
    if not aggregates.is_there(connection, NAME):
        aggregates.define(connection, NAME)
    aggregates.load(connection, copies, copied)
    assert all(check.passed for check in aggregates.compare(connection, copied))
    added = aggregates.merge(connection, copied)
    assert aggregates.missing(connection, copied) == 0
    aggregates.clear(connection, NAME)
    return added


def test_every_aggregate_of_the_policies_is_exported() -> None:
    assert set(exports()) == set(read_policies(POLICIES_FILE).continuous_aggregates)


def test_a_lost_aggregate_answers_as_before_although_its_prices_have_gone(
    applied: TimescaleServer, copies: Copies
) -> None:
    with applied.connect() as connection:
        hours = fill(connection)
        marker = export(connection, copies, SERVICE, lambda: FIRST)
        connection.execute("DROP MATERIALIZED VIEW price_metrics_hourly")
        added = restore(connection, copies, marker)
        assert rows(connection, HOURS) == hours
        # Hours whose prices are there were made anew of them, the others came from the export.
        assert added == 2 * 20
        # A refresh of the whole past finds no prices there, and must not take the hours away.
        connection.execute(REFRESH_ALL)
        assert rows(connection, HOURS) == hours
    assert [step.what for step in apply(applied)] == [f"refresh of {NAME}"]
    assert findings(applied) == ()


def test_only_what_is_missing_is_added(applied: TimescaleServer, copies: Copies) -> None:
    with applied.connect() as connection:
        hours = fill(connection)
        marker = export(connection, copies, SERVICE, lambda: FIRST)
        assert restore(connection, copies, marker) == 0
        [(behind,)] = rows(
            connection,
            "SELECT format('%%I.%%I', materialization_hypertable_schema, materialization_hypertable_name)"
            " FROM timescaledb_information.continuous_aggregates WHERE view_name = %s",
            NAME,
        )
        delete = f"DELETE FROM {behind} WHERE bucket < now() - INTERVAL '725 days'"  # noqa: S608 # its own name
        connection.execute(delete.encode())
        assert len(rows(connection, HOURS)) < len(hours)
        restore(connection, copies, marker)
        assert rows(connection, HOURS) == hours


def test_a_marker_comes_last_and_an_export_without_one_is_nobodys(applied: TimescaleServer, copies: Copies) -> None:
    with applied.connect() as connection:
        fill(connection)
        export(connection, copies, SERVICE, lambda: FIRST)
        whole = copies.names()
        assert whole == [
            f"timescale/{SERVICE}/20261126T170000Z/{NAME}.csv.gz",
            f"timescale/{SERVICE}/20261126T170000Z/success.json",
        ]
        # Whatever a later run leaves that ends before its marker.
        copies.put(f"timescale/{SERVICE}/20261127T170000Z/{NAME}.csv.gz", b"half of it")
        assert [marker.run for marker in markers(copies, SERVICE)] == ["20261126T170000Z"]


def test_an_export_that_the_bucket_refuses_writes_no_marker(applied: TimescaleServer, copies: Copies) -> None:
    with applied.connect() as connection:
        fill(connection)
        copies.put(f"timescale/{SERVICE}/20261126T170000Z/{NAME}.csv.gz", b"there before")
        with pytest.raises(SchemaError, match="is there already"):
            export(connection, copies, SERVICE, lambda: FIRST)
        assert list(markers(copies, SERVICE)) == []
        assert export(connection, copies, SERVICE, lambda: FIRST + timedelta(days=1)).aggregates[0].rows > 0


def test_the_same_rows_are_the_same_bytes_and_another_run_is_another_folder(
    applied: TimescaleServer, copies: Copies
) -> None:
    with applied.connect() as connection:
        fill(connection)
        first = export(connection, copies, SERVICE, lambda: FIRST)
        second = export(connection, copies, SERVICE, lambda: FIRST + timedelta(days=1))
        assert first.aggregates[0].sha256 == second.aggregates[0].sha256
        assert list(markers(copies, SERVICE)) == [second, first]
        with pytest.raises(SchemaError, match="is there already"):
            export(connection, copies, SERVICE, lambda: FIRST)


@pytest.mark.parametrize("damage", ["cut off", "other content", "no gzip"])
def test_a_damaged_export_is_refused_and_nothing_of_it_stays(
    applied: TimescaleServer, copies: Copies, damage: str
) -> None:
    with applied.connect() as connection:
        hours = fill(connection)
        [copied] = export(connection, copies, SERVICE, lambda: FIRST).aggregates
        content = copies.content(copied.object)
        damaged = {
            "cut off": content[:-20],
            "other content": gzip.compress(gzip.decompress(content).replace(b"hotel", b"motel"), mtime=0),
            "no gzip": b"no gzip",
        }
        copies.put(copied.object, damaged[damage])
        with pytest.raises(SchemaError, match=copied.object):
            aggregates.load(connection, copies, copied)
        assert rows(connection, "SELECT to_regclass('recovered_price_metrics_hourly')") == [(None,)]
        assert rows(connection, HOURS) == hours


def test_a_table_that_no_recovery_has_made_is_left_alone(applied: TimescaleServer, copies: Copies) -> None:
    with applied.connect() as connection:
        fill(connection)
        [copied] = export(connection, copies, SERVICE, lambda: FIRST).aggregates
        connection.execute("CREATE TABLE recovered_price_metrics_hourly AS SELECT 'mine' AS note")
        with pytest.raises(SchemaError, match="table recovered_price_metrics_hourly: was made by no recovery"):
            aggregates.load(connection, copies, copied)
        with pytest.raises(SchemaError, match="was made by no recovery"):
            aggregates.clear(connection, NAME)
        assert rows(connection, "SELECT note FROM recovered_price_metrics_hourly") == [("mine",)]


def test_the_command_is_gone_on_with_after_a_kill_around_each_step(
    applied: TimescaleServer, copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "recovery"))
    place = stores.place_of("dev")
    with applied.connect() as connection:
        hours = fill(connection)
        export(connection, copies, SERVICE, lambda: FIRST)
        connection.execute("DROP MATERIALIZED VIEW price_metrics_hourly")
        recovery = AggregateRecovery(SERVICE, copies, connection)

        def perform(watcher: Watcher | None) -> Run:
            return stores.run_procedure(RESTORE_TIMESCALE, place, recovery, {}, Listener(), watcher=watcher)

        run = killed_everywhere(RESTORE_TIMESCALE, perform)
        assert run.value("added") == {NAME: 2 * 20}
        assert rows(connection, HOURS) == hours
        connection.execute(REFRESH_ALL)
        assert rows(connection, HOURS) == hours
        assert rows(connection, "SELECT to_regclass('recovered_price_metrics_hourly')") == [(None,)]
        with pytest.raises(RecoveryError, match=f"allowed: {FIRST:%Y%m%dT%H%M%SZ}"):
            stores.run_procedure(RESTORE_TIMESCALE, place, recovery, {"export": "none"}, Listener())


def test_both_commands_from_start_to_end(
    applied: TimescaleServer, copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = stores.place_of("dev").bucket(BACKUPS)
    copies.storage.add_bucket(bucket)
    monkeypatch.setenv("TRIPTRIP_RECOVERY_FOLDER", str(tmp_path / "recovery"))
    monkeypatch.setenv("TRIPTRIP_SCHEMA_TIMESCALE", applied.url)
    monkeypatch.setenv("TRIPTRIP_ENDPOINT_STORAGE", copies.endpoint)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", copies.endpoint)
    with applied.connect() as connection:
        hours = fill(connection)
    told = CliRunner().invoke(app, ["export", "--env", "dev", "--bucket", bucket])
    assert told.exit_code == 0, told.output
    assert f"is whole in gs://{bucket}" in told.output
    with applied.connect() as connection:
        connection.execute("DROP MATERIALIZED VIEW price_metrics_hourly")
    told = CliRunner().invoke(application, ["restore", "timescale", "--env", "dev", "--yes-really", "dev"])
    assert told.exit_code == 0, told.output
    assert "added: 40 to price_metrics_hourly" in told.output
    with applied.connect() as connection:
        assert rows(connection, HOURS) == hours
