"""What a changed table or dataset of BigQuery means: nothing, a change in place, or a replacement that loses data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.cloud.expressions import PURE

BEFORE = [
    {"name": "event_id", "type": "STRING", "mode": "REQUIRED"},
    {"name": "occurred_at", "type": "TIMESTAMP"},
    {"name": "user_id", "type": "STRING"},
]
NEW = {"name": "kind", "type": "STRING"}


def _schema(*columns: dict[str, str]) -> str:
    return json.dumps(columns)


@pytest.mark.parametrize(
    ("after", "replaces"),
    [
        pytest.param([*BEFORE, NEW], False, id="added at the end"),
        pytest.param([{**BEFORE[0], "mode": "NULLABLE"}, *BEFORE[1:]], False, id="loosened"),
        pytest.param([{**BEFORE[0], "description": "Unique"}, *BEFORE[1:]], False, id="described"),
        pytest.param(BEFORE[:2], False, id="dropped: the provider does it in place, with the data"),
        pytest.param([*BEFORE[:2], {**BEFORE[2], "name": "account_id"}], True, id="renamed"),
        pytest.param([*BEFORE[:2], {**BEFORE[2], "type": "INTEGER"}], True, id="retyped"),
        pytest.param([*BEFORE[:2], {**BEFORE[2], "mode": "REQUIRED"}], True, id="tightened"),
        pytest.param([*BEFORE[:2], {**BEFORE[2], "mode": "REPEATED"}], True, id="repeated"),
        pytest.param([*BEFORE, {**NEW, "mode": "REQUIRED"}], True, id="added as REQUIRED"),
    ],
)
def test_a_changed_schema(world: Any, after: list[dict[str, str]], replaces: bool) -> None:
    old = world.changed("bigquery-table", {"schema": _schema(*BEFORE)})
    new = world.changed("bigquery-table", {"schema": _schema(*after)})
    diff = world.cloud.diff("gcp:bigquery/table:Table", old, new, old)
    assert [(change.text, change.replaces) for change in diff.changes] == [("schema", replaces)]
    assert not diff.delete_before_replace, "the new table is refused while the old one is there"


def test_the_same_columns_in_another_form_are_no_change(world: Any) -> None:
    old = world.changed("bigquery-table", {"schema": _schema(*BEFORE)})
    new = world.changed("bigquery-table", {"schema": json.dumps(BEFORE[::-1], indent=2)})
    assert world.cloud.diff("gcp:bigquery/table:Table", old, new, old).changes == ()


@pytest.mark.parametrize(
    ("name", "changes", "replaces"),
    [
        ("bigquery-dataset", {"location": "asia-northeast2"}, ("location",)),
        ("bigquery-dataset", {"location": "ASIA-NORTHEAST1"}, ()),
        ("bigquery-dataset", {"defaultEncryptionConfiguration.kmsKeyName": "other"}, ()),
        ("bigquery-table", {"encryptionConfiguration.kmsKeyName": "other"}, ("encryptionConfiguration",)),
        ("bigquery-table", {"encryptionConfiguration": None}, ("encryptionConfiguration",)),
        ("bigquery-table", {"timePartitioning.field": "received_at"}, ("timePartitioning",)),
        ("bigquery-table", {"clusterings": ["event_id"], "timePartitioning.expirationMs": 86_400_000}, ()),
        ("bigquery-reservation", {"edition": "ENTERPRISE_PLUS"}, ("edition",)),
        ("bigquery-reservation", {"slotCapacity": 100}, ()),
        ("bigquery-report", {"schedule": "every day 21:03", "serviceAccountName": "other"}, ()),
        ("bigquery-quota", {"overrideValue": "1"}, ()),
    ],
)
def test_what_is_replaced(world: Any, name: str, changes: dict[str, Any], replaces: tuple[str, ...]) -> None:
    example = world.resources[name]
    diff = world.cloud.diff(example["type"], example["inputs"], world.changed(name, changes), world.outputs[name])
    assert diff.replaces == replaces


@pytest.mark.parametrize("text", [None, "", "[", "{}", "1"])
def test_what_is_no_list_of_columns(text: str | None) -> None:
    assert PURE["json_list"](text) is None
