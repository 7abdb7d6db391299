"""Statements sent to BigQuery as jobs whose ids follow from what they run, so that a repeat finds the one that runs.

BigQuery keeps a job, and its id taken, whatever became of it and of the tables it wrote ("Jobs", read 2026-11-26).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery

from schema.bigquery.connection import RETRY, SECONDS, told
from schema.kit import File

MOST_BYTES = 100 << 20
"""Bytes that one statement may read: definitions read nothing, the ledger kilobytes, of which 10 MiB are counted."""

_JOB_SECONDS = 600.0
_DONE = "DONE"

Parameters = Sequence[bigquery.ScalarQueryParameter]


@dataclass(frozen=True)
class Jobs:
    """Jobs of one project and location."""

    client: bigquery.Client

    def run(self, sql: str, job_id: str, file: File) -> None:
        """Run a file's statement to its end; raises SchemaError when it fails.

        Where a job of this id is known already, by a request whose answer was lost, that one is waited for.
        """
        with told(f"job {job_id}", file):
            job = self._started(sql, job_id) or self._known(job_id)
            job.result(retry=RETRY, timeout=_JOB_SECONDS)

    def note(self, sql: str, job_id: str, parameters: Parameters) -> None:
        """Run a statement of the ledger to its end, once; raises SchemaError when it fails.

        A known job that runs, or has ended well, is this one. One that failed has noted nothing, and its id stays taken
        for good: the statement then runs as job_id-2, job_id-3, …
        """
        with told(f"job {job_id}"):
            ids = itertools.chain([job_id], (f"{job_id}-{number}" for number in itertools.count(2)))
            jobs = (self._started(sql, each, parameters) or self._standing(each) for each in ids)
            next(job for job in jobs if job).result(retry=RETRY, timeout=_JOB_SECONDS)

    def finish(self, job_id: str, file: File) -> bool:
        """Wait for a job of an earlier run that still runs; False when there is none."""
        with told(f"job {job_id}", file):
            try:
                job = self.client.get_job(job_id, retry=RETRY, timeout=SECONDS)
            except NotFound:
                return False
            if job.state == _DONE:
                return False
            job.result(retry=RETRY, timeout=_JOB_SECONDS)
            return True

    def estimate(self, sql: str, file: File) -> int:
        """Let BigQuery check a statement without running it; returns the bytes it would read, raises SchemaError."""
        config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
        with told("dry run", file):
            job = self.client.query(sql, job_config=config, retry=RETRY, job_retry=None, timeout=SECONDS)
            return int(job.total_bytes_processed or 0)

    def _started(self, sql: str, job_id: str, parameters: Parameters = ()) -> bigquery.QueryJob | None:
        """A new job; None where its id is taken."""
        config = bigquery.QueryJobConfig(
            maximum_bytes_billed=MOST_BYTES,
            query_parameters=list(parameters),
            job_timeout_ms=int(_JOB_SECONDS * 1000),
            labels={"program": "schema"},
        )
        try:
            # No retry of the job: it would run under an id of the library's own.
            return self.client.query(sql, config, job_id, retry=RETRY, job_retry=None, timeout=SECONDS)
        except Conflict:
            return None

    def _standing(self, job_id: str) -> bigquery.QueryJob | None:
        """The job of this id; None when it failed."""
        job = self._known(job_id)
        return None if job.state == _DONE and job.error_result else job

    def _known(self, job_id: str) -> bigquery.QueryJob:
        return cast("bigquery.QueryJob", self.client.get_job(job_id, retry=RETRY, timeout=SECONDS))
