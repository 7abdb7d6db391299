"""What the plan says, where only BigQuery's own answers can tell it."""

import time
from pathlib import Path
from typing import Any

import pytest

from schema.bigquery.lease import Lease
from schema.bigquery.store import BigqueryStore
from schema.bigquery.warehouse import warehouse
from schema.kit import SchemaError, Step, load_environment
from tests.unit.schema.bigquery.fake import Fake, Request, error

VIEW = """-- Events by day. WL-OLAP
CREATE OR REPLACE VIEW `${analytics}.visits` OPTIONS (description = 'Visits') AS
SELECT
    DATE(events.occurred_at, 'Asia/Tokyo') AS day
FROM `${raw}.events` AS events
WHERE events.occurred_at >= TIMESTAMP('2026-01-01', 'Asia/Tokyo')
"""
AFTER = """-- Visits by day. WL-OLAP
CREATE OR REPLACE VIEW `${analytics}.by_day` OPTIONS (description = 'Visits by day') AS
SELECT visits.day FROM `${analytics}.visits` AS visits
"""


@pytest.fixture
def fake() -> Fake:
    made = Fake()
    reference = {"projectId": "triptrip-prod", "datasetId": "raw", "tableId": "events"}
    made.tables["raw.events"] = {"tableReference": reference, "etag": '"0"'}
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "views").mkdir()
    (tmp_path / "views/visits.sql").write_text(VIEW, encoding="utf-8")
    return tmp_path


def steps(fake: Fake, folder: Path) -> list[Step]:
    client = fake.client()
    place = "triptrip-prod.analytics"
    wanted = warehouse(load_environment("prod"), folder)
    return list(BigqueryStore(client, wanted, Lease(client, place, time.time), place).steps())


LEDGER = "analytics.schema_ledger"


def test_run_goes_on_with_the_jobs_of_a_killed_one(fake: Fake, folder: Path) -> None:
    for _ in range(2):
        (step,) = steps(fake, folder)
        step.run()
    assert len(fake.jobs) == 3


def test_ledger_that_was_made_anew_knows_no_job(fake: Fake, folder: Path) -> None:
    (step,) = steps(fake, folder)
    step.run()
    before = set(fake.jobs)
    del fake.tables[LEDGER]
    (step,) = steps(fake, folder)
    step.run()
    assert len(fake.jobs) == 2 * len(before) == 6


def test_note_that_failed_once_is_made_by_the_next_run(fake: Fake, folder: Path) -> None:
    def busy(request: Request) -> tuple[int, Any] | None:
        if request.method != "POST" or "INSERT" not in str(request.body):
            return None
        fake.answer = lambda _: None
        _, job = fake._answer(request)  # noqa: SLF001 # the job is known, and failed
        job["status"]["errorResult"] = {"reason": "quotaExceeded", "message": "too many of them"}
        return 200, job

    (step,) = steps(fake, folder)
    fake.answer = busy
    with pytest.raises(SchemaError, match="too many of them"):
        step.run()
    assert len(fake.jobs) == 1
    (step,) = steps(fake, folder)
    step.run()
    assert len(fake.jobs) == 4


def dry_runs(fake: Fake) -> list[str]:
    return [request.body["configuration"]["query"]["query"] for request in fake.seen if request.method == "POST"]


def test_plan_says_what_a_view_reads(fake: Fake, folder: Path) -> None:
    def costly(request: Request) -> tuple[int, Any] | None:
        if request.method != "POST":
            return None
        read = "0" if "CREATE" in request.body["configuration"]["query"]["query"] else str(3 << 29)
        return 200, {
            **request.body,
            "status": {"state": "DONE"},
            "statistics": {"query": {"totalBytesProcessed": read}},
        }

    fake.answer = costly
    (step,) = steps(fake, folder)
    assert step.detail == "reads 1.50 GiB when it is used"
    assert all(request.body["configuration"]["dryRun"] for request in fake.seen if request.method == "POST")


def test_query_keeps_its_lines(fake: Fake, folder: Path) -> None:
    steps(fake, folder)
    whole, query = dry_runs(fake)
    assert whole.splitlines()[2:] == query.splitlines()[2:]
    assert not "".join(query.splitlines()[:2])


def test_refusal_of_the_plan_names_the_line(fake: Fake, folder: Path) -> None:
    refused = error(400, "invalidQuery", "Function not found: NOSUCH at [4:5]")
    fake.answer = lambda request: (400, refused) if request.method == "POST" else None
    with pytest.raises(SchemaError, match="Function not found: NOSUCH") as raised:
        steps(fake, folder)
    assert raised.value.where == f"{folder}/views/visits.sql:4"


def test_what_is_not_there_yet_is_not_asked_about(fake: Fake, folder: Path) -> None:
    (folder / "views/by_day.sql").write_text(AFTER, encoding="utf-8")
    assert [step.what.rpartition(".")[2] for step in steps(fake, folder)] == ["visits", "by_day"]
    assert not any("by_day" in text for text in dry_runs(fake))


def test_statements_ask_for_what_an_emulator_forgets() -> None:
    migrations = warehouse(load_environment("prod")).migrations
    assert migrations
    for each in migrations:
        assert "require_partition_filter = TRUE" in each.sql
        assert "CLUSTER BY" in each.sql
