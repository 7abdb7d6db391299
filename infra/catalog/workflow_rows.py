"""Sources of the export workflows, ready to be deployed, with what they are given."""

import json
from functools import cache
from pathlib import Path

from infra.catalog import Row

_FOLDER = Path(__file__).parent / "workflows"
_ROW_COUNTS = "ROW_COUNTS"
"""Stands in postgres_export.yaml for the query of row_counts.sql."""


class PostgresExportArgument(Row):
    """What an execution of the PostgreSQL export is given; the file tells what each is."""

    project: str
    instance: str
    databases: tuple[str, ...]
    bucket: str


class RedisExportArgument(Row):
    """What an execution of the Redis export is given; the file tells what each is."""

    project: str
    region: str
    instance: str
    bucket: str


def postgres_export() -> str:
    """The daily export of every PostgreSQL database; takes a PostgresExportArgument."""
    source = _joined("postgres_export.yaml", "cloudsql_export.yaml", "common.yaml")
    return source.replace(_ROW_COUNTS, json.dumps(row_counts()))


def redis_export() -> str:
    """The hourly export of the cache; takes a RedisExportArgument."""
    return _joined("redis_export.yaml", "common.yaml")


def row_counts() -> str:
    """The query of row_counts.sql in one line, without its comments: columns schema_name, table_name, row_count."""
    lines = (line for line in _text("row_counts.sql").splitlines() if not line.startswith("--"))
    return " ".join(" ".join(lines).split())


def _joined(*files: str) -> str:
    return "\n".join(_text(file) for file in files)


@cache
def _text(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")
