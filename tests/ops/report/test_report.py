"""The report's files: for programs, for a pull request, and how the command ends."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from infra.catalog.capacity_rows import cases
from ops.__main__ import application
from ops.report.as_json import SCHEMA
from ops.report.model import Verdict
from ops.report.stack import ROOT


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "new/folder"
    done = CliRunner().invoke(application, ["report", "--stack", "prod", "--output", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


def test_what_programs_read_is_as_its_schema_says(written: Path) -> None:
    schema = json.loads((written / "report.schema.json").read_text(encoding="utf-8"))
    assert schema == SCHEMA
    read = json.loads((written / "report.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(read, schema)
    assert sum(read["counts"].values()) == len(read["verdicts"])


def test_a_pull_request_is_told_each_gap_and_what_closes_it(written: Path, verdicts: dict[str, Verdict]) -> None:
    text = (written / "summary.md").read_text(encoding="utf-8")
    for verdict in verdicts.values():
        assert (f"\n| {verdict.requirement} |" in text) == (verdict.status == "not met")
    assert "| Cloud SQL Enterprise Plus, in place | +2,676 |" in text
    assert "| cache | cache.size 32 GB → 36 GB, cache.redis.usable 28 GB → 31 GB | 353 | nothing |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {5}


def test_growth_is_told_to_programs_and_as_a_table(written: Path) -> None:
    read = json.loads((written / "report.json").read_text(encoding="utf-8"))
    assert [each["case"] for each in read["capacity"]] == list(cases())
    first = read["capacity"][0]
    assert first["steps"][0]["changes"][0]["path"].startswith("postgres.")
    rows = list(csv.DictReader(io.StringIO((written / "capacity.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 60


def test_the_page_has_every_requirement(written: Path, verdicts: dict[str, Verdict]) -> None:
    text = (written / "index.html").read_text(encoding="utf-8")
    assert all(f">{requirement}<" in text for requirement in verdicts)


def test_a_month_is_told_beside_what_is_deployed(tmp_path: Path) -> None:
    own = (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    smaller = own.replace("size: 5 GB", "size: 6 GB")
    assert smaller != own
    (tmp_path / "deployed.yaml").write_text(smaller, encoding="utf-8")
    words = ["report", "--stack", "dev", "--output", str(tmp_path), "--against", str(tmp_path / "deployed.yaml")]
    done = CliRunner().invoke(application, words)
    assert done.exit_code == 0, done.output
    # A GB of Redis, capacity tier M2: 730 hours at 0.075.
    assert "-55 against what is deployed" in done.output
    read = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(read, SCHEMA)
    assert Decimal(read["month"]["list"]["low"]) - Decimal(read["deployed"]["list"]["low"]) == Decimal("-54.75")
    assert "| cache | -55 |" in (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "-$54.75" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_deployed_file_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    words = ["report", "--stack", "dev", "--output", str(tmp_path / "out"), "--against", str(tmp_path / "none.yaml")]
    done = CliRunner().invoke(application, words)
    assert done.exit_code == 2
    assert "none.yaml" in done.output
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = CliRunner().invoke(application, ["report", "--stack", "dev", "--output", str(tmp_path / "file")])
    assert done.exit_code == 2
    assert "cannot be written" in done.output


def test_an_unknown_stack_is_one_message_and_leaves_nothing(tmp_path: Path) -> None:
    done = CliRunner().invoke(application, ["report", "--stack", "stage", "--output", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()
