"""The warehouse as it will be declared: datasets, tables, access, reports, cost guard, federation (BQ-SVC, WL-OLAP)."""

import json
from dataclasses import dataclass
from datetime import timedelta
from graphlib import TopologicalSorter
from string import Template

from infra.catalog import bigquery_rows
from infra.catalog.bigquery_rows import Report, WarehouseTable
from infra.derive import postgres_roles, schedule
from infra.derive.names import Names
from infra.settings import Settings
from infra.settings.bigquery import REPORT_RUNNER, BigquerySettings
from infra.settings.bigquery_parts import CostSettings, DatasetSettings, ReportSettings, TableSettings


@dataclass(frozen=True)
class AccessPlan:
    """One role in a dataset, by the name the API gives it back with, and who has it."""

    role: str
    groups: tuple[str, ...]
    programs: tuple[str, ...]


@dataclass(frozen=True)
class DatasetPlan:
    """A dataset; `reader_datasets` read it by their views; lifetimes in milliseconds, None for ever."""

    key: str
    description: str
    access: tuple[AccessPlan, ...]
    reader_datasets: tuple[str, ...]
    table_lifetime: int | None
    partition_lifetime: int | None


@dataclass(frozen=True)
class TablePlan:
    """A table; `schema` is JSON as the API gives it back, `retention` in milliseconds, None for ever."""

    key: str
    dataset: str
    description: str
    schema: str
    partition: str
    clustering: tuple[str, ...]
    retention: int | None


@dataclass(frozen=True)
class ReportPlan:
    """A daily query: its UTC schedule, and the partition of the table it replaces; `tables` are all it touches."""

    key: str
    description: str
    dataset: str
    destination: str
    query: str
    schedule: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class ScanQuotaPlan:
    """Bytes that may be read a day, in MiB, the quota's own unit."""

    per_day: int
    per_user_per_day: int


@dataclass(frozen=True)
class ReservationPlan:
    """Slots: paid for all the time, and added when they are needed."""

    name: str
    edition: str
    baseline: int
    added: int


@dataclass(frozen=True)
class FederationPlan:
    """The way into PostgreSQL; `replica` is None where the primary is asked, `database_roles` until they are made.

    Besides groups the schema step uses it: BigQuery checks the queries of a procedure when the step makes it.
    """

    connection: str
    user: str
    database_roles: tuple[str, ...] | None
    database: str
    replica: str | None
    password_version: int
    user_groups: tuple[str, ...]
    user_programs: tuple[str, ...]


@dataclass(frozen=True)
class BigqueryPlan:
    """The whole warehouse; `time_travel_hours` is text in the API."""

    location: str
    time_travel_hours: str
    storage_billing: str
    datasets: tuple[DatasetPlan, ...]
    tables: tuple[TablePlan, ...]
    reports: tuple[ReportPlan, ...]
    query_groups: tuple[str, ...]
    query_programs: tuple[str, ...]
    cost: ScanQuotaPlan | ReservationPlan
    federation: FederationPlan | None


def bigquery_plan(bigquery: BigquerySettings, settings: Settings, names: Names) -> BigqueryPlan:
    """Work the warehouse out from settings that `infra.derive.checks` has accepted."""
    runs = [REPORT_RUNNER] if bigquery.reports else []
    return BigqueryPlan(
        location=settings.project.region,
        time_travel_hours=str(bigquery.time_travel.days * 24),
        storage_billing=bigquery.storage_billing,
        datasets=tuple(_dataset(bigquery, key, bigquery.datasets[key]) for key in _readers_first(bigquery)),
        tables=tuple(_table(key, table) for key, table in sorted(bigquery.tables.items())),
        reports=tuple(
            _report(bigquery, settings.project.gcp_project, key, report)
            for key, report in sorted(bigquery.reports.items())
        ),
        query_groups=tuple(sorted(set(bigquery.query_groups))),
        query_programs=tuple(sorted({*bigquery.query_programs, *runs})),
        cost=_cost(bigquery.cost, names),
        federation=_federation(bigquery, settings),
    )


def _readers_first(bigquery: BigquerySettings) -> list[str]:
    """The names of the datasets, each after those that read it, else by name."""
    order = TopologicalSorter(
        {key: sorted(bigquery.datasets[key].reader_datasets) for key in sorted(bigquery.datasets)}
    )
    return list(order.static_order())


def _dataset(bigquery: BigquerySettings, key: str, dataset: DatasetSettings) -> DatasetPlan:
    reads, writes = _runner_access(bigquery, key)
    writers = {*dataset.writer_programs, *writes}
    access = (
        AccessPlan("OWNER", _sorted(bigquery.owner_groups), ()),
        AccessPlan("READER", _sorted(dataset.reader_groups), _sorted({*dataset.reader_programs, *reads} - writers)),
        AccessPlan("WRITER", _sorted(dataset.editor_groups), _sorted(writers)),
    )
    return DatasetPlan(
        key=key,
        description=dataset.description,
        access=access,
        reader_datasets=_sorted(dataset.reader_datasets),
        table_lifetime=dataset.table_lifetime.milliseconds if dataset.table_lifetime else None,
        partition_lifetime=dataset.partition_lifetime.milliseconds if dataset.partition_lifetime else None,
    )


def _runner_access(bigquery: BigquerySettings, dataset: str) -> tuple[set[str], set[str]]:
    """The report runner among a dataset's readers and among its writers, as its reports need it there."""
    rows = [bigquery_rows.reports()[name] for name in bigquery.reports]
    held = {name for name, table in bigquery.tables.items() if table.dataset == dataset}
    reads = {REPORT_RUNNER} if any(held & set(row.reads) for row in rows) else set()
    writes = {REPORT_RUNNER} if any(row.writes in held for row in rows) else set()
    return reads, writes


def _sorted(names: set[str] | list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _table(key: str, table: TableSettings) -> TablePlan:
    row = bigquery_rows.tables()[key]
    return TablePlan(
        key=key,
        dataset=table.dataset,
        description=row.description,
        schema=_schema(row),
        partition=row.partition,
        clustering=row.clustering,
        retention=table.retention.milliseconds if table.retention else None,
    )


def _schema(row: WarehouseTable) -> str:
    """The columns as JSON, in the catalogue's order and each with the same keys, so that it never differs by form."""
    columns = [
        {"name": each.name, "type": each.type, "mode": each.mode, "description": each.description}
        for each in row.columns
    ]
    return json.dumps(columns, ensure_ascii=False)


def _report(bigquery: BigquerySettings, gcp_project: str, key: str, report: ReportSettings) -> ReportPlan:
    row = bigquery_rows.reports()[key]
    dataset = bigquery.tables[row.writes].dataset
    return ReportPlan(
        key=key,
        description=row.description,
        dataset=dataset,
        destination=f'{row.writes}${{run_time{_offset(report)}|"%Y%m%d"}}',
        query=_query(bigquery, gcp_project, row, report),
        schedule=f"every day {schedule.daily_utc(report.time)}",
        tables=(*row.reads, row.writes),
    )


def _query(bigquery: BigquerySettings, gcp_project: str, row: Report, report: ReportSettings) -> str:
    """The catalogue's query with the full names of its tables and the report's zone."""
    names = {table: f"{gcp_project}.{bigquery.tables[table].dataset}.{table}" for table in row.reads}
    return Template(row.text).substitute(names, zone=report.time.zone)


def _offset(report: ReportSettings) -> str:
    """From the run's time to the day that ended last in the report's zone: "-15h" in Tokyo, "-18h30m" in Kolkata.

    BigQuery takes hours and minutes, no days (cloud.google.com/bigquery/docs/scheduling-queries, templating).
    """
    minutes = int((report.time.utc_offset - timedelta(days=1)).total_seconds() // 60)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"{sign}{hours}h{rest}m" if rest else f"{sign}{hours}h"


def _cost(cost: CostSettings, names: Names) -> ScanQuotaPlan | ReservationPlan:
    if cost.per_day and cost.per_user_per_day:
        return ScanQuotaPlan(cost.per_day.mib, cost.per_user_per_day.mib)
    baseline, maximum = cost.baseline_slots or 0, cost.maximum_slots or 0
    return ReservationPlan(names.of("queries"), cost.edition or "ENTERPRISE", baseline, maximum - baseline)


def _federation(bigquery: BigquerySettings, settings: Settings) -> FederationPlan | None:
    """A replica of the primary's region where there is one: reports must not slow bookings down."""
    federation, postgres = bigquery.federation, settings.postgres
    if federation is None or postgres is None:
        return None
    here = (None, settings.project.region)
    local = [key for key, replica in sorted(postgres.replicas.items()) if replica.region in here]
    return FederationPlan(
        connection="postgres",
        user=postgres_roles.FEDERATION_USER,
        database_roles=postgres_roles.declared(postgres, postgres_roles.FEDERATION_ROLE),
        database=postgres.database,
        replica=local[0] if local else None,
        password_version=federation.password_version,
        user_groups=_sorted(federation.user_groups),
        user_programs=(settings.schemas.program,) if settings.schemas else (),
    )
