"""What BigQuery can bring back, and what it deletes by itself."""

from collections.abc import Iterator, Mapping

from policies.backup.reading import DAY
from policies.kit import Case, Parameter, Resource, Severity, Stack, must_reach, rule
from policies.kit.types import DATASET, TABLE
from policies.kit.waiting import about_each_resource, fitting

_DAY_MS = DAY * 1000


@rule(
    "bq-time-travel",
    title="Deleted and overwritten rows of BigQuery can be read for a week",
    severity=Severity.MEDIUM,
    types=[DATASET],
    sources=["NIST 800-53: CP-9", "REC-TABLE"],
    reason="BigQuery has no backup: a table that a query has emptied is read from its own past, or not at all",
    fix="raise bigquery.timeTravel in the stack file",
    parameters={"travel_hours": Parameter(168, "Least hours of time travel, 48 to 168")},
    good=[Case({"maxTimeTravelHours": "168"}), Case({"maxTimeTravelHours": 168})],
    bad=[Case({"maxTimeTravelHours": "48"}), Case({"maxTimeTravelHours": None}), Case({})],
)
def time_travel(dataset: Resource, travel_hours: int) -> Iterator[str]:
    yield from must_reach(dataset, "maxTimeTravelHours", travel_hours, "hours")


_LIFETIMES: Mapping[str, Mapping[str, str]] = {
    DATASET: {"defaultTableExpirationMs": "tables", "defaultPartitionExpirationMs": "partitions"},
    TABLE: {"timePartitioning.expirationMs": "partitions"},
}
"""Inputs after which BigQuery deletes by itself, and what it deletes."""


@rule(
    "bq-retention",
    title="BigQuery deletes nothing by itself before its time",
    severity=Severity.MEDIUM,
    types=_LIFETIMES,
    sources=["NIST 800-53: SI-12", "WL-TS"],
    reason="what expires is gone after the time travel, without a word and without a query that anybody ran",
    fix="raise bigquery.datasets.*.tableLifetime, partitionLifetime or bigquery.tables.*.retention in the stack file, "
    "or leave it out",
    parameters={
        "table_days": Parameter(90, "Least lifetime of a table that expires, in days"),
        "partition_days": Parameter(730, "Least lifetime of a partition that expires, in days"),
    },
    good=[
        Case({}, type=DATASET),
        Case({"defaultTableExpirationMs": 90 * _DAY_MS}, type=DATASET),
        Case({"defaultPartitionExpirationMs": str(730 * _DAY_MS)}, type=DATASET),
        Case({"timePartitioning": {"type": "DAY"}}, type=TABLE),
        Case({"timePartitioning": {"type": "DAY", "expirationMs": 730 * _DAY_MS}}, type=TABLE),
    ],
    bad=[
        Case({"defaultTableExpirationMs": 3_600_000}, type=DATASET),
        Case({"defaultPartitionExpirationMs": 7 * _DAY_MS}, type=DATASET),
        Case({"defaultPartitionExpirationMs": "soon"}, type=DATASET),
        Case({"timePartitioning": {"type": "DAY", "expirationMs": 7 * _DAY_MS}}, type=TABLE),
        Case({"expirationTime": 1_800_000_000_000}, type=TABLE),
    ],
)
def retention(store: Resource, table_days: int, partition_days: int) -> Iterator[str]:
    least = {"tables": table_days, "partitions": partition_days}
    for path, what in _LIFETIMES[store.type].items():
        if store.has(path):
            days = (store.number(path) or 0) / _DAY_MS
            if days < least[what]:
                yield f"{path} deletes {what} after {days:g} days; at least {least[what]:g} are needed, or none set"
    if store.type == TABLE and store.has("expirationTime"):
        yield "expirationTime is set: the whole table is deleted at that moment"


_EXPIRING = (DATASET, {"datasetId": "ml", "defaultTableExpirationMs": 90 * _DAY_MS})
_PARTITIONED = {"timePartitioning": {"type": "DAY"}}


@rule(
    "bq-tables-stay",
    title="No declared table lies in a dataset whose tables expire",
    severity=Severity.MEDIUM,
    types=[DATASET, TABLE],
    sources=["NIST 800-53: CP-9"],
    reason="a new table takes the dataset's lifetime: on its last day it is gone, whatever deletion protection says",
    fix="declare the table in a dataset without tableLifetime, or give that dataset a partitionLifetime",
    good=[
        Case(stack={"dataset": (DATASET, {"datasetId": "ml"}), "table": (TABLE, {"datasetId": "ml"})}),
        Case(stack={"dataset": _EXPIRING, "table": (TABLE, {"datasetId": "raw"})}),
        Case(
            stack={
                "dataset": (DATASET, {**_EXPIRING[1], "defaultPartitionExpirationMs": 730 * _DAY_MS}),
                "table": (TABLE, {"datasetId": "ml", **_PARTITIONED}),
            }
        ),
    ],
    bad=[
        Case(stack={"dataset": _EXPIRING, "table": (TABLE, {"datasetId": "ml"})}),
        Case(stack={"dataset": _EXPIRING, "table": (TABLE, {"datasetId": "ml", **_PARTITIONED})}),
    ],
)
def tables_stay(stack: Stack) -> Iterator[tuple[Resource, str]]:
    datasets = stack.of(DATASET)

    def check(table: Resource) -> Iterator[str]:
        of_table = table.text("datasetId")
        for dataset in fitting(datasets, lambda each: each.text("datasetId") == of_table):
            # A partitioned table takes the lifetime of partitions instead, where the dataset has one.
            spared = table.has("timePartitioning") and _is_set(dataset, "defaultPartitionExpirationMs")
            if dataset.has("defaultTableExpirationMs") and not spared:
                yield f"its dataset {dataset.shown('datasetId')} deletes tables that are older than tableLifetime"

    yield from about_each_resource(stack.of(TABLE), check)


def _is_set(dataset: Resource, path: str) -> bool:
    return dataset.get(path) not in (None, "")
