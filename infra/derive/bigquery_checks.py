"""What cannot be built of the BigQuery settings, and what deserves a second look."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from infra.catalog import bigquery_rows
from infra.catalog.price_rows import prices
from infra.derive import schedule
from infra.derive.findings import Advice
from infra.derive.postgres import primary_region
from infra.settings import Problem, Settings
from infra.settings.bigquery import REPORT_RUNNER, BigquerySettings

SCAN_PRICE = "bigquery-on-demand"
"""What reading on demand costs, in the price book."""

_QUERY_BUDGET = 500
"""US dollars a month for queries (COST-Y3: BigQuery 700, of which 200 are storage)."""

_DAYS = 30


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the BigQuery settings; nothing when the store is off."""
    if settings.bigquery is not None:
        for check in _CHECKS:
            yield from check(settings, settings.bigquery)


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the BigQuery settings."""
    if settings.bigquery is not None:
        yield from _quota_above_budget(settings, settings.bigquery)
        yield from _nothing_to_federate(settings, settings.bigquery)


def _known(_: Settings, bigquery: BigquerySettings) -> Iterator[Problem]:
    """Tables and reports are facts of the catalogue; a report needs its tables."""
    for name in bigquery.tables:
        if name not in bigquery_rows.tables():
            yield Problem(
                f"bigquery.tables.{name}",
                name,
                f"one of {', '.join(bigquery_rows.tables())}",
                "name one of them, or describe the table in infra/catalog/bigquery_tables.yaml",
            )
    for name in bigquery.reports:
        row = bigquery_rows.reports().get(name)
        if row is None:
            yield Problem(
                f"bigquery.reports.{name}",
                name,
                f"one of {', '.join(bigquery_rows.reports())}",
                "name one of them, or describe the report in infra/catalog/bigquery_reports.yaml",
            )
            continue
        missing = [table for table in (*row.reads, row.writes) if table not in bigquery.tables]
        if missing:
            yield Problem(
                f"bigquery.reports.{name}",
                name,
                f"only with the tables {', '.join((*row.reads, row.writes))}",
                f"add {' and '.join(missing)} under bigquery.tables, or remove the report",
            )


def _report_times(_: Settings, bigquery: BigquerySettings) -> Iterator[Problem]:
    """cloud.google.com/bigquery/docs/scheduling-queries, limitations: on the full hour a query may start twice."""
    for name, report in bigquery.reports.items():
        if schedule.daily_utc(report.time).endswith(":00"):
            yield Problem(
                f"bigquery.reports.{name}.time",
                str(report.time),
                "not on a full hour in UTC: BigQuery may start such a query more than once",
                "write a few minutes past, e.g. 05:03 Asia/Tokyo",
            )


def _runner(settings: Settings, bigquery: BigquerySettings) -> Iterator[Problem]:
    """The account of the reports is theirs alone."""
    others = {client for name in settings.stores - {"bigquery"} for client in getattr(settings, name).client_paths}
    if REPORT_RUNNER in others or bigquery.client_paths.get(REPORT_RUNNER, "reports") != "reports":
        yield Problem(
            "bigquery.reports",
            REPORT_RUNNER,
            f"no other use of the program name {REPORT_RUNNER}: it is the account that the reports run as",
            "give the other program another name",
        )


def _federation(settings: Settings, bigquery: BigquerySettings) -> Iterator[Problem]:
    if bigquery.federation is not None and settings.postgres is None:
        yield Problem(
            "bigquery.federation",
            "federation without PostgreSQL",
            "absent while the stack has no postgres: there is nothing to query",
            "remove bigquery.federation, or add postgres",
        )


def _nothing_to_federate(settings: Settings, bigquery: BigquerySettings) -> Iterator[Advice]:
    postgres, region = settings.postgres, settings.project.region
    if bigquery.federation is None or postgres is None or primary_region(postgres, settings.project) == region:
        return
    if all(replica.region not in (None, region) for replica in postgres.replicas.values()):
        yield Advice(
            "bigquery.federation",
            f"no instance of PostgreSQL is in {region}, and a connection reaches no other region: what asks PostgreSQL "
            "fails, and BigQuery may refuse the connection's change, until a replica or the primary is back",
        )


def _quota_above_budget(settings: Settings, bigquery: BigquerySettings) -> Iterator[Advice]:
    price = prices().get((SCAN_PRICE, settings.project.region))
    per_day = bigquery.cost.per_day
    if price is None or per_day is None:
        return
    most = Decimal(per_day.bytes) / (1 << 40) * _DAYS * price.price
    if most > _QUERY_BUDGET:
        yield Advice(
            "bigquery.cost.perDay",
            f"{per_day} read every day cost {most:,.0f} USD a month at list price; COST-Y3 has {_QUERY_BUDGET} for "
            "queries",
        )


_CHECKS: tuple[Callable[[Settings, BigquerySettings], Iterator[Problem]], ...] = (
    _known,
    _report_times,
    _runner,
    _federation,
)
