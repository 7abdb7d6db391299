"""Buckets of backups: what is deleted there can be brought back, and what must stay cannot be deleted.

There are three kinds. A bucket of exports holds files that are written once: a locked retention policy keeps them. A
repository of search snapshots is overwritten and cleaned by Elasticsearch itself at every snapshot: there a policy that
forbids deletion, or a rule that deletes by age, breaks the repository, and soft delete brings back what is gone
(ADR 0012). A bucket of a cache's exports keeps each for a day and then deletes it: that is as long as an old cache is
worth anything, and its own retention holds them so long (ADR 0024). A bucket's name says which kind it is.
"""

from collections.abc import Iterator, Sequence

from policies.backup.reading import DAY
from policies.kit import Case, Level, Node, Parameter, Resource, Severity, must_be, rule
from policies.kit.exports import CACHE_EXPORTS
from policies.kit.types import BUCKET

_SOFT = "softDeletePolicy.retentionDurationSeconds"
_PERIOD = "retentionPolicy.retentionPeriod"

_REWRITTEN = Parameter(
    ("-search-snapshots",),
    "Endings of the names of buckets whose files their own writer overwrites and deletes",
)
_SHORT = Parameter((CACHE_EXPORTS,), "Endings of the names of buckets whose objects are kept for a day or some days")
_KEPT_DAYS = Parameter(30, "Least days for which deleted or overwritten objects can be brought back")


def _soft(days: int, **inputs: object) -> Case:
    return Case({"softDeletePolicy": {"retentionDurationSeconds": days * DAY}, **inputs})


@rule(
    "gcs-versioning",
    title="What is deleted or overwritten in a bucket can be brought back",
    severity=Severity.MEDIUM,
    types=[BUCKET],
    sources=["NIST 800-53: CP-9", "CKV_GCP_78", "trivy GCP-0078", "ES-SVC"],
    reason="one wrong command, or a stolen key of the writer, deletes every snapshot; Google's own week may be short",
    fix="raise elasticsearch.snapshots.deletedKept in the stack file, or switch on versioning",
    parameters={"kept_days": _KEPT_DAYS, "short": _SHORT},
    good=[_soft(30), _soft(0, versioning={"enabled": True}), _soft(0, name="p-1-cache-exports")],
    bad=[_soft(7), _soft(0), Case({}), Case({"softDeletePolicy": {}}), _soft(7, versioning={"enabled": False})],
)
def versioning(bucket: Resource, kept_days: int, short: Sequence[str]) -> Iterator[str]:
    if bucket.text("name").endswith(tuple(short)):
        return
    if bucket.get("versioning.enabled") is not True and (bucket.number(_SOFT) or 0) < kept_days * DAY:
        yield f"{_SOFT} is {bucket.shown(_SOFT)} and versioning off; {kept_days:g} days ({kept_days * DAY}) are needed"


def _is_rewritten(bucket: Resource, endings: Sequence[str]) -> bool:
    return bucket.text("name").endswith(tuple(endings))


def _exports(days: object = 35 * DAY, locked: object = True, **inputs: object) -> Case:
    return Case({"name": "exports", "retentionPolicy": {"retentionPeriod": days, "isLocked": locked}, **inputs})


@rule(
    "gcs-retention-lock",
    title="Exports cannot be deleted before their time; a repository of snapshots is left to its writer",
    severity=Severity.HIGH,
    types=[BUCKET],
    sources=["CIS GCP 5.0: 2.3", "NIST 800-53: CP-9", "CKV2_GCP_4", "prowler sufficient_retention_period", "BAK-PG"],
    reason="a backup that an intruder or a faulty program can delete is none; but Elasticsearch deletes files of its "
    "repository at every snapshot, and fails where it may not",
    fix="give a bucket of exports a locked retentionPolicy; give a bucket of search snapshots none, and no hold",
    parameters={
        "export_days": Parameter(35, "Least retention of exports in days"),
        "locked": Parameter(True, "Whether the retention must be locked, so that nobody can shorten it"),
        "rewritten": _REWRITTEN,
        "short": _SHORT,
    },
    good=[
        _exports(),
        _exports(DAY, name="p-1-cache-exports"),
        _exports(str(35 * DAY)),
        Case({"name": "p-search-snapshots"}),
        Case({"name": "p-search-snapshots", "defaultEventBasedHold": False}),
    ],
    bad=[
        Case({"name": "exports"}),
        _exports(7 * DAY),
        _exports(locked=False),
        _exports(DAY // 2, name="p-1-cache-exports"),
        _exports(DAY, locked=False, name="p-1-cache-exports"),
        _exports(locked=None),
        Case({"name": "p-search-snapshots", "retentionPolicy": {"retentionPeriod": 35 * DAY}}),
        Case({"name": "p-search-snapshots", "defaultEventBasedHold": True}),
    ],
)
def retention_lock(
    bucket: Resource, export_days: int, locked: bool, rewritten: Sequence[str], short: Sequence[str]
) -> Iterator[str]:
    if _is_rewritten(bucket, rewritten):
        if bucket.has("retentionPolicy"):
            yield "retentionPolicy is set, but the writer of this bucket must be able to delete"
        yield from must_be(bucket, "defaultEventBasedHold", False, None)
        return
    days = 1 if bucket.text("name").endswith(tuple(short)) else export_days
    if (bucket.number(_PERIOD) or 0) < days * DAY:
        yield f"{_PERIOD} is {bucket.shown(_PERIOD)}; {days:g} days ({days * DAY}) are needed"
    if locked:
        yield from must_be(bucket, "retentionPolicy.isLocked", True)


_HARMLESS = ("AbortIncompleteMultipartUpload", "SetStorageClass")
_ABORT = {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}}


def _deleting(name: str = "exports", **condition: object) -> Case:
    rules = [_ABORT, {"action": {"type": "Delete"}, "condition": condition}]
    return Case({"name": name, "retentionPolicy": {"retentionPeriod": 35 * DAY}, "lifecycleRules": rules})


@rule(
    "gcs-no-early-delete",
    title="No lifecycle rule deletes what must stay",
    severity=Severity.HIGH,
    types=[BUCKET],
    sources=["NIST 800-53: CP-9", "prowler lifecycle", "BAK-PG", "ES-SVC"],
    reason="snapshots of Elasticsearch share files, so that one deleted by its age breaks all that need it; and "
    "exports go at that age as soon as no retention holds them",
    fix="delete exports no sooner than retentionPolicy says, old versions by daysSinceNoncurrentTime, and nothing that "
    "is live in a repository of snapshots",
    parameters={"kept_days": _KEPT_DAYS, "rewritten": _REWRITTEN},
    good=[
        Case({"name": "p-search-snapshots", "lifecycleRules": [_ABORT]}),
        Case({"name": "exports"}),
        _deleting(age=35),
        _deleting(daysSinceNoncurrentTime=30),
        _deleting("p-search-snapshots", daysSinceNoncurrentTime=30),
    ],
    bad=[
        _deleting(age=7),
        _deleting(numNewerVersions=1),
        _deleting(),
        _deleting(daysSinceNoncurrentTime=1),
        _deleting("p-search-snapshots", age=365),
        Case({"name": "exports", "lifecycleRules": [{"action": {"type": "Delete"}, "condition": {"age": 365}}]}),
        Case({"name": "exports", "lifecycleRules": [{"action": {"type": "Purge"}, "condition": {"age": 365}}]}),
        Case({"name": "exports", "lifecycleRules": [{"condition": {"age": 365}}]}),
    ],
)
def no_early_delete(bucket: Resource, kept_days: int, rewritten: Sequence[str]) -> Iterator[str]:
    period = 0 if _is_rewritten(bucket, rewritten) else (bucket.number(_PERIOD) or 0) / DAY
    for each in bucket.nodes("lifecycleRules"):
        if each.text("action.type") in _HARMLESS:
            continue
        condition = each.node("condition")
        if _days(condition, "daysSinceNoncurrentTime") < kept_days and not 0 < period <= _days(condition, "age"):
            action = each.shown("action.type")
            yield f"{each.where} ({action}) reaches live objects too soon, or old ones within {kept_days:g} days"


def _days(condition: Node, path: str) -> float:
    return condition.number(path) or 0


@rule(
    "gcs-lifecycle",
    title="A bucket is rid of unfinished uploads, and of exports that are past their time",
    severity=Severity.LOW,
    level=Level.ADVISORY,
    types=[BUCKET],
    sources=["NIST 800-53: SI-12", "prowler lifecycle", "COST-OPT"],
    reason="parts of uploads that failed, and exports that nobody needs, are paid for every month and seen nowhere",
    fix="add a lifecycle rule that aborts unfinished uploads, and to a bucket of exports one that deletes old ones",
    parameters={"upload_days": Parameter(30, "Most days after which an unfinished upload is given up")},
    good=[
        Case({"lifecycleRules": [_ABORT]}),
        _deleting(age=36),
    ],
    bad=[
        Case({}),
        Case({"lifecycleRules": [{"action": _ABORT["action"], "condition": {"age": 365}}]}),
        Case({"lifecycleRules": [{"action": _ABORT["action"]}]}),
        Case({"retentionPolicy": {"retentionPeriod": 35 * DAY}, "lifecycleRules": [_ABORT]}),
    ],
)
def lifecycle(bucket: Resource, upload_days: int) -> Iterator[str]:
    rules = bucket.nodes("lifecycleRules")
    ages = {each.text("action.type"): _days(each, "condition.age") for each in rules}
    if not 0 < ages.get("AbortIncompleteMultipartUpload", 0) <= upload_days:
        yield f"no lifecycle rule gives up unfinished uploads within {upload_days:g} days"
    if bucket.has("retentionPolicy") and "Delete" not in ages:
        yield "no lifecycle rule deletes exports that are past their retention"
