"""Copies outside the stores: each database and cache is exported by a schedule, to another region than its own."""

from collections.abc import Iterator

from policies.backup.reading import days_kept
from policies.kit import Case, Parameter, Resource, Severity, Stack, must_be, rule
from policies.kit.exports import BACKUPS, argument, body, starts_a_workflow, workflow_of
from policies.kit.postgres import is_primary
from policies.kit.types import ATLAS_EXPORT_BUCKET, ATLAS_SCHEDULE, BUCKET, REDIS, SCHEDULE, SQL_INSTANCE, WORKFLOW
from policies.kit.waiting import about_each_resource, fitting, some_of

_URI = "https://workflowexecutions.googleapis.com/v1/projects/p/locations/r/workflows/export/executions"
_PRIMARY = (SQL_INSTANCE, {"name": "primary", "region": "asia-northeast1"})
_CACHE = (REDIS, {"name": "cache", "region": "asia-northeast1"})
_WORKFLOW = (WORKFLOW, {"name": "export"})


def _schedule(*, uri: str = _URI, **told: object) -> tuple[str, dict[str, object]]:
    kept = {"instance": "primary", "databases": ["triptrip"], "bucket": "p-1-backups", **told}
    return (SCHEDULE, {"httpTarget": {"uri": uri, "body": body(**kept)}})


@rule(
    "cpy-export",
    title="Every PostgreSQL and every Redis is exported to a bucket by a schedule",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE, REDIS, SCHEDULE, WORKFLOW],
    sources=["NIST 800-53: CP-9", "NIST 800-53: CP-6", "BAK-PG", "RDS-BACKUP", "COR-06", "COR-07"],
    reason="backups that a service keeps end with the instance, the project or the region, or by whoever deletes them",
    fix="set recovery in the stack file",
    good=[
        Case(stack={"primary": _PRIMARY, "workflow": _WORKFLOW, "schedule": _schedule()}),
        Case(stack={"cache": _CACHE, "workflow": _WORKFLOW, "schedule": _schedule(instance="cache", databases=[])}),
        Case(stack={"replica": (SQL_INSTANCE, {"name": "replica", "masterInstanceName": "primary"})}),
        Case(),
    ],
    bad=[
        Case(stack={"primary": _PRIMARY}),
        Case(stack={"cache": _CACHE}),
        Case(stack={"primary": _PRIMARY, "workflow": _WORKFLOW, "schedule": _schedule(instance="other")}),
        Case(stack={"primary": _PRIMARY, "workflow": _WORKFLOW, "schedule": _schedule(databases=[])}),
        Case(
            stack={
                "primary": _PRIMARY,
                "workflow": _WORKFLOW,
                "schedule": _schedule(uri=_URI.replace("/export/", "/other/")),
            }
        ),
        Case(stack={"primary": _PRIMARY, "schedule": _schedule()}),
        Case(stack={"primary": _PRIMARY, "workflow": _WORKFLOW, "schedule": _schedule(uri="https://example.com")}),
        Case(stack={"primary": _PRIMARY, "workflow": _WORKFLOW, "schedule": (SCHEDULE, {"httpTarget": {"uri": _URI}})}),
    ],
)
def export(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(store: Resource) -> Iterator[str]:
        if store.type == SQL_INSTANCE and not is_primary(store):
            return
        if not some_of(_exports_of(stack, store), lambda told: _is_whole(stack, store, told)):
            yield f"no schedule starts a workflow of this stack that exports {store.shown('name')}"

    yield from about_each_resource(stack.of(SQL_INSTANCE, REDIS), check)


def _exports_of(stack: Stack, store: Resource) -> list[Resource]:
    """The schedules that tell a workflow to export a store."""
    return fitting(
        stack.of(SCHEDULE),
        lambda schedule: starts_a_workflow(schedule) and argument(schedule).get("instance") == store.text("name"),
    )


def _is_whole(stack: Stack, store: Resource, schedule: Resource) -> bool:
    told = argument(schedule)
    if store.type == SQL_INSTANCE and not told.get("databases"):
        return False
    return some_of(stack.of(WORKFLOW), lambda workflow: workflow.text("name") == workflow_of(schedule))


@rule(
    "cpy-second-region",
    title="Copies of PostgreSQL lie in a bucket of this stack, in another region",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE, SCHEDULE, BUCKET],
    sources=["NIST 800-53: CP-6", "NIST 800-53: CP-9", "REC-REGION", "BAK-PG"],
    reason="a copy beside the store is lost with its region",
    fix="set recovery.region in the stack file to another region than project.region; after a failover into it, waive "
    "this until the way back (docs/runbooks/recovery-region.md)",
    good=[
        Case(
            stack={
                "primary": _PRIMARY,
                "schedule": _schedule(),
                "bucket": (BUCKET, {"name": "p-1-backups", "location": "asia-northeast2"}),
            }
        ),
        Case(stack={"primary": _PRIMARY}),
    ],
    bad=[
        Case(
            stack={
                "primary": _PRIMARY,
                "schedule": _schedule(),
                "bucket": (BUCKET, {"name": "p-1-backups", "location": "ASIA-NORTHEAST1"}),
            }
        ),
        Case(stack={"primary": _PRIMARY, "schedule": _schedule()}),
        Case(stack={"primary": _PRIMARY, "schedule": _schedule(), "bucket": (BUCKET, {"name": "p-1-backups"})}),
        Case(
            stack={
                "primary": _PRIMARY,
                "schedule": _schedule(bucket="other"),
                "bucket": (BUCKET, {"name": "p-1-backups", "location": "asia-northeast2"}),
            }
        ),
    ],
)
def second_region(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(instance: Resource) -> Iterator[str]:
        for schedule in _exports_of(stack, instance) if is_primary(instance) else ():
            name, home = argument(schedule).get("bucket"), instance.text("region")
            buckets = fitting(stack.of(BUCKET), lambda bucket: bucket.text("name") == name)  # noqa: B023 # asked at once
            if not some_of(buckets, lambda bucket: bucket.text("location").lower() not in ("", home)):  # noqa: B023
                yield f"{name} is no bucket of this stack outside of {home}"

    yield from about_each_resource(stack.of(SQL_INSTANCE), check)


@rule(
    "cpy-versioned",
    title="A bucket of copies keeps what is overwritten or deleted",
    severity=Severity.MEDIUM,
    types=[BUCKET],
    sources=["NIST 800-53: CP-9", "CKV_GCP_78", "trivy GCP-0078"],
    reason="a copy of the same name would take the place of a whole one, and nobody could tell",
    fix="set versioning.enabled to true",
    good=[
        Case({"name": "p-1-backups", "versioning": {"enabled": True}}),
        Case({"name": "p-search-snapshots"}),
    ],
    bad=[Case({"name": "p-1-backups"}), Case({"name": "p-1-backups", "versioning": {"enabled": False}})],
)
def versioned(bucket: Resource) -> Iterator[str]:
    if bucket.text("name").endswith(BACKUPS):
        yield from must_be(bucket, "versioning.enabled", True)


_WEEKLY = {"frequencyInterval": 7, "retentionUnit": "days", "retentionValue": 30}
_EXPORTING = {
    "autoExportEnabled": True,
    "export": {"exportBucketId": "e", "frequencyType": "weekly"},
    "policyItemWeeklies": [_WEEKLY],
}
_INTO = (ATLAS_EXPORT_BUCKET, {"bucketName": "p-1-backups", "cloudProvider": "GCP"})
_KEPT = (BUCKET, {"name": "p-1-backups"})
_ITEMS = {"weekly": "policyItemWeeklies", "monthly": "policyItemMonthlies"}


def _exporting(**inputs: object) -> Case:
    return Case(stack={"schedule": (ATLAS_SCHEDULE, {**_EXPORTING, **inputs}), "into": _INTO, "bucket": _KEPT})


@rule(
    "atl-export",
    title="Atlas exports snapshots to a bucket of copies of this stack",
    severity=Severity.HIGH,
    types=[ATLAS_SCHEDULE, ATLAS_EXPORT_BUCKET, BUCKET],
    sources=["NIST 800-53: CP-6", "NIST 800-53: CP-9", "MDB-BACKUP", "COR-14"],
    reason="snapshots that Atlas keeps end with its project, and with the contract",
    fix="set recovery in the stack file",
    parameters={"snapshot_days": Parameter(7, "Least days that Atlas keeps a snapshot that it exports")},
    good=[
        _exporting(),
        _exporting(
            export={"exportBucketId": "e", "frequencyType": "monthly"},
            policyItemWeeklies=[],
            policyItemMonthlies=[_WEEKLY],
        ),
        Case(stack={"bucket": _KEPT}),
    ],
    bad=[
        _exporting(autoExportEnabled=False),
        _exporting(autoExportEnabled=None),
        _exporting(export=None),
        _exporting(export={"exportBucketId": "e", "frequencyType": "yearly"}),
        _exporting(export={"frequencyType": "weekly"}),
        _exporting(policyItemWeeklies=[]),
        _exporting(policyItemWeeklies=[{**_WEEKLY, "frequencyInterval": 9}]),
        _exporting(policyItemWeeklies=[{**_WEEKLY, "retentionValue": 6}]),
        _exporting(policyItemWeeklies=[{**_WEEKLY, "retentionUnit": "fortnights"}]),
        Case(stack={"schedule": (ATLAS_SCHEDULE, _EXPORTING), "bucket": _KEPT}),
        Case(stack={"schedule": (ATLAS_SCHEDULE, _EXPORTING), "into": _INTO}),
        Case(
            stack={
                "schedule": (ATLAS_SCHEDULE, _EXPORTING),
                "into": (ATLAS_EXPORT_BUCKET, {"bucketName": "p-1-backups", "cloudProvider": "AWS"}),
                "bucket": _KEPT,
            }
        ),
    ],
)
def atlas_export(stack: Stack, snapshot_days: int) -> Iterator[tuple[Resource, str]]:
    def is_ours(into: Resource) -> bool:
        named = some_of(stack.of(BUCKET), lambda bucket: bucket.text("name") == into.text("bucketName"))
        return named and into.text("cloudProvider") == "GCP" and into.text("bucketName").endswith(BACKUPS)

    def check(schedule: Resource) -> Iterator[str]:
        yield from must_be(schedule, "autoExportEnabled", True)
        frequency = schedule.text("export.frequencyType")
        items = schedule.nodes(_ITEMS[frequency]) if frequency in _ITEMS else []
        kept = [item for item in items if 1 <= (item.number("frequencyInterval") or 0) <= _DAYS_OF[frequency]]
        if not kept or days_kept(kept[0]) < snapshot_days:
            yield f"export.frequencyType is {frequency or 'not set'}; none such is kept {snapshot_days} days"
        if not schedule.has("export.exportBucketId") or not some_of(stack.of(ATLAS_EXPORT_BUCKET), is_ours):
            yield "export.exportBucketId names no bucket of copies of this stack"

    yield from about_each_resource(stack.of(ATLAS_SCHEDULE), check)


_DAYS_OF = {"weekly": 7, "monthly": 28}
"""The days of which a snapshot's is one: of the week, or those that every month has."""
