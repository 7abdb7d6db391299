"""By what a copy is known to be whole and young enough: an audit log entry, counted, and asked for by PromQL."""

from dataclasses import dataclass

from infra.catalog.recovery_rows import CopyRow
from infra.derive.log_metrics import LogMetricPlan
from infra.settings import Settings
from infra.settings.units import Duration

BACKUPS, CACHE_EXPORTS = "backups", "cache-exports"
"""The two buckets: of copies that outlive everything, and of a cache's, which are soon worth nothing."""

_HOUR = 3600


@dataclass(frozen=True)
class CopyPlan:
    """A copy: the log-based metric of the objects that complete one, and the query that is true when none is young.

    `store` is whose copy it is (None: a drill's record), `promise` how old the newest may be, `words` what a person
    reads of it in the inventory.
    """

    key: str
    store: str | None
    bucket: str
    counted: LogMetricPlan
    query: str
    promise: Duration
    words: str


@dataclass(frozen=True)
class WatchedJobPlan:
    """A Cloud Run job of copies whose failed runs are told: in words what it does, and what then helps."""

    key: str
    name: str
    words: str
    runbook: str


def bucket_name(settings: Settings, key: str) -> str:
    """The name of a bucket of copies, whether it is declared or not."""
    project = settings.project
    return f"{project.gcp_project}-{project.generation}-{key}"


def copy_plan(key: str, row: CopyRow, bucket: str, promise: Duration, place: str) -> CopyPlan:
    """Work a copy out; `place` says where it lies and for how long, in words."""
    counted = LogMetricPlan(f"triptrip_copies_{key}", f"Copies that are whole: {key}", _filter(bucket, row.marker))
    return CopyPlan(
        key=key,
        store=row.store,
        bucket=bucket,
        counted=counted,
        query=_query(counted, promise),
        promise=promise,
        words=f"gs://{bucket} in {place}, at most {promise} old",
    )


def _filter(bucket: str, marker: str) -> str:
    """Entries of the audit log that say that an object of that name has come to be.

    The log is Google's, not the writer's: it tells of Atlas and Elasticsearch as of our own workflows, and only of what
    really lies in the bucket. A refused write has a status code.
    """
    return " AND ".join(
        [
            'log_id("cloudaudit.googleapis.com/data_access")',
            'resource.type="gcs_bucket"',
            f'resource.labels.bucket_name="{bucket}"',
            'protoPayload.methodName="storage.objects.create"',
            f'protoPayload.resourceName=~"/objects/{marker}$"',
            "NOT protoPayload.status.code>0",
        ]
    )


def _query(counted: LogMetricPlan, promise: Duration) -> str:
    """True when the metric has had no point for longer than promised, the very first time too.

    A condition of kind "absent" reaches 23 and a half hours back and says nothing before the first point; PromQL
    reaches two years back (cloud.google.com/monitoring/alerts/using-promql, read 2026-11-26).
    """
    return f'absent_over_time({counted.promql}{{monitored_resource="gcs_bucket"}}[{promise.seconds // _HOUR}h])'
