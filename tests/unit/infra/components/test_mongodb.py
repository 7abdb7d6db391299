"""What the stacks declare of the document store: guards, order, encryption, exposure, access; read from the plan."""

from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.cloud.state import Record
from sandbox.plan import Plan, PlanError, plan_stack
from sandbox.plan.recorder import PlannedResource
from tests.plans import plan_of


def atlas(plan: Plan) -> list[PlannedResource]:
    return [each for each in plan.resources if each.type.startswith("mongodbatlas:")]


def region_of(plan: Plan) -> dict[str, Any]:
    region: dict[str, Any] = plan.named("mongodb-cluster").inputs["replicationSpecs"][0]["regionConfigs"][0]
    return region


def test_the_cluster_has_every_deletion_guard(plan: Plan) -> None:
    cluster = plan.named("mongodb-cluster")
    assert cluster.options["protect"] is True
    assert cluster.inputs["terminationProtectionEnabled"] is True
    assert cluster.inputs["retainBackupsEnabled"] is True
    assert all(each.options.get("protect") for each in atlas(plan))


def test_without_guards_the_cluster_and_its_project_can_go() -> None:
    plan = plan_of("dev", {"project": {"deletionGuards": False}})
    cluster = plan.named("mongodb-cluster").inputs
    assert (cluster["terminationProtectionEnabled"], cluster["retainBackupsEnabled"]) == (False, False)
    assert not [each.name for each in atlas(plan) if each.options.get("protect")]


def test_everything_is_named_and_takes_atlas_provider(plan: Plan) -> None:
    stack = plan.stack
    assert plan.named("mongodb-project").inputs["name"] == f"triptrip-{stack}-mongodb-1"
    assert plan.named("mongodb-cluster").inputs["name"] == f"triptrip-{stack}-mongodb"
    assert {each.options["provider"] for each in atlas(plan)} == {"mongodb-atlas"}


def test_a_cluster_waits_for_its_key_and_the_key_for_both_grants(plan: Plan) -> None:
    assert "mongodb-at-rest" in plan.named("mongodb-cluster").options["dependsOn"]
    assert plan.named("mongodb-cluster").inputs["encryptionAtRestProvider"] == "GCP"
    at_rest = plan.named("mongodb-at-rest")
    assert {"mongodb-key-encrypt", "mongodb-key-view"} <= set(at_rest.options["dependsOn"])
    kms = at_rest.inputs["googleCloudKmsConfig"]
    assert "/cryptoKeys/mongodb/cryptoKeyVersions/" in kms["keyVersionResourceId"]
    assert "serviceAccountKey" not in kms
    grants = [plan.named(f"mongodb-key-{name}").inputs for name in ("encrypt", "view")]
    assert {grant["role"] for grant in grants} == {
        "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "roles/cloudkms.viewer",
    }
    assert len({grant["member"] for grant in grants}) == 1


def test_the_cluster_and_the_endpoint_name_one_region_in_two_languages(plan: Plan) -> None:
    assert region_of(plan)["regionName"] == "NORTHEASTERN_ASIA_PACIFIC"
    assert plan.named("mongodb-private-link").inputs["region"] == "asia-northeast1"


def test_three_nodes_scale_inside_bounds_without_becoming_a_difference(plan: Plan) -> None:
    cluster, region = plan.named("mongodb-cluster"), region_of(plan)
    assert cluster.inputs["clusterType"] == "REPLICASET"
    assert cluster.inputs["useEffectiveFields"] is True
    assert "ignoreChanges" not in cluster.options
    assert region["electableSpecs"]["nodeCount"] == 3
    assert region["electableSpecs"]["diskSizeGb"] >= 10
    assert "diskIops" not in region["electableSpecs"]
    assert region["autoScaling"]["computeMinInstanceSize"] == region["electableSpecs"]["instanceSize"]


def test_a_fixed_size_has_no_bounds() -> None:
    plan = plan_of("prod", {"mongodb": {"autoscaling": None}})
    assert region_of(plan)["autoScaling"] == {
        "diskGbEnabled": True,
        "computeEnabled": False,
        "computeScaleDownEnabled": False,
    }


def test_the_only_way_in_is_one_port_mapped_private_endpoint(plan: Plan) -> None:
    assert plan.named("mongodb-private-link").inputs["portMappingEnabled"] is True
    service, rule = plan.named("mongodb-private-link-service").inputs, plan.named("endpoint-mongodb").inputs
    assert service["endpointServiceId"] == rule["name"]
    assert service["privateEndpointIpAddress"].startswith("10.")
    types = {each.type.rpartition(":")[2] for each in atlas(plan)}
    assert not types & {"PrivateEndpointRegionalMode", "ProjectIpAccessList", "NetworkPeering", "NetworkContainer"}


def test_programs_are_handed_the_private_name_once_the_endpoint_is_there(plan: Plan) -> None:
    version = plan.named("secret-version-mongodb-connection")
    assert {"mongodb-cluster", "mongodb-private-link-service"} <= set(version.options["dependsOn"])
    (store,) = [each for each in plan.outputs["inventory"] if each["store"] == "mongodb"]
    assert store["endpoints"]["private"].startswith("mongodb+srv://")
    assert "-pl-0." in store["endpoints"]["private"]
    assert store["encryptionKey"].endswith("/cryptoKeys/mongodb")


def test_the_schedule_keeps_what_the_document_asks_and_copies_it(prod: Plan) -> None:
    schedule = prod.named("mongodb-backup-schedule").inputs
    assert schedule["restoreWindowDays"] == schedule["policyItemHourly"]["retentionValue"] == 7
    assert schedule["policyItemDaily"]["retentionValue"] == 30
    assert (schedule["referenceHourOfDay"], schedule["referenceMinuteOfHour"]) == (18, 0)
    (copy,) = schedule["copySettings"]
    assert (copy["regionName"], copy["shouldCopyOplogs"]) == ("ASIA_NORTHEAST_2", True)
    assert "frequencies" not in copy
    assert schedule["skipDestroy"] is False


def test_a_schedule_without_copies_names_none_of_their_switches() -> None:
    schedule = plan_of("prod", {"mongodb": {"backup": {"copyRegion": None}}}).named("mongodb-backup-schedule").inputs
    assert not {"copySettings", "copyPolicyItemsEnabled"} & schedule.keys()


def test_a_compliance_policy_follows_the_schedule_which_then_stays() -> None:
    policy = {"email": "legal@triptrip.jp", "firstName": "Hanako", "lastName": "Sato"}
    plan = plan_of("prod", {"mongodb": {"compliancePolicy": policy}})
    bound = plan.named("mongodb-backup-compliance")
    assert "mongodb-backup-schedule" in bound.options["dependsOn"]
    assert bound.inputs["encryptionAtRestEnabled"] is bound.inputs["pitEnabled"] is True
    assert bound.inputs["policyItemDaily"]["retentionValue"] == 30
    assert plan.named("mongodb-backup-schedule").inputs["skipDestroy"] is True


def test_no_policy_is_made_unasked(plan: Plan) -> None:
    assert not plan.of_type("BackupCompliancePolicy")


def test_every_alert_is_on_and_tells_somebody(plan: Plan) -> None:
    alerts = plan.of_type("AlertConfiguration")
    assert len(alerts) > 20
    for alert in alerts:
        assert alert.inputs["enabled"] is True
        assert alert.inputs["notifications"]
    assert plan.named("mongodb-project").inputs["withDefaultAlertsSettings"] is False


def test_maintenance_is_put_off_without_a_toggle(prod: Plan) -> None:
    window = prod.named("mongodb-maintenance").inputs
    assert (window["dayOfWeek"], window["hourOfDay"], window["autoDeferOnceEnabled"]) == (7, 19, True)
    assert not {"autoDefer", "defer"} & window.keys()


def test_users_sign_in_as_service_accounts_to_this_cluster_alone(plan: Plan) -> None:
    users = plan.of_type("DatabaseUser")
    assert [user.name for user in users] == [
        f"mongodb-user-{name}" for name in ("application", "migration", "reporting")
    ]
    for user in users:
        provider, _, number = user.inputs["username"].partition("/")
        assert provider == "66a1b2c3d4e5f60718293a4b"
        assert number.isdigit()
        assert (user.inputs["oidcAuthType"], user.inputs["authDatabaseName"]) == ("USER", "$external")
        assert user.inputs["scopes"] == [{"name": plan.named("mongodb-cluster").inputs["name"], "type": "CLUSTER"}]
        assert not {"password", "passwordWo"} & user.inputs.keys()
        assert {role["databaseName"] for role in user.inputs["roles"]} == {"triptrip"}


def test_without_an_identity_provider_nobody_is_declared_and_accounts_stay() -> None:
    plan = plan_of("prod", {"mongodb": {"workloadIdentityProvider": None}})
    assert not plan.of_type("DatabaseUser")
    assert plan.named("secret-reader-mongodb-connection-application")


def test_the_search_index_alone_is_refused_until_the_schema_step_has_made_its_collection() -> None:
    with pytest.raises(PlanError, match=r"triptrip\.reviews must exist before creating the index") as refused:
        plan_of("prod", {"mongodb": {"searchIndexes": True}})
    assert str(refused.value).count("would be refused") == 1


def test_the_search_index_is_made_once_its_collection_is_there() -> None:
    project = plan_stack("dev").named("mongodb-project").identifier
    cloud = Cloud.open()
    collection = {
        "projectId": project,
        "clusterName": "triptrip-dev-mongodb",
        "database": "triptrip",
        "name": "reviews",
    }
    cloud.state.put(Record("mongodb.Collection", "reviews", "", "reviews", collection, 0.0))
    index = plan_of("dev", {"mongodb": {"searchIndexes": True}}, cloud).named("mongodb-search-reviews-text")
    assert index.inputs["analyzer"] == index.inputs["searchAnalyzer"] == "lucene.kuromoji"
    assert index.inputs["mappingsDynamic"] is False
    assert index.options["dependsOn"] == ["mongodb-cluster"]


def test_a_store_that_is_off_leaves_no_trace() -> None:
    plan = plan_of("dev", {"mongodb": None})
    assert not atlas(plan)
    assert not [each.name for each in plan.resources if "mongodb" in each.name]
