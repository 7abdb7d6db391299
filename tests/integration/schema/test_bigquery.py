"""BigQuery's schema applied to a server: from empty, again, after changes, after deaths, by two at once."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sandbox.servers.bigquery import BigqueryServer
from sandbox.servers.workspace import Workspace
from schema import command
from schema.bigquery.lease import LEASE_SECONDS, SKEW_SECONDS
from schema.bigquery.store import opened
from schema.bigquery.warehouse import FOLDER
from schema.kit import SchemaError
from tests.integration.conftest import group
from tests.integration.schema.warehouses import Warehouse, new_warehouse

ROOT = Path(__file__).resolve().parents[3]
VARIABLE = "TRIPTRIP_SCHEMA_BIGQUERY"
FILES = len(list(FOLDER.glob("*/*.sql")))
SMALL = {
    "migrations/0001_sales.sql": """-- Sales. WL-OLAP
CREATE TABLE IF NOT EXISTS `${analytics}.sales` (
    day DATE NOT NULL OPTIONS (description = 'Day'),
    shop STRING OPTIONS (description = 'Shop')
)
PARTITION BY day
CLUSTER BY shop
OPTIONS (require_partition_filter = TRUE, description = 'Sales', labels = [('layer', 'facts')])
""",
    "routines/next_day.sql": """-- The day after. WL-OLAP
CREATE OR REPLACE FUNCTION `${analytics}.next_day`(given DATE) AS (DATE_ADD(given, INTERVAL 1 DAY))
""",
    "views/sums.sql": """-- Sums. WL-OLAP
CREATE OR REPLACE VIEW `${analytics}.sums` OPTIONS (description = 'Sums') AS
SELECT
    s.day,
    COUNT(*) AS sold,
    `${analytics}.next_day`(s.day) AS following
FROM `${analytics}.sales` AS s
WHERE s.day >= '2026-01-01'
GROUP BY s.day
""",
}
ALL_SMALL = ["run migration 0001_sales.sql", "create function next_day", "create view sums"]
CHANNEL = """-- Where it was sold. WL-OLAP
ALTER TABLE `${analytics}.sales` ADD COLUMN IF NOT EXISTS channel STRING OPTIONS (description = 'Where it was sold')
"""
CHANGING_REQUESTS = 14
"""What SMALL takes: the lock, the ledger's table and rows, the files, what the server forgot of them, the end."""


@pytest.fixture(scope="module")
def server(module_workspace: Workspace) -> BigqueryServer:
    made = BigqueryServer(module_workspace, group("bigquery"))
    made.start()
    return made


@pytest.fixture
def warehouse(server: BigqueryServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    monkeypatch.setenv(VARIABLE, server.url)
    with new_warehouse(server) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in SMALL.items():
        write(tmp_path, name, text)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def edit(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    write(folder, name, text.replace(old, new))


def later() -> float:
    """The time at which the lock of a holder that died just now is over."""
    return time.time() + LEASE_SECONDS + SKEW_SECONDS + 1


def test_from_empty_and_again(warehouse: Warehouse) -> None:
    assert len(warehouse.steps()) == FILES
    assert len(warehouse.apply()) == FILES
    assert warehouse.apply() == []
    assert warehouse.attempts() == {file.stem: [1] for file in FOLDER.glob("*/*.sql")}
    with warehouse.store() as store:
        assert all(record.is_finished and record.applied_by for record in store.records())


def test_plan_changes_nothing(warehouse: Warehouse, folder: Path) -> None:
    assert warehouse.steps(folder) == ALL_SMALL
    assert [table.table_id for table in warehouse.client.list_tables(warehouse.name("analytics"))] == ["daily_prices"]
    assert not list(warehouse.client.list_routines(warehouse.name("analytics")))
    assert warehouse.steps(folder) == ALL_SMALL


def test_tables_are_as_their_files_say(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    table = warehouse.client.get_table(warehouse.name("analytics.sales"))
    assert table.description == "Sales"
    assert table.clustering_fields == ["shop"]
    assert table.time_partitioning.field == "day"
    assert table.labels == {"layer": "facts"}
    assert [(field.name, field.field_type, field.mode, field.description) for field in table.schema] == [
        ("day", "DATE", "REQUIRED", "Day"),
        ("shop", "STRING", "NULLABLE", "Shop"),
    ]


def test_datasets_come_first(server: BigqueryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, server.url)
    with new_warehouse(server) as made:
        made.client.delete_dataset(made.name("ml"))
        with pytest.raises(SchemaError, match="ml: is not there"):
            made.steps()


def test_edited_migration_is_refused(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    edit(folder, "migrations/0001_sales.sql", "'Sales'", "'Sold'")
    with pytest.raises(SchemaError, match="was edited after it ran"):
        warehouse.steps(folder)


def test_new_migration_and_the_view_that_reads_it(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    write(folder, "migrations/0002_channel.sql", CHANNEL)
    edit(folder, "views/sums.sql", "COUNT(*) AS sold", "COUNT(s.channel) AS sold")
    assert warehouse.apply(folder) == ["run migration 0002_channel.sql", "change view sums"]
    columns = {
        field.name: field.description for field in warehouse.client.get_table(warehouse.name("analytics.sales")).schema
    }
    assert columns["channel"] == "Where it was sold"
    assert warehouse.run("SELECT sold FROM `${analytics}.sums`") == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("views/sums.sql", "'2026-01-01'", "'2025-01-01'"),
        ("views/sums.sql", "'Sums'", "'Sums of sales'"),
        ("views/sums.sql", "-- Sums.", "-- Sums of sales."),
        ("routines/next_day.sql", "INTERVAL 1 DAY", "INTERVAL 2 DAY"),
    ],
)
def test_changed_file_is_one_step(warehouse: Warehouse, folder: Path, file: str, old: str, new: str) -> None:
    warehouse.apply(folder)
    edit(folder, file, old, new)
    kind = "view" if file.startswith("views") else "function"
    assert warehouse.apply(folder) == [f"change {kind} {Path(file).stem}"]
    assert warehouse.attempts()[Path(file).stem] == [1, 2]


def test_removed_files_take_their_objects_along(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    (folder / "views/sums.sql").unlink()
    (folder / "routines/next_day.sql").unlink()
    assert sorted(warehouse.apply(folder)) == ["delete routine next_day", "delete view sums"]
    left = {table.table_id for table in warehouse.client.list_tables(warehouse.name("analytics"))}
    assert left == {"daily_prices", "sales", "schema_ledger"}


VIEW_BY_HAND = "CREATE OR REPLACE VIEW `${analytics}.sums` AS SELECT 1 AS day"
ROUTINE_BY_HAND = "CREATE OR REPLACE FUNCTION `${analytics}.next_day`(given DATE) AS (given)"
OTHER_PARAMETER = "CREATE OR REPLACE FUNCTION `${analytics}.next_day`(day DATE) AS (DATE_ADD(day, INTERVAL 1 DAY))"


@pytest.mark.parametrize(
    ("sql", "step"),
    [
        (VIEW_BY_HAND, "change view sums"),
        ("DROP VIEW `${analytics}.sums`", "create view sums"),
        (ROUTINE_BY_HAND, "change function next_day"),
        (OTHER_PARAMETER, "change function next_day"),
        ("DROP FUNCTION `${analytics}.next_day`", "create function next_day"),
    ],
)
def test_change_by_hand_is_one_step(warehouse: Warehouse, folder: Path, sql: str, step: str) -> None:
    warehouse.apply(folder)
    warehouse.run(sql)
    assert warehouse.apply(folder) == [step]


def test_table_changed_by_hand_is_changed_back(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    table = warehouse.client.get_table(warehouse.name("analytics.sales"))
    table.description, table.labels, table.clustering_fields = "Mine", {"layer": "mine"}, ["day"]
    warehouse.client.update_table(table, ["description", "labels", "clustering_fields"])
    with warehouse.store(folder) as store:
        (step,) = store.steps()
    assert step.detail == "description, clustering, labels"
    assert warehouse.apply(folder) == ["change table sales"]


def test_lost_table_is_told_and_not_made_anew(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    warehouse.client.delete_table(warehouse.name("analytics.sales"))
    assert warehouse.steps(folder) == []
    (finding,) = warehouse.findings(folder)
    assert "analytics.sales: is missing" in finding
    assert "FOR SYSTEM_TIME AS OF" in finding


def test_columns_by_hand_are_told(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    warehouse.run("ALTER TABLE `${analytics}.sales` ADD COLUMN mine STRING")
    assert warehouse.steps(folder) == []
    (finding,) = warehouse.findings(folder)
    assert finding.endswith("analytics.sales.mine: STRING NULLABLE, not missing")


def test_tables_of_pulumi_are_told(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    warehouse.run("ALTER TABLE `${raw}.events` ADD COLUMN mine STRING")
    table = warehouse.client.get_table(warehouse.name("raw.price_history"))
    table.clustering_fields = ["currency"]
    warehouse.client.update_table(table, ["clustering_fields"])
    warehouse.client.delete_table(warehouse.name("analytics.daily_prices"))
    assert warehouse.steps(folder) == []
    findings = sorted(line.removeprefix(f"{warehouse.project}.") for line in warehouse.findings(folder))
    assert [line.partition(";")[0] for line in findings] == [
        "analytics.daily_prices: is missing",
        "raw.events.mine: STRING NULLABLE, not missing",
        "raw.price_history: clustering differs",
    ]
    assert all("pulumi up" in line for line in findings)


@pytest.mark.parametrize(
    "requests",
    [pytest.param(each, marks=() if each % 3 == 0 else pytest.mark.faults) for each in range(CHANGING_REQUESTS)],
)
def test_killed_anywhere(warehouse: Warehouse, folder: Path, requests: int) -> None:
    words = (sys.executable, "-m", "tests.integration.schema.warehouses", warehouse.project, str(folder), str(requests))
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 # ours
        assert process.stdout
        assert process.stdout.readline() == b"stopped\n"
        os.kill(process.pid, signal.SIGKILL)
    if requests:
        with pytest.raises(SchemaError, match="is taken"):
            warehouse.apply(folder)
    warehouse.apply(folder, clock=later)
    assert warehouse.apply(folder) == []


def test_killing_reaches_the_end(warehouse: Warehouse, folder: Path) -> None:
    words = (sys.executable, "-m", "tests.integration.schema.warehouses", warehouse.project, str(folder))
    done = subprocess.run(  # noqa: S603 # our own program
        (*words, str(CHANGING_REQUESTS)), cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    assert done.stdout == b"done\n"


def test_lost_ledger_is_made_anew(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    warehouse.client.delete_table(warehouse.name("analytics.schema_ledger"))
    assert len(warehouse.apply(folder)) == len(SMALL)
    assert warehouse.attempts() == {Path(file).stem: [1] for file in SMALL}


def test_two_at_once(warehouse: Warehouse, folder: Path) -> None:
    both = threading.Barrier(2)

    def apply() -> list[str]:
        with warehouse.store(folder) as store:
            both.wait(30)
            with store.lock(60):
                steps = store.steps()
                for step in steps:
                    step.run()
                return [step.what for step in steps]

    with ThreadPoolExecutor(2) as pool:
        done = sorted(future.result() for future in [pool.submit(apply), pool.submit(apply)])
    assert done[0] == []
    assert len(done[1]) == len(SMALL)
    assert set(map(len, warehouse.attempts().values())) == {1}


def test_loser_of_the_lock_does_nothing(warehouse: Warehouse, folder: Path) -> None:
    with warehouse.store(folder) as store, store.lock(0):
        steps = store.steps()
        assert warehouse.apply(folder, clock=later) == ALL_SMALL
        store._lease._until = 0  # noqa: SLF001 # a process that slept through its lease
        with pytest.raises(SchemaError, match="may be another's"):
            steps[0].run()
    assert set(map(len, warehouse.attempts().values())) == {1}


def test_wrong_column_is_told_before_anything_is_sent(warehouse: Warehouse, folder: Path) -> None:
    edit(folder, "views/sums.sql", "s.day,", "s.days,")
    with pytest.raises(SchemaError, match="days is no column") as raised:
        warehouse.apply(folder)
    assert raised.value.where == f"{folder}/views/sums.sql:4"
    assert warehouse.steps(_with(folder, "views/sums.sql", SMALL["views/sums.sql"])) == ALL_SMALL


def test_what_only_the_server_knows_is_told_by_the_plan(warehouse: Warehouse, folder: Path) -> None:
    warehouse.apply(folder)
    edit(folder, "views/sums.sql", "COUNT(*) AS sold", "NO_SUCH_FUNCTION(s.shop) AS sold")
    with pytest.raises(SchemaError, match="BigQuery refuses it") as raised:
        warehouse.steps(folder)
    assert raised.value.where.startswith(f"{folder}/views/sums.sql")
    assert "no_such_function" in raised.value.given.lower()


def test_command_tells_what_is_made_and_what_is_left(
    warehouse: Warehouse, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "load_environment", lambda _: warehouse.environment)
    monkeypatch.setattr(command, "open_store", lambda _, environment: opened(environment, folder))
    edit(folder, "views/sums.sql", "COUNT(*) AS sold", "NO_SUCH_FUNCTION(s.shop) AS sold")
    refused = CliRunner().invoke(command.app, ["apply", "bigquery", "--env", "dev"])
    assert refused.exit_code == 2
    assert f"{folder}/views/sums.sql" in refused.output
    assert "2 changes made before and kept" in refused.output
    assert "`python -m schema apply bigquery --env dev` goes on from there" in refused.output
    assert warehouse.steps(_with(folder, "views/sums.sql", SMALL["views/sums.sql"])) == ["create view sums"]
    made = CliRunner().invoke(command.app, ["apply", "bigquery", "--env", "dev"])
    assert made.exit_code == 0, made.output
    assert CliRunner().invoke(command.app, ["verify", "bigquery", "--env", "dev"]).exit_code == 0


def _with(folder: Path, name: str, text: str) -> Path:
    write(folder, name, text)
    return folder


def test_own_files_survive_a_copy(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.apply()
    copy = shutil.copytree(FOLDER, tmp_path / "copy")
    assert warehouse.steps(copy) == []
