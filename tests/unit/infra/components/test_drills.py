"""The job that practises recovery, who it is, what it may reach and who starts it, read from the stacks' plans."""

from typing import Any

import pytest

from infra.catalog import recovery_rows as catalog
from sandbox.plan import Plan
from tests.plans import plan_of

ACCOUNT = "recovery-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"
NO_IMAGE: dict[str, Any] = {"recovery": {"drills": {"image": None}}}


def task(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = plan.named("drills-job").inputs["template"]["template"]
    return found


def test_the_job_runs_once_as_the_recovery_account_with_its_own_key_and_image(prod: Plan) -> None:
    found = task(prod)
    assert found["serviceAccount"] == ACCOUNT
    assert (found["maxRetries"], found["timeout"]) == (0, "43200s")
    assert str(found["encryptionKey"]).endswith("/cryptoKeys/drills")
    [container] = found["containers"]
    assert "/recovery@sha256:" in container["image"]
    job = prod.named("drills-job").inputs
    assert job["deletionProtection"] is True
    assert (job["template"]["taskCount"], job["template"]["parallelism"]) == (1, 1)


def test_nothing_that_it_is_told_is_a_secret(prod: Plan) -> None:
    found = task(prod)
    [container] = found["containers"]
    assert "volumes" not in found
    assert all("value" in variable for variable in container["envs"])


def test_it_reaches_postgresql_and_google_and_nothing_else(prod: Plan) -> None:
    [interface] = task(prod)["vpcAccess"]["networkInterfaces"]
    assert task(prod)["vpcAccess"]["egress"] == "ALL_TRAFFIC"
    assert interface["tags"] == ["drill-job"]
    rules = [each.inputs for each in prod.of_type("Firewall") if each.inputs.get("targetTags") == ["drill-job"]]
    allowed = {port for rule in rules for allow in rule.get("allows", ()) for port in allow["ports"]}
    assert allowed == {"443", "5432"}
    [refused] = [rule for rule in rules if "denies" in rule]
    assert refused["destinationRanges"] == ["0.0.0.0/0"]
    assert all(rule["priority"] < refused["priority"] for rule in rules if rule is not refused)


def test_its_account_touches_throw_away_instances_alone(prod: Plan) -> None:
    grants = {
        each.inputs["role"].rpartition("/")[2]: each.inputs.get("condition")
        for each in prod.of_type("projects/iAMMember:IAMMember")
        if each.inputs["member"] == f"serviceAccount:{ACCOUNT}"
    }
    assert set(grants) == {"triptrip_prod_drill_source_1", "triptrip_prod_drill_copy_1"}
    assert grants["triptrip_prod_drill_source_1"] is None
    assert (grants["triptrip_prod_drill_copy_1"] or {})["expression"] == (
        'resource.service == "sqladmin.googleapis.com" && '
        'resource.name.startsWith("projects/triptrip-prod/instances/triptrip-prod-postgres-1-drill-")'
    )
    for key, row in catalog.drill_roles().items():
        assert prod.named(f"drills-role-{key}").inputs["permissions"] == list(row.permissions)


def test_it_is_no_user_of_the_live_database(prod: Plan) -> None:
    assert not [each.name for each in prod.of_type("sql/user:User") if "recovery" in each.inputs["name"]]


def test_it_is_there_after_its_firewall_its_rights_and_its_image(prod: Plan) -> None:
    after = {urn.rpartition("::")[2] for urn in prod.named("drills-job").options["dependsOn"]}
    assert {
        "drills-egress-google",
        "drills-egress-postgres",
        "drills-egress-refused",
        "drills-grant-copy",
        "drills-grant-source",
        "drills-image-reader",
        "key-grant-primary-drills",
    } <= after


def test_the_schedule_acts_as_an_account_that_may_start_it_and_nothing_else(prod: Plan) -> None:
    schedule = prod.named("drills-schedule").inputs
    account = "start-drill-triptrip-prod@triptrip-prod.iam.gserviceaccount.com"
    assert (schedule["schedule"], schedule["timeZone"], schedule["paused"]) == ("0 3 * * 0", "Etc/UTC", False)
    assert schedule["httpTarget"]["uri"] == (
        "https://run.googleapis.com/v2/projects/triptrip-prod/locations/asia-northeast1/jobs/triptrip-prod-drill:run"
    )
    assert schedule["httpTarget"]["oauthToken"]["serviceAccountEmail"] == account
    grants = [each for each in prod.resources if account in str(each.inputs.get("member"))]
    assert [(each.inputs["role"], each.inputs["name"]) for each in grants] == [
        ("roles/run.invoker", "triptrip-prod-drill")
    ]


def test_a_run_that_failed_is_told_with_where_to_read_on(prod: Plan) -> None:
    policy = prod.named("copies-alert-drills-failed").inputs
    [condition] = policy["conditions"]
    assert 'resource.labels.job_name="triptrip-prod-drill"' in condition["conditionThreshold"]["filter"]
    assert "docs/runbooks/recovery-postgres.md" in policy["documentation"]["content"]


def test_whoever_recovers_is_told_which_job_it_is(prod: Plan) -> None:
    assert prod.outputs["recovery"]["drillJob"] == "triptrip-prod-drill"


@pytest.mark.parametrize(("stack", "changes"), [("dev", {}), ("prod", NO_IMAGE), ("prod", {"recovery": None})], ids=str)
def test_without_an_image_it_leaves_no_trace_but_the_alert_stays(stack: str, changes: dict[str, Any]) -> None:
    plan = plan_of(stack, changes)
    assert not [each.name for each in plan.resources if each.name.startswith("drills-")]
    assert not [each.name for each in plan.resources if each.name == "key-primary-drills"]
    alerts = [each.name for each in plan.resources if each.name.startswith("copies-alert-drills")]
    assert alerts == ([] if changes == {"recovery": None} else ["copies-alert-drills"])
    assert "drillJob" not in plan.outputs.get("recovery", {})
