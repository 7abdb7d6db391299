"""Typed rows of the BigQuery catalogue: tables, reports, prices."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from infra.catalog import Row, read

_QUERIES = Path(__file__).parent / "bigquery_queries"


class Column(Row):
    """A column; its type is the API's own name, never an alias."""

    name: str
    type: Literal[
        "BIGNUMERIC", "BOOLEAN", "BYTES", "DATE", "DATETIME", "FLOAT", "GEOGRAPHY", "INTEGER", "JSON", "NUMERIC",
        "STRING", "TIME", "TIMESTAMP",
    ]  # fmt: skip
    description: str
    mode: Literal["NULLABLE", "REQUIRED", "REPEATED"] = "NULLABLE"


class WarehouseTable(Row):
    """A table: its columns, the one its days are kept by, and the ones that rows lie together by."""

    requirement: str
    description: str
    partition: str
    clustering: tuple[str, ...]
    columns: tuple[Column, ...]


class Report(Row):
    """A daily query: its file, the tables it reads and the one it writes."""

    description: str
    query: str
    reads: tuple[str, ...]
    writes: str

    @property
    def text(self) -> str:
        """The query, with its placeholders."""
        return (_QUERIES / self.query).read_text(encoding="utf-8")


@cache
def tables() -> Mapping[str, WarehouseTable]:
    """Declared tables by name."""
    return {name: WarehouseTable(**row) for name, row in read("bigquery_tables.yaml").items()}


@cache
def reports() -> Mapping[str, Report]:
    """Reports by name."""
    return {name: Report(**row) for name, row in read("bigquery_reports.yaml").items()}
