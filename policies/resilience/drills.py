"""Jobs of copies: one practises recovery, a schedule starts each, they can run alone, and a failure is told."""

from collections.abc import Iterator, Mapping

from policies.kit import Case, Level, Resource, Severity, Stack, rule
from policies.kit.exports import BACKUPS, CACHE_EXPORTS
from policies.kit.jobs import containers, is_drill, is_export
from policies.kit.postgres import is_primary
from policies.kit.types import ALERT_POLICY, BUCKET, RUN_JOB, SCHEDULE, SQL_INSTANCE
from policies.kit.waiting import about_each_resource, fitting, some_of
from policies.resilience.copies import tells_of_any

_ALONE = ["drill", "--env", "prod", "--kind", "due", "--yes-really", "prod"]


def _job(*args: str) -> tuple[str, dict[str, object]]:
    return (RUN_JOB, {"name": "drill", "template": {"template": {"containers": [{"args": list(args)}]}}})


_PRIMARY = (SQL_INSTANCE, {"name": "primary"})
_KEPT = (BUCKET, {"name": "p-1-backups"})


@rule(
    "cpy-drill-job",
    title="A job practises the recovery of PostgreSQL",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=[SQL_INSTANCE, BUCKET, RUN_JOB],
    sources=["NIST 800-53: CP-4", "REC-PITR", "REC-FULL", "TGT-PG-RTO"],
    reason="what people have to remember is left out in full weeks, and copies are trusted untried from then on",
    fix="build the image of the recovery commands and set recovery.drills.image in the stack file",
    good=[
        Case(stack={"primary": _PRIMARY, "bucket": _KEPT, "job": _job(*_ALONE)}),
        Case(stack={"primary": _PRIMARY}),
        Case(stack={"bucket": _KEPT}),
        Case(stack={"primary": _PRIMARY, "bucket": (BUCKET, {"name": "p-1-cache-exports"})}),
    ],
    bad=[
        Case(stack={"primary": _PRIMARY, "bucket": _KEPT}),
        Case(stack={"primary": _PRIMARY, "bucket": _KEPT, "job": _job("apply", "postgres")}),
    ],
)
def practised(stack: Stack) -> Iterator[tuple[Resource, str]]:
    primaries = fitting(stack.of(SQL_INSTANCE), is_primary)

    def check(bucket: Resource) -> Iterator[str]:
        kept = bucket.text("name").endswith(BACKUPS) and not bucket.text("name").endswith(CACHE_EXPORTS)
        if kept and primaries and not some_of(stack.of(RUN_JOB), is_drill):
            yield "no job restores anything from it: drills are left to people"

    yield from about_each_resource(stack.of(BUCKET), check)


def _started(uri: object, *args: str) -> Case:
    schedule = (SCHEDULE, {"httpTarget": {"uri": uri}})
    return Case(stack={"job": _job(*(args or _ALONE)), "schedule": schedule})


_RUN = "https://run.googleapis.com/v2/projects/p/locations/r/jobs/drill:run"


@rule(
    "cpy-job-schedule",
    title="A job that copies a store or practises its recovery is started by a schedule, and asks nobody",
    severity=Severity.MEDIUM,
    types=[RUN_JOB, SCHEDULE],
    sources=["NIST 800-53: CP-4"],
    reason="a job that nobody starts does nothing, and one that waits for an answer ends without having begun",
    fix="keep the job's schedule, and --yes-really among a drill's arguments",
    good=[_started(_RUN), _started(_RUN, "export", "--env", "prod"), Case(stack={"job": _job("apply", "postgres")})],
    bad=[
        Case(stack={"job": _job(*_ALONE)}),
        Case(stack={"job": _job("export", "--env", "prod")}),
        _started(_RUN.replace("drill", "upkeep")),
        _started(None),
        _started(_RUN, "drill", "--env", "prod"),
    ],
)
def scheduled(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(job: Resource) -> Iterator[str]:
        if not is_drill(job) and not is_export(job):
            return

        def starts(schedule: Resource) -> bool:
            if not schedule.known("httpTarget.uri"):
                return job.urn in schedule.dependencies
            return schedule.text("httpTarget.uri").endswith(f"/jobs/{job.text('name')}:run")

        if not some_of(stack.of(SCHEDULE), starts):
            yield "no schedule starts it"
        if is_drill(job) and not all("--yes-really" in container.texts("args") for container in containers(job)):
            yield "--yes-really is not among its arguments"

    yield from about_each_resource(stack.of(RUN_JOB), check)


_FAILED = {
    "filter": 'metric.type="run.googleapis.com/job/completed_execution_count" AND metric.labels.result="failed" AND '
    'resource.labels.job_name="drill"',
    "comparison": "COMPARISON_GT",
    "thresholdValue": 0,
}


def _told(condition: Mapping[str, object], **inputs: object) -> Case:
    policy = {"combiner": "OR", "conditions": [{"conditionThreshold": condition}], **inputs}
    return Case(stack={"job": _job(*_ALONE), "alert": (ALERT_POLICY, policy)})


@rule(
    "cpy-job-failed",
    title="An alert tells of every drill, and every export by a job, that failed",
    severity=Severity.MEDIUM,
    types=[RUN_JOB, ALERT_POLICY],
    sources=["NIST 800-53: CP-4", "NIST 800-53: SI-4"],
    reason="a copy that is not made, or a restore that does not work, is found now or on the day that it is needed",
    fix="declare an alert policy on completed_execution_count with result failed of the job",
    good=[_told(_FAILED), Case(stack={"job": _job("apply", "postgres")})],
    bad=[
        Case(stack={"job": _job(*_ALONE)}),
        Case(stack={"job": _job("export", "--env", "prod")}),
        _told(_FAILED, enabled=False),
        _told({**_FAILED, "thresholdValue": 3}),
        _told({**_FAILED, "comparison": "COMPARISON_LT"}),
        _told({**_FAILED, "filter": _FAILED["filter"].replace('"failed"', '"succeeded"')}),  # type: ignore[attr-defined] # a text
        _told({**_FAILED, "filter": _FAILED["filter"].replace('"drill"', '"upkeep"')}),  # type: ignore[attr-defined] # a text
    ],
)
def failure_told(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(job: Resource) -> Iterator[str]:
        wanted = (
            f'resource.labels.job_name="{job.text("name")}"',
            'metric.labels.result="failed"',
            "run.googleapis.com/job/completed_execution_count",
        )
        is_meant = is_drill(job) or is_export(job)
        if is_meant and not some_of(stack.of(ALERT_POLICY), lambda policy: tells_of_any(policy, wanted)):
            yield "no alert policy tells of its failed runs"

    yield from about_each_resource(stack.of(RUN_JOB), check)
