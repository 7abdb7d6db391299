"""The table in which BigQuery remembers the files that were begun, a row an attempt; and how a file's job is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from google.cloud.bigquery import ScalarQueryParameter

from schema.bigquery.connection import RETRY, SECONDS, told
from schema.bigquery.jobs import Jobs
from schema.kit import File, Record, holder

_FIELDS = (
    ("kind", "STRING", "migration, view or routine"),
    ("name", "STRING", "The file's name without its ending"),
    ("target", "STRING", "The object's full name"),
    ("checksum", "STRING", "SHA-256 of the file"),
    ("attempt", "INTEGER", "How often this file was begun, from 1"),
    ("started_at", "TIMESTAMP", "When it was begun"),
    ("finished_at", "TIMESTAMP", "When it had run to its end; empty: it was interrupted or refused"),
    ("applied_by", "STRING", "Who ran it"),
)
_BEGIN = """
INSERT INTO `{table}` (kind, name, target, checksum, attempt, started_at, applied_by)
VALUES (@kind, @name, @target, @checksum, @attempt, CURRENT_TIMESTAMP(), SESSION_USER())
"""
_END = """
UPDATE `{table}` SET finished_at = CURRENT_TIMESTAMP()
WHERE kind = @kind AND name = @name AND attempt = @attempt AND finished_at IS NULL
"""


@dataclass(frozen=True)
class Entry:
    """One attempt at a file; `target` is the object's full name."""

    kind: str
    name: str
    target: str
    checksum: str
    attempt: int
    started_at: datetime
    finished_at: datetime | None
    applied_by: str

    @property
    def record(self) -> Record:
        """The attempt as the command shows it."""
        return Record(self.name, self.checksum, self.started_at, self.finished_at, self.applied_by)


class Ledger:
    """The ledger of one warehouse: table `schema_ledger` of a dataset; it is made by the first file that runs."""

    def __init__(self, jobs: Jobs, place: str) -> None:
        self._jobs = jobs
        self._table = f"{place}.schema_ledger"
        self._made_at = ""

    def entries(self) -> Sequence[Entry]:
        """The newest attempt at each file, in the order they were begun; read without a query, which is billed."""
        with told(self._table):
            try:
                rows = list(self._jobs.client.list_rows(self._table, retry=RETRY, timeout=SECONDS))
            except NotFound:
                return ()
        newest: dict[tuple[str, str], Entry] = {}
        for row in sorted(rows, key=lambda row: int(row["attempt"])):
            entry = Entry(*(row[name] for name, _, _ in _FIELDS))
            newest[entry.kind, entry.name] = entry
        return tuple(sorted(newest.values(), key=lambda entry: (entry.started_at, entry.name)))

    def newest(self, kind: str, file: File) -> Entry | None:
        """The newest attempt at a file."""
        return next((entry for entry in self.entries() if (entry.kind, entry.name) == (kind, file.name)), None)

    def job_id(self, entry: Entry) -> str:
        """The id of an attempt's job: the same for whoever repeats it, another one in a ledger that was made anew."""
        self._made_at = self._made_at or self._make()
        return f"schema-{entry.kind}-{entry.name}-{entry.checksum[:16]}-{self._made_at}-{entry.attempt}"

    def begin(self, kind: str, file: File, target: str, attempt: int) -> Entry:
        """Note that a file is begun."""
        parameters = [
            ScalarQueryParameter("kind", "STRING", kind),
            ScalarQueryParameter("name", "STRING", file.name),
            ScalarQueryParameter("target", "STRING", target),
            ScalarQueryParameter("checksum", "STRING", file.checksum),
            ScalarQueryParameter("attempt", "INT64", attempt),
        ]
        entry = Entry(kind, file.name, target, file.checksum, attempt, datetime.now(UTC), None, holder())
        self._jobs.note(_BEGIN.format(table=self._table), f"{self.job_id(entry)}-begin", parameters)
        return entry

    def end(self, entry: Entry) -> None:
        """Note that an attempt has run to its end."""
        parameters = [
            ScalarQueryParameter("kind", "STRING", entry.kind),
            ScalarQueryParameter("name", "STRING", entry.name),
            ScalarQueryParameter("attempt", "INT64", entry.attempt),
        ]
        self._jobs.note(_END.format(table=self._table), f"{self.job_id(entry)}-end", parameters)

    def _make(self) -> str:
        """Make the table where there is none; returns when it was made."""
        table = bigquery.Table(
            self._table, [bigquery.SchemaField(name, kind, description=text) for name, kind, text in _FIELDS]
        )
        table.description = "Files of the schema that were begun, a row an attempt; written by the schema step alone"
        with told(self._table):
            made = self._jobs.client.create_table(table, exists_ok=True, retry=RETRY, timeout=SECONDS)
        return f"{made.created:%Y%m%d%H%M%S%f}"
