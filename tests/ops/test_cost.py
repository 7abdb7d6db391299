"""`python -m ops cost`: every store and every charge, sums, what is not counted, and wrong stack files."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.catalog import price_rows
from infra.catalog.price_rows import prices
from infra.derive.cost import ORDER
from ops.__main__ import application
from tests.stacks import ROOT

RUNNER = CliRunner()


def run(*arguments: str) -> Result:
    return RUNNER.invoke(application, ["cost", *arguments], env={"COLUMNS": "200"})


def of(stack: str, *arguments: str) -> str:
    done = run("--stack", stack, *arguments)
    assert done.exit_code == 0
    return done.stdout


def rows(table: str) -> Iterator[list[str]]:
    lines = iter(table.splitlines())
    for line in lines:
        if set(line.strip()) == {"─"}:
            break
    for line in lines:
        if line and not line.startswith(" "):
            return
        if line.strip():
            yield re.split(r" {2,}", line.strip())


def test_each_store_stands_beside_the_documents_figures() -> None:
    found = {row[0]: row[1:] for row in rows(of("prod"))}
    assert list(found) == [*ORDER, "all"]
    assert found["postgres"] == ["4,089", "3,320", "2,489", "C", "700", "2,900"]
    assert found["cache"] == ["2,208", "1,766", "1,325", "C", "330", "900"]
    assert found["mongodb"][0] == "567–690"
    assert found["all"][-2:] == ["1,280", "6,350"]


def test_what_is_not_counted_is_told_with_the_budget() -> None:
    told = of("prod")
    assert "pooler: 2 machines e2-standard-2" in told
    assert "timescale: service of 4 CPU / 16 GB" in told
    assert "USD and 20 % on top" in told
    assert "infra/catalog/prices.yaml" in told


def test_each_charge_has_a_row() -> None:
    found = list(rows(of("prod", "--format", "lines")))
    asked = json.loads(of("prod", "--format", "json"))
    assert len(found) == len(asked["lines"])
    assert [
        "cache",
        "3 nodes of 32 GB; a rate counts two",
        "35,040 GB-hour",
        "0.063",
        "2,207.52",
        "C",
        "2026-04-27",
    ] in [row[:7] for row in found]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_json_adds_up(stack: str) -> None:
    asked = json.loads(of(stack, "--format", "json"))

    def added(parts: list[dict[str, Any]], end: str) -> Decimal:
        return sum((Decimal(part[end]) for part in parts), Decimal(0))

    for end in ("low", "high"):
        whole = Decimal(asked["month"]["list"][end])
        assert added([line["month"] for line in asked["lines"]], end) == whole
        assert added([store["list"] for store in asked["stores"].values()], end) == whole
        assert Decimal(asked["month"]["threeYearsAhead"][end]) < Decimal(asked["month"]["oneYearAhead"][end]) < whole
    assert all(line["source"] and line["date"] for line in asked["lines"])
    assert asked["document"]["COST-Y3"]["postgres"] == "2900"
    assert asked["budget"]["amount"] > 0


def test_a_stack_without_stores_and_budget_is_told_too(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    bare = text[: text.index("  triptrip:postgres:")]
    (tmp_path / "Pulumi.bare.yaml").write_text(bare, encoding="utf-8")
    done = run("--stack", "bare", "--folder", str(tmp_path))
    assert done.exit_code == 0
    assert [row[0] for row in rows(done.stdout)] == ["network", "all"]
    assert "Budget" not in done.stdout
    assert json.loads(run("--stack", "bare", "--folder", str(tmp_path), "--format", "json").stdout)["budget"] is None


@pytest.mark.parametrize(("stack", "told"), [("nowhere", "no such file"), ("wrong", "an unknown name")])
def test_a_stack_file_that_cannot_be_used_is_told_and_nothing_else(tmp_path: Path, stack: str, told: str) -> None:
    text = (ROOT / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    (tmp_path / "Pulumi.wrong.yaml").write_text(text.replace("warehouse:", "warehose:"), encoding="utf-8")
    done = run("--stack", stack, "--folder", str(tmp_path))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_prices_that_are_out_of_date_are_told_beside_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    old = {
        key: row.model_copy(update={"date": datetime(2020, 1, 1, tzinfo=UTC).date()})
        if key[0] == "cloudsql-ssd"
        else row
        for key, row in prices().items()
    }
    monkeypatch.setattr("ops.cost_tables.prices", lambda: old)
    done = run("--stack", "prod")
    assert done.exit_code == 0
    assert "cloudsql-ssd of 2020-01-01: docs/runbooks/prices.md" in done.stderr
    assert price_rows.prices()["cloudsql-ssd", "asia-northeast1"].date.year > 2020
