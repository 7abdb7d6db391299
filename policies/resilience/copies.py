"""Copies are watched: how old the newest is, whether an export failed, and when recovery was last practised."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.kit import Case, Parameter, Resource, Severity, Stack, must_be, must_reach, rule
from policies.kit.exports import BACKUPS, CACHE_EXPORTS, argument, body, starts_a_workflow
from policies.kit.types import ALERT_POLICY, BUCKET, LOG_METRIC, SCHEDULE, WORKFLOW
from policies.kit.waiting import about_each_resource, every, some_of

_URI = "https://workflowexecutions.googleapis.com/v1/projects/p/locations/r/workflows/export/executions"
_ABSENT = re.compile(r"absent_over_time\(logging_googleapis_com:user_(\w+)(?:\{[^}]*\})?\[(\d+)h\]\)")


def _metric(objects: str, bucket: str = "p-1-backups") -> tuple[str, dict[str, Any]]:
    text = f'resource.labels.bucket_name="{bucket}" AND protoPayload.resourceName=~"/objects/{objects}"'
    return (LOG_METRIC, {"name": "copies", "filter": text})


def _age(hours: int = 26, metric: str = "copies", **inputs: object) -> tuple[str, dict[str, Any]]:
    query = f'absent_over_time(logging_googleapis_com:user_{metric}{{monitored_resource="gcs_bucket"}}[{hours}h])'
    conditions = [{"conditionPrometheusQueryLanguage": {"query": query}}]
    return (ALERT_POLICY, {"combiner": "OR", "conditions": conditions, **inputs})


_EXPORTED = {
    "schedule": (SCHEDULE, {"httpTarget": {"uri": _URI, "body": body(bucket="p-1-backups")}}),
    "metric": _metric("postgres/.+"),
}


@rule(
    "cpy-alert-age",
    title="An alert tells when the newest copy of a store is older than promised",
    severity=Severity.HIGH,
    types=[SCHEDULE, LOG_METRIC, ALERT_POLICY],
    sources=["NIST 800-53: CP-9", "NIST 800-53: SI-4", "BAK-PG"],
    reason="an export that does not run fails nowhere: its absence is found on the day that the copy is needed",
    fix="keep the metric of the objects that complete a copy, and a PromQL condition that is true without one; a "
    "condition of kind absent ends at 23 hours and a half, and says nothing before the first copy",
    parameters={"most_hours": Parameter(30, "Longest look-back in hours of a copy that a schedule of ours makes")},
    good=[
        Case(stack={**_EXPORTED, "alert": _age()}),
        Case(stack={"metric": _metric("postgres/.+")}),
    ],
    bad=[
        Case(stack=_EXPORTED),
        Case(stack={**_EXPORTED, "alert": _age(enabled=False)}),
        Case(stack={**_EXPORTED, "alert": _age(metric="other")}),
        Case(stack={**_EXPORTED, "alert": _age(31)}),
        Case(stack={**_EXPORTED, "alert": _age(combiner="AND")}),
        Case(stack={**_EXPORTED, "metric": _metric("postgres/.+", "elsewhere"), "alert": _age()}),
        Case(stack={**_EXPORTED, "metric": _metric("drills/.+"), "alert": _age()}),
        Case(
            stack={**_EXPORTED, "alert": (ALERT_POLICY, {"conditions": [{"conditionAbsent": {"duration": "84600s"}}]})}
        ),
    ],
)
def alert_age(stack: Stack, most_hours: int) -> Iterator[tuple[Resource, str]]:
    def check(schedule: Resource) -> Iterator[str]:
        bucket = argument(schedule).get("bucket")
        if starts_a_workflow(schedule) and not _is_watched(stack, f'bucket_name="{bucket}"', most_hours):
            yield f"no alert looks back over {most_hours} hours or less for a copy in {bucket}"

    yield from about_each_resource(stack.of(SCHEDULE), check)


def _is_watched(stack: Stack, wanted: str, most_hours: int) -> bool:
    """Whether an alert is raised without an object that a metric counts whose filter says what is wanted."""

    def counts(metric: Resource) -> bool:
        text = metric.text("filter")
        # A drill's record is no copy of a store.
        return (
            wanted in text and metric.get("disabled") in (False, None) and ("drills/" in text) == ("drills/" in wanted)
        )

    names = {metric.text("name") for metric in stack.of(LOG_METRIC) if metric.known("filter") and counts(metric)}
    return some_of(stack.of(ALERT_POLICY), lambda policy: _asks(policy, names, most_hours))


def _asks(policy: Resource, names: set[str], most_hours: int) -> bool:
    def one(query: str) -> bool:
        found = _ABSENT.fullmatch(query)
        return found is not None and found[1] in names and int(found[2]) <= most_hours

    queries = [node.text("conditionPrometheusQueryLanguage.query") for node in policy.nodes("conditions")]
    return every(
        lambda: policy.get("enabled") in (True, None),
        lambda: policy.get("combiner") == "OR",
        lambda: any(map(one, queries)),
    )


_WRITTEN = (
    'resource.labels.bucket_name="p-1-backups" AND protoPayload.methodName="storage.objects.create" AND '
    'protoPayload.resourceName=~"/objects/exported_snapshots/.+"'
)


def _counted(text: object = _WRITTEN, **alert: object) -> Case:
    metric = (LOG_METRIC, {"name": "triptrip_copies_mongodb", "filter": text})
    return Case(stack={"bucket": _KEPT, "metric": metric, "alert": _age(192, "triptrip_copies_mongodb", **alert)})


_KEPT = (BUCKET, {"name": "p-1-backups"})


@rule(
    "cpy-metric",
    title="What counts copies counts objects of this stack's buckets, and an alert asks it",
    severity=Severity.HIGH,
    types=[LOG_METRIC, ALERT_POLICY, BUCKET],
    sources=["NIST 800-53: SI-4", "NIST 800-53: CP-9", "BAK-PG"],
    reason="a metric that counts something else, or that nobody asks, is silent on the day that copies stop",
    fix="leave the filter to infra/derive/copies.py, and keep one alert a metric",
    parameters={
        "prefix": Parameter("triptrip_copies_", "Start of the names of metrics that count copies"),
        "most_hours": Parameter(62 * 24, "Longest look-back in hours of any copy"),
    },
    good=[_counted(), Case(stack={"metric": (LOG_METRIC, {"name": "errors", "filter": "severity>=ERROR"})})],
    bad=[
        _counted(None),
        _counted("severity>=ERROR"),
        _counted(_WRITTEN.replace("p-1-backups", "elsewhere")),
        _counted(_WRITTEN.replace("create", "get")),
        _counted(_WRITTEN.partition(" AND protoPayload.resourceName")[0]),
        _counted(enabled=False),
        _counted(combiner="AND"),
        _counted(conditions=[]),
    ],
)
def counted(stack: Stack, prefix: str, most_hours: int) -> Iterator[tuple[Resource, str]]:
    def check(metric: Resource) -> Iterator[str]:
        name, text = metric.text("name"), metric.text("filter")
        if not name.startswith(prefix):
            return
        objects = 'methodName="storage.objects.create"' in text and 'protoPayload.resourceName=~"/objects/' in text
        ours = some_of(stack.of(BUCKET), lambda bucket: f'bucket_name="{bucket.text("name")}"' in text)
        if not objects or not ours:
            yield "filter does not count objects that came to be in a bucket of this stack"
        if not some_of(stack.of(ALERT_POLICY), lambda policy: _asks(policy, {name}, most_hours)):
            yield f"no alert asks for it, looking back over {most_hours} hours or less"

    yield from about_each_resource(stack.of(LOG_METRIC), check)


_FAILED = {
    "conditionThreshold": {
        "filter": 'metric.type="workflows.googleapis.com/finished_execution_count" AND metric.labels.status="FAILED" '
        'AND resource.labels.workflow_id="export"',
        "comparison": "COMPARISON_GT",
        "thresholdValue": 0,
    }
}
_WORKFLOW = (WORKFLOW, {"name": "export"})


def _failed(condition: Mapping[str, object], **inputs: object) -> Case:
    policy = {"combiner": "OR", "conditions": [condition], **inputs}
    return Case(stack={"workflow": _WORKFLOW, "alert": (ALERT_POLICY, policy)})


def _failed_otherwise(**inputs: object) -> Case:
    return _failed({"conditionThreshold": {**_FAILED["conditionThreshold"], **inputs}})


@rule(
    "cpy-alert-failed",
    title="An alert tells of every run of an export that failed",
    severity=Severity.MEDIUM,
    types=[WORKFLOW, ALERT_POLICY],
    sources=["NIST 800-53: SI-4", "NIST 800-53: AU-6"],
    reason="the alert of the age comes a day later, and does not say what went wrong",
    fix="declare an alert policy on finished_execution_count with status FAILED of the workflow",
    good=[_failed(_FAILED)],
    bad=[
        Case(stack={"workflow": _WORKFLOW}),
        _failed(_FAILED, enabled=False),
        _failed_otherwise(filter='metric.type="workflows.googleapis.com/finished_execution_count"'),
        _failed_otherwise(filter='resource.labels.workflow_id="export" AND metric.labels.status="FAILED"'),
        _failed_otherwise(thresholdValue=5),
        _failed_otherwise(comparison="COMPARISON_LT"),
    ],
)
def alert_failed(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(workflow: Resource) -> Iterator[str]:
        name = workflow.text("name")
        wanted = (
            f'resource.labels.workflow_id="{name}"',
            'metric.labels.status="FAILED"',
            "workflows.googleapis.com/finished_execution_count",
        )

        if not some_of(stack.of(ALERT_POLICY), lambda policy: tells_of_any(policy, wanted)):
            yield "no alert policy tells of its failed runs"

    yield from about_each_resource(stack.of(WORKFLOW), check)


def tells_of_any(policy: Resource, wanted: Sequence[str]) -> bool:
    """Whether an alert is raised by the first event that a filter with all of these parts counts."""
    conditions = [node.node("conditionThreshold") for node in policy.nodes("conditions")]
    return policy.get("enabled") in (True, None) and any(
        all(part in each.text("filter") for part in wanted)
        and each.get("comparison") == "COMPARISON_GT"
        and each.number("thresholdValue") in (0, None)
        for each in conditions
    )


@rule(
    "cpy-drill",
    title="An alert tells when nobody has practised recovery for too long",
    severity=Severity.MEDIUM,
    types=[BUCKET, LOG_METRIC, ALERT_POLICY],
    sources=["NIST 800-53: CP-4", "REC-TABLE", "REC-PITR", "REC-FULL", "REC-REGION"],
    reason="a copy that was never restored may not be one, and a procedure that nobody has tried takes twice as long",
    fix="keep the metric and the alert of drills; lower recovery.drills.every in the stack file",
    parameters={"most_hours": Parameter(35 * 24, "Longest time between two drills, in hours")},
    good=[
        Case(stack={"bucket": _KEPT, "metric": _metric("drills/.+"), "alert": _age(720)}),
        Case(stack={"bucket": (BUCKET, {"name": "p-search-snapshots"})}),
    ],
    bad=[
        Case(stack={"bucket": _KEPT}),
        Case(stack={"bucket": _KEPT, "metric": _metric("drills/.+"), "alert": _age(841)}),
        Case(stack={"bucket": _KEPT, "metric": _metric("drills/.+"), "alert": _age(720, enabled=False)}),
        Case(stack={"bucket": _KEPT, "metric": _metric("postgres/.+"), "alert": _age(26)}),
    ],
)
def drill(stack: Stack, most_hours: int) -> Iterator[tuple[Resource, str]]:
    def check(bucket: Resource) -> Iterator[str]:
        kept = bucket.text("name").endswith(BACKUPS) and not bucket.text("name").endswith(CACHE_EXPORTS)
        if kept and not _is_watched(stack, "/objects/drills/", most_hours):
            yield f"no alert looks back over {most_hours} hours or less for the record of a drill"

    yield from about_each_resource(stack.of(BUCKET), check)


def _started(retries: object, uri: str = _URI) -> Case:
    return Case({"httpTarget": {"uri": uri}, "retryConfig": {"retryCount": retries}})


@rule(
    "cpy-retries",
    title="An export that could not be started is tried again",
    severity=Severity.MEDIUM,
    types=[SCHEDULE],
    sources=["NIST 800-53: CP-10"],
    reason="one refused call, and a whole day has no copy",
    fix="set retryConfig.retryCount to 1 or more; a run that finds another under way ends at once",
    good=[_started(3), _started(0, "https://run.googleapis.com/v2/projects/p/locations/r/jobs/upkeep:run")],
    bad=[_started(0), _started(None), Case({"httpTarget": {"uri": _URI}})],
)
def retries(schedule: Resource) -> Iterator[str]:
    if starts_a_workflow(schedule):
        yield from must_reach(schedule, "retryConfig.retryCount", 1, "retries")


@rule(
    "wf-delete-guard",
    title="The provider refuses to delete a workflow",
    severity=Severity.MEDIUM,
    types=[WORKFLOW],
    sources=["NIST 800-53: CM-6"],
    reason="without its workflow a store has no copies from that day on",
    fix="set deletionProtection to true",
    good=[Case({"deletionProtection": True})],
    bad=[Case({"deletionProtection": False}), Case({})],
)
def delete_guard(workflow: Resource) -> Iterator[str]:
    yield from must_be(workflow, "deletionProtection", True)
