"""The warehouse of the stacks as it will be declared (BQ-SVC, WL-OLAP, COST-Y3, COR-05)."""

import json
import re
from typing import Any

import pytest

from infra.catalog import bigquery_rows
from infra.derive.bigquery import BigqueryPlan, ReservationPlan, ScanQuotaPlan
from infra.derive.platform import derive
from tests.stacks import settings_of


def prod(over: dict[str, Any] | None = None) -> BigqueryPlan:
    plan = derive(settings_of("prod", over)).bigquery
    assert plan is not None
    return plan


def test_everything_is_in_tokyo_and_can_be_read_back_for_a_week() -> None:
    plan = prod()
    assert (plan.location, plan.time_travel_hours) == ("asia-northeast1", "168")
    assert [dataset.key for dataset in plan.datasets] == ["analytics", "ml", "raw"]


def test_access_is_by_group_and_by_program_and_always_has_an_owner() -> None:
    for dataset in prod().datasets:
        roles = {access.role: access for access in dataset.access}
        assert roles["OWNER"].groups == ("data-platform@triptrip.jp",)
        assert all("@" in group for access in dataset.access for group in access.groups)
    raw = next(dataset for dataset in prod().datasets if dataset.key == "raw")
    assert {access.role: access.programs for access in raw.access} == {
        "OWNER": (),
        "READER": ("report-runner",),
        "WRITER": ("application", "migration"),
    }


def test_a_report_runner_that_writes_where_it_reads_is_named_once() -> None:
    plan = prod({"bigquery": {"tables": {"daily_prices": {"dataset": "raw"}}}})
    raw = next(dataset for dataset in plan.datasets if dataset.key == "raw")
    programs = [program for access in raw.access for program in access.programs]
    assert sorted(programs) == ["application", "migration", "report-runner"]


@pytest.mark.parametrize(
    ("time", "schedule", "destination"),
    [
        ("05:03 Asia/Tokyo", "every day 20:03", 'daily_prices${run_time-15h|"%Y%m%d"}'),
        ("05:15 Asia/Kolkata", "every day 23:45", 'daily_prices${run_time-18h30m|"%Y%m%d"}'),
        ("00:03 UTC", "every day 00:03", 'daily_prices${run_time-24h|"%Y%m%d"}'),
        ("21:03 America/Bogota", "every day 02:03", 'daily_prices${run_time-29h|"%Y%m%d"}'),
    ],
)
def test_a_report_replaces_the_day_that_ended_last_where_its_time_is_told(
    time: str, schedule: str, destination: str
) -> None:
    report = prod({"bigquery": {"reports": {"daily_prices": {"time": time}}}}).reports[0]
    assert (report.schedule, report.destination) == (schedule, destination)
    assert f"'{time.split()[1]}'" in report.query


def test_a_report_names_its_tables_in_full() -> None:
    report = prod().reports[0]
    assert "FROM `triptrip-prod.raw.price_history`" in report.query
    assert "${" not in report.query
    assert report.tables == ("price_history", "daily_prices")


def test_every_report_filters_each_table_it_reads_by_its_day() -> None:
    for row in bigquery_rows.reports().values():
        condition = row.text.partition("WHERE")[2]
        for table in row.reads:
            assert re.search(rf"\b{bigquery_rows.tables()[table].partition} >= ", condition)


def test_what_a_report_writes_takes_a_querys_result() -> None:
    for row in bigquery_rows.reports().values():
        assert {column.mode for column in bigquery_rows.tables()[row.writes].columns} == {"NULLABLE"}


def test_a_schema_is_the_same_text_every_time_with_the_apis_own_words() -> None:
    first, second = prod(), prod()
    assert [table.schema for table in first.tables] == [table.schema for table in second.tables]
    for table in first.tables:
        columns = json.loads(table.schema)
        assert all(list(column) == ["name", "type", "mode", "description"] for column in columns)
        assert not {column["type"] for column in columns} & {"INT64", "FLOAT64", "BOOL", "DECIMAL", "STRUCT"}


def test_each_table_of_the_catalogue_is_kept_by_days_and_lies_together_by_its_own_columns() -> None:
    for name, table in bigquery_rows.tables().items():
        types = {column.name: column.type for column in table.columns}
        assert types[table.partition] in ("DATE", "TIMESTAMP", "DATETIME"), name
        assert len(table.clustering) <= 4
        assert set(table.clustering) <= set(types)


def test_two_years_are_kept_and_reports_for_ever() -> None:
    kept = {table.key: table.retention for table in prod().tables}
    assert kept == {"events": 730 * 86_400_000, "price_history": 730 * 86_400_000, "daily_prices": None}


def test_the_quota_is_in_mebibytes() -> None:
    assert prod().cost == ScanQuotaPlan(per_day=2 * 1024 * 1024, per_user_per_day=1024 * 1024)


def test_bought_slots_are_what_is_paid_for_and_what_is_added() -> None:
    cost = {"kind": "reservation", "edition": "ENTERPRISE", "baselineSlots": 100, "maximumSlots": 400}
    plan = prod({"bigquery": {"cost": {**cost, "perDay": None, "perUserPerDay": None}}})
    assert plan.cost == ReservationPlan("triptrip-prod-queries", "ENTERPRISE", baseline=100, added=300)


def test_federation_asks_a_replica_of_the_same_region_and_otherwise_the_primary() -> None:
    federation = prod().federation
    assert federation is not None
    assert federation.replica == "b"
    osaka = {"tier": "db-custom-8-30720", "zone": "asia-northeast2-a", "region": "asia-northeast2"}
    abroad = prod({"postgres": {"replicas": {"b": None, "c": None, "a": osaka}}}).federation
    assert abroad is not None
    assert abroad.replica is None


def test_after_a_failover_there_is_nothing_to_federate_and_it_is_told() -> None:
    there = {"region": "asia-northeast2", "zone": "asia-northeast2-a", "instance": "triptrip-prod-postgres-replica-o-1"}
    home = {"tier": "db-custom-8-30720", "zone": "asia-northeast1-b", "region": "asia-northeast1"}
    for replica, is_told in ((None, True), (home, False)):
        plan = derive(settings_of("prod", {"postgres": {"primary": there, "replicas": {"b": replica, "c": None}}}))
        assert ("bigquery.federation" in [each.path for each in plan.advice]) is is_told


def test_a_quota_above_the_budget_is_told() -> None:
    plan = derive(settings_of("prod", {"bigquery": {"cost": {"perDay": "5 TB"}}}))
    told = [each.text for each in plan.advice if each.path == "bigquery.cost.perDay"]
    assert told == ["5 TB read every day cost 1,125 USD a month at list price; COST-Y3 has 500 for queries"]
    assert "bigquery.cost.perDay" not in [each.path for each in derive(settings_of("prod")).advice]
