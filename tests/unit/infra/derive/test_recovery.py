"""Copies outside the stores: where, for how long, when, by whom, and by what one is known to be whole."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from infra.catalog import recovery_rows as catalog
from infra.derive import recovery_checks, schedule
from infra.derive.copies import BACKUPS, CACHE_EXPORTS
from infra.derive.platform import derive
from infra.derive.recovery import ExportPlan, RecoveryPlan
from infra.settings.units import LocalTime
from tests.stacks import ANOTHERS_WORKER, VALKEY, WITHOUT_CACHE, settings_of

RUN = "20261126T170000Z"


def plan_of(stack: str = "prod", changes: Mapping[str, Any] | None = None) -> RecoveryPlan:
    plan = derive(settings_of(stack, changes)).recovery
    assert plan is not None
    return plan


def export_of(plan: RecoveryPlan, key: str) -> ExportPlan:
    return next(each for each in plan.exports if each.key == key)


def without(store: str) -> dict[str, Any]:
    named_by = {
        "postgres": {"bigquery": {"federation": None}, "monitoring": {"exporters": None}},
        "cache": ANOTHERS_WORKER,
    }
    return {store: None, **named_by.get(store, {})}


def told(plan: RecoveryPlan) -> list[str]:
    return [copy.key for copy in plan.copies]


def test_copies_lie_in_the_second_region_and_a_caches_beside_it() -> None:
    backups, cache = plan_of().buckets
    assert (backups.key, backups.name, backups.region) == (BACKUPS, "triptrip-prod-1-backups", "asia-northeast2")
    assert (cache.key, cache.name, cache.region) == (CACHE_EXPORTS, "triptrip-prod-1-cache-exports", "asia-northeast1")


def test_the_units_are_those_of_cloud_storage() -> None:
    backups, cache = plan_of().buckets
    assert (backups.retention_seconds, backups.locked, backups.expiry_days) == (35 * 86400, True, 36)
    assert backups.storage_classes == {"NEARLINE": 5}
    assert (cache.retention_seconds, cache.expiry_days, cache.soft_delete_seconds) == (86400, 1, 0)
    assert backups.versioned
    assert not cache.versioned


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_nothing_expires_before_its_retention(stack: str) -> None:
    for bucket in plan_of(stack).buckets:
        assert bucket.expiry_days * 86400 >= bucket.retention_seconds


def test_storage_classes_come_in_the_order_of_their_ages() -> None:
    changes = {"recovery": {"expiry": "400 days", "storageClasses": {"ARCHIVE": "120 days", "NEARLINE": "5 days"}}}
    assert list(plan_of(changes=changes).bucket(BACKUPS).storage_classes) == ["NEARLINE", "ARCHIVE"]


def test_a_workflow_is_told_all_that_depends_on_the_stack() -> None:
    plan = plan_of()
    assert export_of(plan, "postgres").argument == {
        "project": "triptrip-prod",
        "bucket": "triptrip-prod-1-backups",
        "instance": "triptrip-prod-postgres-1",
        "databases": ["triptrip"],
    }
    assert export_of(plan, "redis").argument == {
        "project": "triptrip-prod",
        "region": "asia-northeast1",
        "bucket": "triptrip-prod-1-cache-exports",
        "instance": "triptrip-prod-cache",
    }


def test_schedules_are_utc() -> None:
    plan = plan_of()
    assert export_of(plan, "postgres").schedule == "0 22 * * *"
    assert export_of(plan, "redis").schedule == "30 * * * *"
    assert schedule.daily(LocalTime.parse("05:45 Asia/Kathmandu")) == "0 0 * * *"


@pytest.mark.parametrize(
    ("store", "export", "gone"),
    [
        ("postgres", "postgres", ["postgres", "drills"]),
        ("cache", "redis", ["redis"]),
        ("mongodb", "", ["mongodb"]),
        ("elasticsearch", "", ["search"]),
        ("timescale", "", ["timescale"]),
    ],
)
def test_a_store_that_is_off_has_no_export_and_no_copy(store: str, export: str, gone: list[str]) -> None:
    whole, less = plan_of(), plan_of(changes=without(store))
    assert {each.key for each in whole.exports} - {each.key for each in less.exports} == ({export} - {""})
    assert [key for key in told(whole) if key not in told(less)] == gone
    assert less.copies_of(store) == "none"


def test_valkey_makes_backups_by_itself() -> None:
    plan = plan_of(changes=VALKEY)
    assert [each.key for each in plan.exports] == ["postgres"]
    assert [each.key for each in plan.buckets] == [BACKUPS]
    assert "redis" not in plan.role_ids


def test_without_an_export_no_role_is_made() -> None:
    plan = plan_of(changes={**without("postgres"), **WITHOUT_CACHE})
    assert not plan.exports
    assert not plan.role_ids


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_ids_of_accounts_and_roles_are_such_that_google_takes_them(environment: str) -> None:
    plan = plan_of(changes={"project": {"environment": environment}})
    accounts = [plan.account_id]
    for export in plan.exports:
        accounts += [export.account_id, export.scheduler_account_id]
        assert re.fullmatch(r"[a-zA-Z0-9_.]{3,64}", export.role_id)
    assert all(re.fullmatch(r"[a-z][-a-z0-9]{4,28}[a-z0-9]", account) for account in accounts)
    assert len(set(accounts)) == len(accounts)


def test_no_role_deletes_or_changes_anything() -> None:
    permissions = [each for row in catalog.exports().values() for each in row.permissions]
    permissions += [each for row in catalog.bucket_roles().values() for each in row]
    verbs = {each.rpartition(".")[2] for each in permissions}
    assert verbs == {"create", "export", "get", "list"}


def test_the_source_of_a_workflow_is_the_same_in_every_stack() -> None:
    for key in catalog.exports():
        dev, prod = export_of(plan_of("dev"), key), export_of(plan_of(), key)
        assert dev.source == prod.source
        assert "main" in yaml.safe_load(prod.source)


@pytest.mark.parametrize(
    ("key", "whole", "parts"),
    [
        (
            "postgres",
            f"postgres/triptrip-prod-postgres-1/{RUN}/success.json",
            [f"postgres/triptrip-prod-postgres-1/{RUN}/triptrip.sql.gz", f"postgres/x/{RUN}/y/success.json"],
        ),
        ("redis", f"redis/triptrip-prod-cache/{RUN}.json", [f"redis/triptrip-prod-cache/{RUN}.rdb"]),
        (
            "mongodb",
            "exported_snapshots/5a/5b/triptrip-prod-mongodb/2026-11-26T1800/1795716000/.complete",
            ["exported_snapshots/.permissioncheck", "exported_snapshots/5a/5b/c/d/e/triptrip/reviews/metadata.json"],
        ),
        (
            "timescale",
            f"timescale/triptrip-prod-timescale/{RUN}/success.json",
            [f"timescale/triptrip-prod-timescale/{RUN}/price_metrics_hourly.csv.gz", "timescale/success.json"],
        ),
        ("search", "snap-Yx1aB2c3.dat", ["index-12", "meta-Yx1aB2c3.dat", "snap-Yx1aB2c3.dat.part"]),
        ("drills", f"drills/{RUN}.json", ["drills/notes.json", f"drills/{RUN}.failed.json"]),
    ],
)
def test_a_copy_is_known_by_the_object_that_is_written_last(key: str, whole: str, parts: list[str]) -> None:
    copy = next(each for each in plan_of().copies if each.key == key)
    found = re.search(r'protoPayload\.resourceName=~"([^"]+)"', copy.counted.filter)
    assert found is not None
    name = f"projects/_/buckets/{copy.bucket}/objects/"
    assert re.search(found[1], name + whole)
    assert not [part for part in parts if re.search(found[1], name + part)]
    assert f'resource.labels.bucket_name="{copy.bucket}"' in copy.counted.filter


@pytest.mark.parametrize(
    ("key", "window"),
    [
        ("postgres", "26h"),
        ("redis", "3h"),
        ("mongodb", "192h"),
        ("timescale", "26h"),
        ("search", "26h"),
        ("drills", "720h"),
    ],
)
def test_an_alert_looks_as_far_back_as_was_promised(key: str, window: str) -> None:
    copy = next(each for each in plan_of().copies if each.key == key)
    assert copy.query == (
        f'absent_over_time(logging_googleapis_com:user_triptrip_copies_{key}{{monitored_resource="gcs_bucket"}}[{window}])'
    )


def test_each_store_tells_where_its_copies_lie_and_how_old_they_may_be() -> None:
    plan = plan_of()
    assert plan.copies_of("postgres") == (
        "gs://triptrip-prod-1-backups in asia-northeast2, kept 36 days, at most 26 hours old"
    )
    assert "gs://triptrip-prod-search-snapshots" in plan.copies_of("elasticsearch")
    assert plan.copies_of("bigquery") == "none"


def test_the_key_of_the_copies_lies_beside_them_in_a_ring_of_their_own() -> None:
    for stack in ("dev", "prod"):
        rings = {ring.key: ring for ring in derive(settings_of(stack)).encryption.rings}
        assert rings["copies"].region == "asia-northeast2"
        assert [key.store for key in rings["copies"].keys] == [BACKUPS]
        assert CACHE_EXPORTS in [key.store for key in rings["primary"].keys]
    off = derive(settings_of("prod", {"recovery": None})).encryption
    assert "copies" not in {ring.key for ring in off.rings}


def test_atlas_exports_a_snapshot_that_it_keeps_as_long_as_the_more_frequent_ones() -> None:
    mongodb = derive(settings_of("prod")).mongodb
    assert mongodb is not None
    assert mongodb.export is not None
    assert (mongodb.export.frequency, mongodb.export.interval) == ("weekly", 7)
    assert mongodb.export.kept_days >= mongodb.backup.daily_days
    assert {"export-failed", "auto-export-failed"} <= set(mongodb.alerts)
    monthly = derive(settings_of("prod", {"recovery": {"mongodb": {"every": "month", "promise": "32 days"}}})).mongodb
    assert monthly is not None
    assert monthly.export is not None
    assert (monthly.export.frequency, monthly.export.interval) == ("monthly", 1)
    off = derive(settings_of("prod", {"recovery": None})).mongodb
    assert off is not None
    assert off.export is None
    assert not {"export-failed", "auto-export-failed"} & set(off.alerts)


@pytest.mark.parametrize(
    ("changes", "path", "text"),
    [
        ({"storageClasses": {"NEARLINE": "20 days"}}, "recovery.storageClasses.NEARLINE", "16 days in NEARLINE"),
        ({"region": "asia-southeast1"}, "recovery.region", "Singapore's law"),
        ({"drills": {"targets": {"export": None}}}, "recovery.drills.targets", "nobody practises export"),
    ],
)
def test_what_deserves_a_second_look_is_told(changes: dict[str, Any], path: str, text: str) -> None:
    found = {each.path: each.text for each in recovery_checks.advice(settings_of("prod", {"recovery": changes}))}
    assert text in found[path]


def test_without_the_schema_steps_image_nobody_exports_the_aggregates() -> None:
    [found] = recovery_checks.advice(settings_of("prod", {"schemas": None}))
    assert found.path == "recovery.timescale"
    assert "timescale" not in told(plan_of(changes={"schemas": None}))


def test_prod_and_dev_need_no_second_look() -> None:
    for stack in ("dev", "prod"):
        assert not list(recovery_checks.advice(settings_of(stack)))


def test_copies_may_stay_in_the_class_that_they_are_written_to() -> None:
    settings = settings_of("prod", {"recovery": {"storageClasses": {"NEARLINE": None}}})
    assert not list(recovery_checks.advice(settings))


def test_a_stack_whose_stores_are_all_off_says_that_nothing_is_copied() -> None:
    off = {**without("postgres"), **WITHOUT_CACHE, "mongodb": None, "elasticsearch": None, "timescale": None}
    assert "recovery" in [each.path for each in recovery_checks.advice(settings_of("prod", off))]
