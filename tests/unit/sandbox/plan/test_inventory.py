"""The inventory as a table: every store of the plan, nothing cut off, and a word on what is not real."""

import json
from typing import Any

import pytest
from rich.console import Console

from infra.components.inventory import StoreRecord
from sandbox.plan import Plan, plan_stack
from sandbox.plan.__main__ import main
from sandbox.plan.inventory import COLUMNS, NOTE, cells, print_inventory

KEY = "projects/triptrip-prod/locations/asia-northeast1/keyRings/triptrip-prod-data-primary-1/cryptoKeys/postgres"


def record(**changes: Any) -> dict[str, Any]:
    made = StoreRecord(
        store="postgres",
        engine="Cloud SQL",
        version="16",
        size="1 TB",
        location="asia-northeast1",
        high_availability="REGIONAL",
        backup="35 daily",
        encryption_key=KEY,
        endpoints={"write": "pg-write:5432", "read": "pg-read:5432"},
        owner="data-platform",
    )
    return {**made.as_output(), **changes}


def printed(plan: Plan, width: int = 200) -> str:
    with (console := Console(width=width)).capture() as captured:
        print_inventory(plan, console)
    return captured.get()


def test_a_record_is_one_row_in_the_order_of_the_headings() -> None:
    assert dict(zip(COLUMNS, cells(record()), strict=True)) == {
        "store, owner": "postgres\ndata-platform",
        "engine, size": "Cloud SQL 16\n1 TB",
        "where, availability": "asia-northeast1\nREGIONAL",
        "backup, key": "35 daily\ncopies: none\nkey postgres of triptrip-prod-data-primary-1",
        "endpoints": "read: pg-read:5432\nwrite: pg-write:5432",
    }


@pytest.mark.parametrize(
    ("changes", "column", "shown"),
    [
        ({"encryptionKey": "held by Timescale"}, "backup, key", "35 daily\ncopies: none\nheld by Timescale"),
        ({"encryptionKey": "[secret]"}, "backup, key", "35 daily\ncopies: none\n[secret]"),
        ({"endpoints": {}}, "endpoints", ""),
        ({"endpoints": {"url": "[secret]"}}, "endpoints", "url: [secret]"),
        ({"endpoints": "[secret]"}, "endpoints", "[secret]"),
        ({"version": ""}, "engine, size", "Cloud SQL\n1 TB"),
    ],
)
def test_what_is_different_from_store_to_store(changes: dict[str, Any], column: str, shown: str) -> None:
    assert cells(record(**changes))[COLUMNS.index(column)] == shown


def test_the_table_shows_secrets_masked_and_says_what_is_not_real() -> None:
    text = printed(Plan("prod", outputs={"inventory": [record(endpoints={"url": "[secret]"})]}))
    assert "url: [secret]" in text
    assert NOTE in text


@pytest.mark.parametrize("outputs", [{}, {"inventory": []}])
def test_a_stack_without_stores_says_so(outputs: dict[str, Any]) -> None:
    assert printed(Plan("dev", outputs=outputs)).strip() == "dev: no store is switched on"


def test_nothing_is_cut_off_on_a_narrow_terminal() -> None:
    text = printed(Plan("prod", outputs={"inventory": [record()]}), width=80)
    assert "…" not in text


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_store_of_a_stack_is_in_its_inventory(stack: str) -> None:
    plan = plan_stack(stack)
    text = printed(plan, width=250)
    assert plan.outputs["inventory"]
    for each in plan.outputs["inventory"]:
        assert each["store"] in text
        assert set(each) == set(record())


def test_the_command_prints_it_and_json_stays_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--format", "inventory"]) == 0
    assert "Inventory of dev" in capsys.readouterr().out
    assert main(["--stack", "dev", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["outputs"]["inventory"]
