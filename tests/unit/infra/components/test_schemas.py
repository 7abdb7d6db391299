"""The jobs of the schema step, who they are, what they may reach and who starts them, read from prod's plan."""

from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.cloud.state import Record
from sandbox.plan import Plan, PlanError
from tests.plans import plan_of

ACCOUNT = "triptrip-prod-migration@triptrip-prod.iam.gserviceaccount.com"
STORES = ("bigquery", "mongodb", "postgres", "postgres-maintenance", "redis", "timescale", "timescale-export")


def task(plan: Plan, store: str) -> dict[str, Any]:
    found: dict[str, Any] = plan.named(f"schemas-job-{store}").inputs["template"]["template"]
    return found


@pytest.mark.parametrize("store", STORES)
def test_a_job_runs_once_as_its_own_program_with_our_key_and_image(prod: Plan, store: str) -> None:
    found = task(prod, store)
    assert found["serviceAccount"] == ACCOUNT
    assert found["maxRetries"] == 0
    assert str(found["encryptionKey"]).endswith("/cryptoKeys/schemas")
    [container] = found["containers"]
    assert "@sha256:" in container["image"]
    job = prod.named(f"schemas-job-{store}").inputs
    assert job["deletionProtection"] is True
    assert (job["template"]["taskCount"], job["template"]["parallelism"]) == (1, 1)


@pytest.mark.parametrize("store", STORES)
def test_everything_a_job_sends_passes_the_platforms_own_network(prod: Plan, store: str) -> None:
    found = task(prod, store)["vpcAccess"]
    assert found["egress"] == "ALL_TRAFFIC"
    [interface] = found["networkInterfaces"]
    assert interface["subnetwork"].endswith("/subnetworks/triptrip-prod-data-primary")
    assert interface["tags"] == ["schema-job", f"schema-job-{store.partition('-')[0]}"]


def test_a_job_is_there_when_what_it_reads_is_and_after_its_firewall(prod: Plan) -> None:
    after = {urn.rpartition("::")[2] for urn in prod.named("schemas-job-postgres").options["dependsOn"]}
    assert {
        "key-grant-primary-schemas",
        "schemas-egress-google",
        "schemas-egress-postgres",
        "schemas-egress-refused",
        "schemas-image-reader",
        "secret-reader-postgres-migration-write-migration",
        "secret-reader-postgres-server-ca-migration",
        "secret-version-postgres-migration-write",
        "secret-version-postgres-server-ca",
    } <= after
    assert "schemas-egress-timescale" not in after


def test_bigquerys_job_may_use_the_connection_to_postgresql_and_waits_for_that() -> None:
    """Its procedures ask PostgreSQL; dev names no group that might."""
    plan = plan_of("dev", {})
    [grant] = plan.of_type("ConnectionIamMember")
    assert grant.inputs["role"] == "roles/bigquery.connectionUser"
    assert grant.inputs["member"] == f"serviceAccount:{ACCOUNT.replace('prod', 'dev')}"
    after = {urn.rpartition("::")[2] for urn in plan.named("schemas-job-bigquery").options["dependsOn"]}
    assert grant.name in after


def test_connections_come_from_secrets_and_the_authorities_are_a_file(prod: Plan) -> None:
    [container] = task(prod, "postgres")["containers"]
    [variable] = container["envs"]
    assert variable["valueSource"]["secretKeyRef"] == {
        "secret": "triptrip-prod-postgres-migration-write",
        "version": "latest",
    }
    assert "value" not in variable
    assert container["volumeMounts"] == [{"name": "postgres-ca", "mountPath": "/etc/triptrip"}]
    [volume] = task(prod, "postgres")["volumes"]
    assert volume["secret"]["items"] == [{"path": "postgres-ca.pem", "version": "latest"}]


def test_whatever_a_job_is_not_let_out_to_is_refused(prod: Plan) -> None:
    rules = [each.inputs for each in prod.of_type("Firewall") if each.inputs["direction"] == "EGRESS"]
    rules = [rule for rule in rules if rule["targetTags"] == ["schema-job"]]
    [refusing] = [rule for rule in rules if "denies" in rule]
    assert refusing["denies"] == [{"protocol": "all"}]
    assert refusing["destinationRanges"] == ["0.0.0.0/0"]
    assert all(rule["priority"] < refusing["priority"] for rule in rules if rule is not refusing)
    assert all(rule["logConfig"] for rule in rules)


def test_the_way_to_timescale_is_the_port_that_it_told(prod: Plan) -> None:
    [allow] = prod.named("schemas-egress-timescale").inputs["allows"]
    [port] = allow["ports"]
    assert port.isdigit()


def test_the_schedule_acts_as_an_account_that_may_start_one_job_and_nothing_else(prod: Plan) -> None:
    schedule = prod.named("schemas-schedule").inputs
    account = "scheduler-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"
    assert schedule["schedule"] == "*/5 * * * *"
    assert schedule["paused"] is False
    assert schedule["httpTarget"]["uri"] == (
        "https://run.googleapis.com/v2/projects/triptrip-prod/locations/asia-northeast1"
        "/jobs/triptrip-prod-schema-postgres-maintenance:run"
    )
    assert schedule["httpTarget"]["oauthToken"]["serviceAccountEmail"] == account
    grants = [each for each in prod.resources if account in str(each.inputs.get("member"))]
    assert [(each.inputs["role"], each.inputs["name"]) for each in grants] == [
        ("roles/run.invoker", "triptrip-prod-schema-postgres-maintenance")
    ]


def test_the_export_of_aggregates_may_create_copies_and_read_none(prod: Plan) -> None:
    [grant] = [
        each
        for each in prod.of_type("BucketIAMMember")
        if ACCOUNT in str(each.inputs["member"]) and each.inputs["bucket"] == "triptrip-prod-1-backups"
    ]
    assert grant.inputs["role"] == "roles/storage.objectCreator"
    after = {urn.rpartition("::")[2] for urn in prod.named("schemas-job-timescale-export").options["dependsOn"]}
    assert {grant.name, "schemas-egress-timescale", "secret-version-timescale-migration-write"} <= after


def test_the_export_of_aggregates_starts_each_day_by_an_account_of_its_own(prod: Plan) -> None:
    schedule = prod.named("schemas-export-schedule").inputs
    assert schedule["schedule"] == "0 23 * * *"
    assert schedule["httpTarget"]["uri"].endswith("/jobs/triptrip-prod-schema-timescale-export:run")
    assert schedule["httpTarget"]["oauthToken"]["serviceAccountEmail"].startswith("start-ts-triptrip-prod@")
    assert schedule["retryConfig"]["retryCount"] == 3, "the next one is a day away"


def test_a_failed_export_of_aggregates_is_told(prod: Plan) -> None:
    [condition] = prod.named("copies-alert-timescale-failed").inputs["conditions"]
    assert '"triptrip-prod-schema-timescale-export"' in condition["conditionThreshold"]["filter"]


def test_a_programs_key_is_added_by_the_step_and_read_by_the_program_alone(prod: Plan) -> None:
    grants = {
        (each.inputs["role"].rpartition(".")[2], each.inputs["member"].partition("@")[0].rpartition("-")[2])
        for each in prod.of_type("SecretIamMember")
        if each.inputs["secretId"].endswith("/triptrip-prod-elasticsearch-indexer-api-key")
    }
    assert grants == {("secretAccessor", "indexer"), ("secretVersionAdder", "migration"), ("viewer", "migration")}
    assert not [each.name for each in prod.of_type("SecretVersion") if "api-key" in each.name]


def test_the_steps_own_key_is_its_to_read_and_made_by_a_person(prod: Plan) -> None:
    readers = [
        each.inputs["member"]
        for each in prod.of_type("SecretIamMember")
        if each.inputs["secretId"].endswith("/triptrip-prod-elasticsearch-schema-api-key")
    ]
    assert readers == [f"serviceAccount:{ACCOUNT}"]


def test_elasticsearchs_job_is_refused_until_its_key_is_in_the_secret() -> None:
    changes = {"schemas": {"elasticsearchKeyVersion": 1}}
    with pytest.raises(PlanError, match="elasticsearch-schema-api-key/versions/1 was not found"):
        plan_of("prod", changes)
    cloud = Cloud.open(None)
    version = {"secret": "projects/triptrip-prod/secrets/triptrip-prod-elasticsearch-schema-api-key", "version": "1"}
    cloud.state.put(Record("gcp.secretmanager.SecretVersion", "by-hand", "triptrip-prod", "by-hand", version, 0.0))
    [container] = task(plan_of("prod", changes, cloud), "elasticsearch")["containers"]
    cloud.close()
    assert [variable["name"] for variable in container["envs"]] == [
        "TRIPTRIP_SCHEMA_ELASTICSEARCH",
        "TRIPTRIP_SCHEMA_ELASTICSEARCH_API_KEY",
    ]


def test_the_deployment_is_told_which_jobs_to_run_in_which_order(prod: Plan) -> None:
    jobs = [f"triptrip-prod-schema-{store}" for store in ("postgres", "timescale", "mongodb", "bigquery", "redis")]
    assert prod.outputs["schemas"] == {"region": "asia-northeast1", "jobs": jobs}
