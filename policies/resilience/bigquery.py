"""BigQuery: tables that are not deleted by mistake, and queries that do not cost without end."""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from policies.kit import Case, Parameter, Resource, Severity, Stack, must_be, rule
from policies.kit.types import DATASET, TABLE
from policies.resilience.reading import known_text

_QUOTA = "gcp:serviceusage/consumerQuotaOverride:ConsumerQuotaOverride"
_SLOTS = "gcp:bigquery/reservationAssignment:ReservationAssignment"
_SERVICE = "bigquery.googleapis.com"
_METRIC = f"{_SERVICE}/quota/query/usage"
_PER_DAY, _PER_USER = "/d/project", "/d/project/user"
_NO_ROWS_OF_ITS_OWN = ("view", "materializedView", "externalDataConfiguration")


@rule(
    "bq-delete-guard",
    title="BigQuery's tables refuse to be deleted, and a dataset never takes its tables with it",
    severity=Severity.HIGH,
    types=[TABLE, DATASET],
    sources=["NIST 800-53: CP-9", "CKV_GCP_121"],
    reason="a deleted table is gone for good after the days of time travel",
    fix="set project.deletionGuards: true in the stack file; keep deleteContentsOnDestroy false",
    good=[
        Case({"deletionProtection": True}, type=TABLE),
        Case({"deleteContentsOnDestroy": False}, type=DATASET),
        Case({}, type=DATASET),
    ],
    bad=[
        Case({"deletionProtection": False}, type=TABLE),
        Case({}, type=TABLE),
        Case({"deleteContentsOnDestroy": True}, type=DATASET),
    ],
)
def delete_guard(resource: Resource) -> Iterator[str]:
    if resource.type == TABLE:
        yield from must_be(resource, "deletionProtection", True)
    else:
        yield from must_be(resource, "deleteContentsOnDestroy", False, None)


@rule(
    "bq-partition-filter",
    title="Tables are partitioned, and a query must say which partitions it reads",
    severity=Severity.LOW,
    types=[TABLE],
    sources=["NIST 800-53: SC-5", "COST-OPT"],
    reason="a query without a partition filter reads, and pays for, the whole table",
    fix="set timePartitioning and requirePartitionFilter: true",
    parameters={"whole": Parameter((), "Ids of small tables that may be read as a whole")},
    good=[
        Case({"tableId": "events", "timePartitioning": {"type": "DAY"}, "requirePartitionFilter": True}),
        Case({"tableId": "latest", "view": {"query": "SELECT 1"}}),
    ],
    bad=[
        Case({"tableId": "events", "timePartitioning": {"type": "DAY"}, "requirePartitionFilter": False}),
        Case({"tableId": "events", "timePartitioning": {"type": "DAY"}}),
        Case({"tableId": "events", "requirePartitionFilter": True}),
    ],
)
def partition_filter(table: Resource, whole: Sequence[str]) -> Iterator[str]:
    if known_text(table, "tableId") in whole or any(table.has(kind) for kind in _NO_ROWS_OF_ITS_OWN):
        return
    if not table.has("timePartitioning") and not table.has("rangePartitioning"):
        yield "neither timePartitioning nor rangePartitioning is set"
    yield from must_be(table, "requirePartitionFilter", True)


def _quota(limit: str, mib: str, **inputs: object) -> tuple[str, dict[str, object]]:
    metric = _METRIC.replace("/", "%2F")
    stated = {"service": _SERVICE, "metric": metric, "limit": limit.replace("/", "%2F"), "overrideValue": mib}
    return _QUOTA, {**stated, **inputs}


_DAY, _USER = _quota(_PER_DAY, "2097152"), _quota(_PER_USER, "1048576")
_DATA = (DATASET, {"datasetId": "raw"})


@rule(
    "bq-cost-quota",
    title="Queries have a daily quota for the project and for each user, or bought slots",
    severity=Severity.MEDIUM,
    types=[DATASET, _QUOTA, _SLOTS],
    sources=["NIST 800-53: SC-5", "COST-Y3"],
    reason="without a quota one query in a loop spends the year's budget in a night",
    fix="set bigquery.cost in the stack file",
    parameters={
        "most_mib_a_day": Parameter(2097152, "Largest quota of the project, in MiB read a day"),
        "most_mib_a_user": Parameter(1048576, "Largest quota of one user, in MiB read a day"),
    },
    good=[
        Case(stack={"data": _DATA, "day": _DAY, "user": _USER}),
        Case(stack={"data": _DATA, "slots": (_SLOTS, {"jobType": "QUERY"})}),
        Case(),
    ],
    bad=[
        Case(stack={"data": _DATA}),
        Case(stack={"data": _DATA, "day": _DAY}),
        Case(stack={"data": _DATA, "day": _quota(_PER_DAY, "4194304"), "user": _USER}),
        Case(stack={"data": _DATA, "day": _DAY, "user": _quota(_PER_USER, "-1")}),
        Case(stack={"data": _DATA, "day": _quota(_PER_DAY, "2097152", metric="another"), "user": _USER}),
        Case(stack={"data": _DATA, "day": _quota(_PER_DAY, "2097152", service="another"), "user": _USER}),
    ],
)
def cost_quota(stack: Stack, most_mib_a_day: int, most_mib_a_user: int) -> Iterator[tuple[Resource | None, str]]:
    datasets = stack.of(DATASET)
    if not datasets or stack.of(_SLOTS):
        return
    for limit, most in ((_PER_DAY, most_mib_a_day), (_PER_USER, most_mib_a_user)):
        if not any(_limits(quota, limit, most) for quota in stack.of(_QUOTA)):
            yield datasets[0], f"no quota of {_METRIC}{limit} at {most:.0f} MiB or less is declared"


def _limits(quota: Resource, limit: str, most: float) -> bool:
    value = quota.number("overrideValue")
    named = ("service", "metric", "limit")
    found = tuple(unquote(known_text(quota, name)) for name in named)
    return found == (_SERVICE, _METRIC, limit) and value is not None and 0 < value <= most
