"""The table of refusals: rules/sqladmin.yaml."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.api.errors import ApiError

_FILE = Path(__file__).parents[1] / "rules" / "sqladmin.yaml"


@cache
def table() -> dict[str, dict[str, Any]]:
    """Rows by id."""
    rows: dict[str, dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return rows


def refuse(rule: str, **values: object) -> ApiError:
    """The refusal of a row, to be raised."""
    row = table()[rule]
    return ApiError(row["status"], row["message"].format(**values), row["reason"])
