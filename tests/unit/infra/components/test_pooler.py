"""The pooler's machines and what stands before them, read from prod's plan."""

from typing import Any

import yaml

from infra import catalog
from infra.derive.phases import lay_over
from infra.settings import load
from sandbox.plan import Plan
from sandbox.plan.run import plan_settings
from tests.plans import plan_of
from tests.stacks import AFTER_FAILOVER, declared

REGION = "asia-northeast1"


def test_the_machines_stand_in_three_zones_and_an_update_takes_none_away_first(prod: Plan) -> None:
    group = prod.named("pooler-group").inputs
    assert group["targetSize"] == 2
    assert group["distributionPolicyZones"] == [f"{REGION}-{zone}" for zone in "abc"]
    policy = group["updatePolicy"]
    assert (policy["maxSurgeFixed"], policy["maxUnavailableFixed"]) == (3, 0)
    assert (policy["type"], policy["replacementMethod"]) == ("PROACTIVE", "SUBSTITUTE")


def test_a_machine_is_shielded_private_and_updated(prod: Plan) -> None:
    template = prod.named("pooler-template").inputs
    assert all(template["shieldedInstanceConfig"].values())
    assert [set(interface) for interface in template["networkInterfaces"]] == [{"subnetwork"}]
    assert template["metadata"]["cos-update-strategy"] == "update_enabled"
    assert template["metadata"]["block-project-ssh-keys"] == "TRUE"
    assert template["disks"][0]["diskEncryptionKey"]["kmsKeySelfLink"].endswith("/cryptoKeys/pooler")
    assert yaml.safe_load(template["metadata"]["user-data"])["write_files"]


def test_each_pool_has_an_address_a_name_and_its_own_check(prod: Plan) -> None:
    for endpoint, port in (("write", "6432"), ("read", "6433")):
        front = prod.named(f"pooler-front-{endpoint}").inputs
        assert (front["loadBalancingScheme"], front["ports"]) == ("INTERNAL", [port])
        assert front["allowGlobalAccess"] is True
        record = prod.named(f"postgres-name-{endpoint}").inputs
        assert record["name"] == f"pg-{endpoint}.prod.triptrip.internal."
    read = prod.named("pooler-health-read").inputs
    assert read["httpHealthCheck"] == {"port": 8080, "requestPath": "/healthz"}
    assert prod.named("pooler-health-write").inputs["tcpHealthCheck"] == {"port": 6432}


def test_machines_start_when_what_they_fetch_is_there(prod: Plan) -> None:
    wanted = {
        "pooler-user",
        "pooler-certificate-reader",
        "pooler-image-reader",
        "secret-version-postgres-pooler-password",
        "secret-reader-postgres-pooler-password-pooler",
        "secret-reader-postgres-server-ca-pooler",
        "secret-version-postgres-server-ca",
    }
    after = {urn.rpartition("::")[2] for urn in prod.named("pooler-group").options["dependsOn"]}
    assert wanted <= after


def test_the_machines_account_may_fetch_and_write_figures_and_no_more(prod: Plan) -> None:
    account = "triptrip-prod-pooler@"
    grants = [each for each in prod.resources if account in str(each.inputs.get("member"))]
    roles = {each.inputs["role"] for each in grants}
    assert roles == {
        "roles/secretmanager.secretAccessor",
        "roles/artifactregistry.reader",
        "roles/logging.logWriter",
        "roles/monitoring.metricWriter",
    }


def test_a_pooled_user_has_a_password_that_no_output_shows(prod: Plan) -> None:
    user = prod.named("postgres-pooled-user-application").inputs
    assert (user["type"], user["name"]) == ("BUILT_IN", "application")
    assert "password" not in user
    content = prod.named("secret-version-postgres-application-write")
    assert "secretData" in content.inputs


def test_without_a_pooler_there_is_no_machine() -> None:
    dev = plan_of("dev", {})
    assert not [each.name for each in dev.resources if "pooler" in each.name]


def test_cloud_sqls_own_pool_needs_no_machine_and_is_stated_on_every_instance() -> None:
    plus = {"tier": "db-perf-optimized-N-8"}
    changes = {
        "edition": "ENTERPRISE_PLUS",
        "primary": {"tier": "db-perf-optimized-N-16"},
        "replicas": {"b": plus, "c": plus},
        "pooler": {"kind": "managed"},
    }
    plan = plan_of("prod", {"postgres": changes, "monitoring": {"exporters": None}})
    assert not plan.of_type("RegionInstanceGroupManager")
    for instance in plan.of_type("DatabaseInstance"):
        [pool] = instance.inputs["settings"]["connectionPoolConfigs"]
        assert pool["connectionPoolingEnabled"] is True
        assert pool["flags"] == [{"name": "max_pool_size", "value": "100"}]


def in_phase_4(changes: dict[str, Any] | None = None) -> Plan:
    return plan_settings(load(lay_over(declared("prod", catalog.phases()["4"]), changes or {})), "prod")


def test_machines_stand_ready_in_the_second_region_while_an_instance_does(prod: Plan) -> None:
    assert [group.inputs["region"] for group in prod.of_type("RegionInstanceGroupManager")] == [REGION]
    plan = in_phase_4()
    first, second = (plan.named(f"pooler-group{suffix}").inputs for suffix in ("", "-disaster-recovery"))
    assert (first["region"], second["region"]) == (REGION, "asia-northeast2")
    assert first["targetSize"] == second["targetSize"]
    template = plan.named("pooler-template-disaster-recovery").inputs
    assert "/asia-northeast2/" in template["disks"][0]["diskEncryptionKey"]["kmsKeySelfLink"]
    assert template["metadata"] == plan.named("pooler-template").inputs["metadata"]


def test_what_serves_the_second_region_can_go_and_what_serves_the_first_cannot() -> None:
    plan = in_phase_4()
    kinds = ("Address", "ForwardingRule", "RegionBackendService", "RegionInstanceGroupManager")
    found = [each for kind in kinds for each in plan.of_type(f":{kind}") if each.name.startswith("pooler-")]
    assert {each.inputs["region"] for each in found} == {REGION, "asia-northeast2"}
    assert all(each.options.get("protect", False) is (each.inputs["region"] == REGION) for each in found)


def test_the_clients_name_follows_the_primary_to_the_other_machines() -> None:
    before, after = in_phase_4(), in_phase_4(AFTER_FAILOVER)
    for plan, suffix in ((before, ""), (after, "-disaster-recovery")):
        addresses = {each.name for each in plan.of_type("Address") if each.name.startswith("pooler-address-")}
        assert addresses == {
            f"pooler-address-{endpoint}{end}" for endpoint in ("read", "write") for end in ("", "-disaster-recovery")
        }
        for endpoint in ("read", "write"):
            after_what = plan.named(f"postgres-name-{endpoint}").options["dependsOn"]
            assert f"pooler-address-{endpoint}{suffix}" in {urn.rpartition("::")[2] for urn in after_what}


def test_a_failover_changes_nothing_of_the_second_regions_machines_but_what_they_are_told() -> None:
    before, after = in_phase_4(), in_phase_4(AFTER_FAILOVER)
    for name in ("pooler-front-write", "pooler-backend-read", "pooler-address-write", "pooler-health-alive"):
        second = f"{name}-disaster-recovery"
        assert before.named(second).inputs == after.named(second).inputs


def test_secrets_are_in_both_regions_before_the_day(prod: Plan) -> None:
    for secret in prod.of_type("secretmanager/secret:Secret"):
        replicas = secret.inputs["replication"]["userManaged"]["replicas"]
        places = {each["location"]: each["customerManagedEncryption"]["kmsKeyName"] for each in replicas}
        assert list(places) == [REGION, "asia-northeast2"]
        assert all(f"/locations/{place}/" in key for place, key in places.items())


def readable(plan: Plan) -> set[str]:
    """The secrets that the machines' account may read."""
    reader = "serviceAccount:triptrip-prod-pooler@triptrip-prod.iam.gserviceaccount.com"
    grants = [each.inputs for each in plan.of_type("secretmanager/secretIamMember:SecretIamMember")]
    return {each["secretId"].rpartition("/")[2] for each in grants if each["member"] == reader}


def test_the_machines_may_read_what_their_exporters_sign_in_with_and_no_more(prod: Plan) -> None:
    own = {
        "pooler-certificate",
        "triptrip-prod-postgres-pooler-password",
        "triptrip-prod-postgres-server-ca",
    }
    of_postgres = {"triptrip-prod-postgres-monitor-password"}
    of_others = {
        "triptrip-prod-cache-auth",
        "triptrip-prod-cache-server-ca",
        "triptrip-prod-elasticsearch-pooler-api-key",
        "timescale-monitor",
    }
    assert readable(prod) == own | of_postgres | of_others
    asked = {"monitoring": {"exporters": {"stores": ["pooler", "postgres"], "timescale": None}}}
    assert readable(plan_of("prod", asked)) == own | of_postgres
    assert readable(plan_of("prod", {"monitoring": {"exporters": None}})) == own


def test_the_exporters_user_is_declared_like_the_poolers(prod: Plan) -> None:
    user = prod.named("monitor-user").inputs
    assert (user["name"], user["type"], user["deletionPolicy"]) == ("monitor", "BUILT_IN", "ABANDON")
    assert "password" not in user
