"""Buckets of copies, who may do what with them, exports, and alerts, read from the stacks' plans."""

import base64
import json
from typing import Any

import pytest

from infra.catalog import recovery_rows as catalog
from infra.catalog.workflow_rows import postgres_export, redis_export
from sandbox.plan import Plan, PlannedResource
from tests.plans import plan_of

BACKUPS, CACHE = "triptrip-prod-1-backups", "triptrip-prod-1-cache-exports"
OFF: dict[str, Any] = {"recovery": None}
SOURCES = {"postgres": postgres_export(), "redis": redis_export()}


def grants_on(plan: Plan, bucket: str) -> dict[str, set[str]]:
    """Who has which role on a bucket, by role."""
    found: dict[str, set[str]] = {}
    for each in plan.of_type("BucketIAMMember"):
        if each.inputs["bucket"] == bucket:
            found.setdefault(each.inputs["role"].rpartition("/")[2], set()).add(each.inputs["member"].partition(":")[2])
    return found


def permissions_of(plan: Plan, role: str) -> list[str]:
    [found] = [each for each in plan.of_type("IAMCustomRole") if each.inputs["roleId"] == role]
    held: list[str] = found.inputs["permissions"]
    return held


def condition_of(policy: PlannedResource) -> dict[str, Any]:
    [condition] = policy.inputs["conditions"]
    found: dict[str, Any] = condition
    return found


def test_the_bucket_of_copies_is_as_hard_to_lose_as_can_be(prod: Plan) -> None:
    bucket = prod.named("backups-bucket")
    assert bucket.inputs["location"] == "asia-northeast2"
    assert bucket.inputs["retentionPolicy"] == {"isLocked": True, "retentionPeriod": str(35 * 86400)}
    assert bucket.inputs["versioning"] == {"enabled": True}
    assert bucket.inputs["publicAccessPrevention"] == "enforced"
    assert bucket.inputs["uniformBucketLevelAccess"] is True
    assert bucket.inputs["softDeletePolicy"] == {"retentionDurationSeconds": 7 * 86400}
    assert "/locations/asia-northeast2/" in bucket.inputs["encryption"]["defaultKmsKeyName"]
    assert bucket.inputs["encryption"]["defaultKmsKeyName"].endswith("/cryptoKeys/backups")
    assert bucket.inputs["deletionPolicy"] == "PREVENT"
    assert bucket.inputs["forceDestroy"] is False
    assert bucket.options["protect"] is True


def test_copies_grow_cheaper_and_go_after_their_retention(prod: Plan) -> None:
    def rules(name: str) -> list[tuple[str, int]]:
        found = prod.named(name).inputs["lifecycleRules"]
        return [
            (each["action"].get("storageClass", each["action"]["type"]), each["condition"]["age"]) for each in found
        ]

    assert rules("backups-bucket") == [("AbortIncompleteMultipartUpload", 7), ("NEARLINE", 5), ("Delete", 36)]
    assert rules("cache-exports-bucket") == [("AbortIncompleteMultipartUpload", 7), ("Delete", 1)]


def test_writers_create_and_one_account_reads(prod: Plan) -> None:
    exporter = "export-pg-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"
    recovery = "recovery-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"
    found = grants_on(prod, BACKUPS)
    assert set(found) == {"storage.objectCreator", "storage.objectViewer", "triptrip_prod_copies_marker_1"}
    assert found["triptrip_prod_copies_marker_1"] == {exporter}
    assert found["storage.objectViewer"] == {recovery}
    [instance] = [each for each in found["storage.objectCreator"] if "gcp-sa-cloud-sql" in each]
    [atlas] = [each for each in found["storage.objectCreator"] if each.startswith("mongodb-atlas-")]
    schemas = "triptrip-prod-migration@triptrip-prod.iam.gserviceaccount.com"
    assert found["storage.objectCreator"] == {instance, atlas, recovery, schemas}


def test_a_cache_writes_to_its_own_bucket_alone(prod: Plan) -> None:
    found = grants_on(prod, CACHE)
    assert set(found) == {"storage.objectViewer", "triptrip_prod_copies_marker_1", "triptrip_prod_copies_redis_1"}
    [redis] = found["triptrip_prod_copies_redis_1"]
    assert redis.endswith("-compute@developer.gserviceaccount.com")
    assert redis not in {member for members in grants_on(prod, BACKUPS).values() for member in members}


def test_no_account_of_the_stack_may_delete_a_copy(prod: Plan) -> None:
    for role in ("triptrip_prod_copies_marker_1", "triptrip_prod_copies_redis_1"):
        assert not [
            each for each in permissions_of(prod, role) if each.endswith((".delete", ".update", ".setIamPolicy"))
        ]
    assert not {"storage.admin", "storage.objectAdmin", "storage.objectUser"} & {
        *grants_on(prod, BACKUPS),
        *grants_on(prod, CACHE),
    }


def test_only_the_operators_act_as_the_account_that_reads(prod: Plan) -> None:
    grants = [
        (each.inputs["role"], each.inputs["member"])
        for each in prod.of_type("serviceaccount/iAMMember:IAMMember")
        if "/recovery-triptrip-prod@" in each.inputs["serviceAccountId"]
    ]
    assert grants == [("roles/iam.serviceAccountTokenCreator", "group:data-platform@triptrip.jp")]


@pytest.mark.parametrize(("key", "short"), [("postgres", "pg"), ("redis", "redis")])
def test_an_export_acts_as_its_own_account_with_its_own_role(prod: Plan, key: str, short: str) -> None:
    workflow = prod.named(f"export-{key}-workflow")
    account = f"export-{short}-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"
    assert workflow.inputs["serviceAccount"].endswith(f"/{account}")
    assert workflow.inputs["deletionProtection"] is True
    assert workflow.inputs["sourceContents"] == SOURCES[key]
    on_project = {
        each.inputs["role"].rpartition("/")[2]
        for each in prod.of_type("projects/iAMMember:IAMMember")
        if each.inputs["member"].endswith(account)
    }
    assert on_project == {f"triptrip_prod_export_{key}_1"}
    assert permissions_of(prod, f"triptrip_prod_export_{key}_1") == list(catalog.exports()[key].permissions)


@pytest.mark.parametrize(("key", "short", "cron"), [("postgres", "pg", "0 22 * * *"), ("redis", "redis", "30 * * * *")])
def test_a_schedule_starts_it_as_an_account_that_can_do_nothing_else(
    prod: Plan, key: str, short: str, cron: str
) -> None:
    schedule = prod.named(f"export-{key}-schedule").inputs
    account = f"start-{short}-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"
    assert (schedule["schedule"], schedule["timeZone"], schedule["paused"]) == (cron, "Etc/UTC", False)
    assert schedule["retryConfig"]["retryCount"] == 3
    target = schedule["httpTarget"]
    name = f"projects/triptrip-prod/locations/asia-northeast1/workflows/triptrip-prod-export-{key}"
    assert target["uri"] == f"https://workflowexecutions.googleapis.com/v1/{name}/executions"
    assert target["oauthToken"]["serviceAccountEmail"] == account
    grants = [each for each in prod.resources if account in str(each.inputs.get("member"))]
    assert [each.inputs["role"] for each in grants] == ["projects/triptrip-prod/roles/triptrip_prod_start_exports_1"]
    assert permissions_of(prod, "triptrip_prod_start_exports_1") == ["workflows.executions.create"]


def test_the_workflow_is_handed_one_json_argument(prod: Plan) -> None:
    body = json.loads(base64.b64decode(prod.named("export-postgres-schedule").inputs["httpTarget"]["body"]))
    assert set(body) == {"argument"}
    told = json.loads(body["argument"])
    assert (told["instance"], told["databases"], told["bucket"]) == ("triptrip-prod-postgres-1", ["triptrip"], BACKUPS)


def test_a_workflow_comes_after_what_it_may_do_and_before_its_schedule(prod: Plan) -> None:
    def after(name: str) -> set[str]:
        return {urn.rpartition("::")[2] for urn in prod.named(name).options["dependsOn"]}

    grants = {"export-postgres-grant", "export-postgres-writes", "export-postgres-store-writes", "service-workflows"}
    assert grants <= after("export-postgres-workflow")
    assert {"export-postgres-workflow", "export-postgres-starter"} <= after("export-postgres-schedule")


def test_atlas_exports_by_its_schedule_to_the_bucket_that_it_may_write_to(prod: Plan) -> None:
    bucket = prod.named("mongodb-export-bucket")
    assert (bucket.inputs["cloudProvider"], bucket.inputs["bucketName"]) == ("GCP", BACKUPS)
    assert "mongodb-export-writes" in {urn.rpartition("::")[2] for urn in bucket.options["dependsOn"]}
    schedule = prod.named("mongodb-backup-schedule").inputs
    assert schedule["autoExportEnabled"] is True
    assert schedule["export"]["frequencyType"] == "weekly"
    assert schedule["policyItemWeeklies"] == [{"frequencyInterval": 7, "retentionUnit": "days", "retentionValue": 30}]


def test_every_copy_has_an_alert_of_its_age_and_every_export_one_of_its_failures(plan: Plan) -> None:
    ages = {each.name for each in plan.resources if each.name.startswith("copies-metric-")}
    assert ages == {f"copies-metric-{key}" for key in catalog.copies()}
    for key in catalog.copies():
        policy = plan.named(f"copies-alert-{key}")
        condition = condition_of(policy)["conditionPrometheusQueryLanguage"]
        assert plan.named(f"copies-metric-{key}").inputs["name"] in condition["query"]
        assert condition["disableMetricValidation"] is True
        assert policy.inputs["enabled"] is True
        assert "docs/runbooks/exports.md" in policy.inputs["documentation"]["content"]
    for key in catalog.exports():
        condition = condition_of(plan.named(f"copies-alert-{key}-failed"))["conditionThreshold"]
        name = plan.named(f"export-{key}-workflow").inputs["name"]
        assert f'workflow_id="{name}"' in condition["filter"]


def test_whoever_recovers_is_told_what_is_there(prod: Plan) -> None:
    told = prod.outputs["recovery"]
    assert told["buckets"] == {"backups": BACKUPS, "cache-exports": CACHE}
    assert told["account"] == "recovery-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"
    assert told["workflows"]["postgres"].endswith("/workflows/triptrip-prod-export-postgres")
    assert told["copies"]["postgres"] == 26 * 3600
    assert told["targets"]["pit"] == {"rpoSeconds": 60, "rtoSeconds": 3600, "everySeconds": 31 * 86400}


def test_the_inventory_tells_where_the_copies_of_each_store_lie(prod: Plan) -> None:
    copies = {record["store"]: record["copies"] for record in prod.outputs["inventory"]}
    for store, bucket in (("postgres", BACKUPS), ("cache", CACHE), ("mongodb", BACKUPS)):
        assert f"gs://{bucket} " in copies[store]
        assert "old" in copies[store]
    assert copies["bigquery"] == "none"


def test_without_guards_the_stack_lets_go_of_its_copies_instead_of_deleting_them() -> None:
    plan = plan_of("dev", {"project": {"deletionGuards": False}})
    for name in ("backups-bucket", "cache-exports-bucket"):
        assert plan.named(name).inputs["deletionPolicy"] == "ABANDON"
        assert plan.named(name).inputs["forceDestroy"] is False
    assert plan.named("export-postgres-workflow").inputs["deletionProtection"] is False


def test_switched_off_it_leaves_no_trace() -> None:
    plan = plan_of("prod", OFF)
    words = ("backups", "copies-", "export-", "recovery-account", "workflows")
    assert not [each.name for each in plan.resources if each.name.startswith(words)]
    assert "recovery" not in plan.outputs
    assert {record["copies"] for record in plan.outputs["inventory"]} == {"none"}
    schedule = plan.named("mongodb-backup-schedule").inputs
    assert not {"autoExportEnabled", "export", "policyItemWeeklies"} & set(schedule)
