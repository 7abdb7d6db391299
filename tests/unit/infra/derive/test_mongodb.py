"""The document store of the production stack is the document's, as corrected (MDB-*, COR-12 … COR-15)."""

import json
from typing import Any

import pytest

from infra.catalog import mongodb_rows as catalog
from infra.catalog import regions
from infra.derive.mongodb import MongodbPlan
from infra.derive.platform import derive
from sandbox.cloud.catalogue import TABLES
from sandbox.cloud.expressions import load_yaml
from tests.stacks import settings_of


def planned(**changes: Any) -> MongodbPlan:
    plan = derive(settings_of("prod", {"mongodb": changes})).mongodb
    assert plan is not None
    return plan


def advised(**changes: Any) -> dict[str, str]:
    return {each.path: each.text for each in derive(settings_of("prod", {"mongodb": changes})).advice}


def test_the_cluster_is_the_documents_in_atlas_own_words() -> None:
    cluster = planned().cluster
    assert (cluster.region, cluster.size, cluster.version) == ("NORTHEASTERN_ASIA_PACIFIC", "M30", "8.0")
    assert (cluster.disk_gb, cluster.disk_autoscaling, cluster.oplog_hours) == (40, True, 24)


def test_every_region_of_the_platform_has_its_name_in_atlas() -> None:
    assert set(catalog.atlas_regions()) == set(regions())
    known = load_yaml(TABLES / "atlas_regions.yaml")["rows"]
    assert {known[name]["gcp"]: name for name in catalog.atlas_regions().values()} == dict(catalog.atlas_regions())


def test_the_catalogue_of_sizes_is_the_clouds() -> None:
    known = load_yaml(TABLES / "atlas_sizes.yaml")["rows"]
    assert [known[name]["rank"] for name in catalog.atlas_sizes()] == list(range(1, len(catalog.atlas_sizes()) + 1))
    for name, row in catalog.atlas_sizes().items():
        assert row.disk_gb == known[name]["disk"]
        assert {catalog.atlas_regions()[region] for region in row.absent} <= set(known[name].get("absent", []))


def test_local_times_become_utc_and_atlas_week_begins_on_sunday() -> None:
    plan = planned()
    assert (plan.backup.hour, plan.backup.minute) == (18, 0)
    assert (plan.maintenance.day, plan.maintenance.hour) == (7, 19)  # Saturday 19:00 UTC
    sunday = planned(maintenance={"window": "Sunday 09:00 Asia/Tokyo"}).maintenance
    assert (sunday.day, sunday.hour) == (1, 0)
    assert planned(backup={"time": "03:30 Asia/Kolkata"}).backup.hour == 22


def test_backups_keep_what_the_document_asks() -> None:
    backup = planned().backup
    assert (backup.every_hours, backup.snapshot_days, backup.restore_days, backup.daily_days) == (6, 7, 7, 30)
    assert backup.copy_region == "ASIA_NORTHEAST_2"


def test_a_connection_string_signs_in_with_a_token_and_holds_no_password() -> None:
    text = planned().connection_string("mongodb+srv://documents-pl-0.abcde.mongodb.net")
    assert text == (
        "mongodb+srv://documents-pl-0.abcde.mongodb.net/triptrip?retryWrites=true&w=majority&authSource=%24external"
        "&authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT%3Agcp%2CTOKEN_RESOURCE%3Atriptrip-mongodb"
    )
    without = planned(workloadIdentityProvider=None).connection_string("mongodb+srv://host/")
    assert without == "mongodb+srv://host/triptrip?retryWrites=true&w=majority"


def test_the_audit_filter_records_changes_and_failed_sign_ins() -> None:
    text = planned().audit_filter
    assert text is not None
    always, failed = json.loads(text)["$or"]
    assert {"createUser", "dropCollection"} <= set(always["atype"]["$in"])
    assert failed == {"atype": {"$in": ["authCheck", "authenticate"]}, "result": {"$ne": 0}}
    assert planned(audit=False).audit_filter is None


def test_the_search_index_analyses_japanese_and_waits_for_its_collection() -> None:
    assert planned().search_indexes == ()
    (index,) = planned(searchIndexes=True).search_indexes
    assert (index.name, index.collection, index.analyzer) == ("reviews-text", "reviews", "lucene.kuromoji")
    assert json.loads(index.fields)["content"]["analyzer"] == "lucene.kuromoji"


@pytest.mark.parametrize(("name", "alert"), catalog.atlas_alerts().items())
def test_an_alert_has_one_threshold_where_it_needs_one(name: str, alert: catalog.AtlasAlert) -> None:
    del name
    assert (alert.metric is not None) == (alert.event == "OUTSIDE_METRIC_THRESHOLD")
    assert alert.above is None or alert.below is None
    assert (alert.units is None) == (alert.above is None and alert.below is None)


def test_what_deserves_a_second_look_is_told() -> None:
    assert set(advised()) >= {"mongodb.searchIndexes", "mongodb.backup.copyRegion"}
    assert "2027-08-31" in advised(version=7)["mongodb.version"]
    assert "no program can sign in" in advised(workloadIdentityProvider=None)["mongodb.workloadIdentityProvider"]
    policy = {"email": "legal@triptrip.jp", "firstName": "Hanako", "lastName": "Sato"}
    assert "for ever" in advised(compliancePolicy=policy)["mongodb.compliancePolicy"]
    assert "mongodb.searchIndexes" not in advised(searchIndexes=True)
