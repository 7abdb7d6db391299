"""Jobs of Cloud Run: they run once and end in time; and nothing of Cloud Run disappears."""

from collections.abc import Iterator

from policies.kit import Case, Parameter, Resource, Severity, must_be, rule, stated
from policies.kit.jobs import RUNS, TASK, is_drill
from policies.kit.types import RUN_JOB, RUN_SERVICE, SCHEDULE


def _job(tasks: object = 1, parallelism: object = 1, **task: object) -> Case:
    return Case({"template": {"taskCount": tasks, "parallelism": parallelism, "template": task}})


@rule(
    "run-once",
    title="A job runs once, and what fails is not tried again unseen",
    severity=Severity.MEDIUM,
    types=[RUN_JOB],
    sources=["NIST 800-53: CM-3", "NIST 800-53: SI-11"],
    reason="a retry hides why the first run failed, and two tasks at once wait for each other at the store's lock",
    fix="set maxRetries to 0, taskCount and parallelism to 1: Cloud Run's own default is three retries",
    good=[_job(maxRetries=0)],
    bad=[
        _job(),
        _job(maxRetries=3),
        _job(2, maxRetries=0),
        _job(None, maxRetries=0),
        _job(1, 2, maxRetries=0),
        Case({}),
    ],
)
def once(job: Resource) -> Iterator[str]:
    yield from must_be(job, f"{TASK}.maxRetries", 0)
    yield from must_be(job, "template.taskCount", 1)
    yield from must_be(job, "template.parallelism", 1)


@rule(
    "run-ends",
    title="A job has time enough for an index, and ends by itself",
    severity=Severity.MEDIUM,
    types=[RUN_JOB],
    sources=["NIST 800-53: SC-5"],
    reason="Cloud Run's own ten minutes cut an index of a large table off; a job without an end holds the store's lock",
    fix="set schemas.timeout, or recovery.drills.timeout, in the stack file",
    parameters={
        "least_seconds": Parameter(1800, "Seconds that a job may take at least"),
        "most_seconds": Parameter(3600, "Seconds after which a job must have ended"),
        "most_drill_seconds": Parameter(86400, "The same for a drill, which waits for a whole database"),
    },
    good=[
        _job(timeout="1800s"),
        _job(timeout="3600s"),
        _job(timeout="43200s", containers=[{"args": ["drill", "--env", "prod"]}]),
    ],
    bad=[
        _job(timeout="86401s", containers=[{"args": ["drill"]}]),
        _job(timeout="43200s", containers=[{"args": ["apply", "drill"]}]),
        _job(),
        _job(timeout="600s"),
        _job(timeout="3601s"),
        _job(timeout="1h"),
        _job(timeout=3600),
    ],
)
def ends(job: Resource, least_seconds: int, most_seconds: int, most_drill_seconds: int) -> Iterator[str]:
    most = most_drill_seconds if is_drill(job) else most_seconds
    text = job.text(f"{TASK}.timeout").removesuffix("s")
    if not text.isascii() or not text.isdigit() or not least_seconds <= int(text) <= most:
        yield stated(job, f"{TASK}.timeout", f"between {least_seconds}s and {most}s")


@rule(
    "run-delete-guard",
    title="The provider refuses to delete a job or a service",
    severity=Severity.MEDIUM,
    types=RUNS,
    sources=["NIST 800-53: CM-6"],
    reason="without its job a schema falls behind its files; without its service the caches keep what is stale",
    fix="set deletionProtection to true",
    good=[Case({"deletionProtection": True})],
    bad=[Case({"deletionProtection": False}), Case({}), Case({}, RUN_SERVICE)],
)
def delete_guard(run: Resource) -> Iterator[str]:
    yield from must_be(run, "deletionProtection", True)


def _schedule(**inputs: object) -> Case:
    return Case({"schedule": "*/5 * * * *", "timeZone": "Etc/UTC", "paused": False, **inputs})


@rule(
    "sch-running",
    title="A schedule runs, in a zone that keeps one time",
    severity=Severity.MEDIUM,
    types=[SCHEDULE],
    sources=["NIST 800-53: CP-10"],
    reason="a paused schedule looks like one that runs: partitions are missed on the day that the first row needs one",
    fix="set the schedule and paused: false, and keep timeZone at Etc/UTC; left out, a pause by hand is never compared",
    good=[_schedule(), _schedule(timeZone=None), _schedule(schedule="0 * * * *")],
    bad=[
        _schedule(paused=True),
        _schedule(paused=None),
        _schedule(schedule=None),
        _schedule(timeZone="Europe/Berlin"),
    ],
)
def running(schedule: Resource) -> Iterator[str]:
    yield from must_be(schedule, "paused", False)
    yield from must_be(schedule, "timeZone", "Etc/UTC", None)
    if not schedule.text("schedule"):
        yield "schedule is not set"
