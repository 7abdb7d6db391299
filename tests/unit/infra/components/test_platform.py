"""What the stacks declare: guards, order, encryption, exposure, access; read from the plan."""

from infra import catalog
from infra.derive.phases import in_phase
from infra.settings import load
from sandbox.plan import Plan
from sandbox.plan.run import plan_settings
from tests.plans import plan_of
from tests.stacks import declared


def test_every_instance_has_all_three_deletion_guards(plan: Plan) -> None:
    for instance in plan.of_type("DatabaseInstance"):
        assert instance.options["protect"] is True
        assert instance.inputs["deletionProtection"] is True
        assert instance.inputs["settings"]["deletionProtectionEnabled"] is True


def test_whoever_reads_data_is_recorded_by_every_api_that_the_catalogue_names(plan: Plan) -> None:
    switched_on = {each.inputs["service"] for each in plan.of_type(":Service") if each.name.startswith("service-")}
    audited = {row.audited for api, row in catalog.services().items() if api in switched_on and row.audited}
    configs = {each.inputs["service"]: each.inputs["auditLogConfigs"] for each in plan.of_type("IAMAuditConfig")}
    assert configs.keys() == audited
    assert {"cloudsql.googleapis.com", "secretmanager.googleapis.com", "cloudkms.googleapis.com"} <= audited
    kinds = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]
    assert all(rows == [{"logType": kind} for kind in kinds] for rows in configs.values())


def test_only_what_an_update_makes_again_is_left_unprotected(plan: Plan) -> None:
    lasting = [each for each in plan.resources if each.custom and not each.type.startswith("pulumi:")]
    unprotected = {each.type.rpartition(":")[2] for each in lasting if not each.options.get("protect")}
    machines = {"RegionInstanceTemplate", "RegionHealthCheck"} if plan.of_type("RegionInstanceGroupManager") else set()
    expected = {"SecretVersion", "Key", "RandomPassword", "RegionNetworkEndpointGroup", "IAMMember", "BucketIAMMember"}
    # An alert, an objective or a page holds nothing, and goes with what it watches.
    watching = {"AlertPolicy", "Metric", "Dashboard", "CustomService", "Slo"}
    pages = {"Folder", "DataSource"} if plan.of_type("oss/folder:Folder") else set()
    assert unprotected == expected | machines | watching | pages


def test_of_all_who_are_let_into_a_bucket_only_the_stores_own_identities_may_change(plan: Plan) -> None:
    unprotected = [each.name for each in plan.of_type("BucketIAMMember") if not each.options.get("protect")]
    assert sorted(unprotected) == [
        "export-postgres-store-writes",
        "export-redis-store-writes",
        "mongodb-export-writes",
    ]


def test_without_guards_nothing_is_protected_and_the_peering_can_go() -> None:
    plan = plan_of("dev", {"project": {"deletionGuards": False}})
    assert not [each.name for each in plan.resources if each.options.get("protect")]
    assert plan.named("private-services").inputs["deletionPolicy"] == "REMOVE_PEERING"
    primary = plan.named("postgres-primary").inputs
    assert (primary["deletionProtection"], primary["settings"]["deletionProtectionEnabled"]) == (False, False)


def test_no_instance_has_a_public_address_or_takes_plain_text(plan: Plan) -> None:
    for instance in plan.of_type("DatabaseInstance"):
        ip = instance.inputs["settings"]["ipConfiguration"]
        assert ip["ipv4Enabled"] is False
        assert ip["sslMode"] == "ENCRYPTED_ONLY"
        assert ip["privateNetwork"]
        assert "authorizedNetworks" not in ip


def test_a_primary_waits_for_the_private_connection_and_the_key_grant(plan: Plan) -> None:
    after = set(plan.named("postgres-primary").options["dependsOn"])
    assert {"private-services", "key-grant-primary-postgres", "service-sqladmin"} <= after


def test_replicas_are_made_one_after_the_other_and_inherit_the_key(plan: Plan) -> None:
    assert "postgres-replica-b" in plan.named("postgres-replica-c").options["dependsOn"]
    for name in ("postgres-replica-b", "postgres-replica-c"):
        replica = plan.named(name).inputs
        assert "encryptionKeyName" not in replica
        assert not {"backupConfiguration", "maintenanceWindow"} & replica["settings"].keys()


def test_a_disk_that_grows_by_itself_is_ignored_and_bounded(plan: Plan) -> None:
    for instance in plan.of_type("DatabaseInstance"):
        assert "settings.diskSize" in instance.options["ignoreChanges"]
        assert instance.inputs["settings"]["diskAutoresizeLimit"] > instance.inputs["settings"]["diskSize"]


def test_every_store_key_rotates_and_is_granted_to_its_service_agent(prod: Plan) -> None:
    for key in prod.of_type("CryptoKey"):
        assert int(key.inputs["rotationPeriod"].removesuffix("s")) <= 90 * 86400
    members = {grant.name: grant.inputs["member"] for grant in prod.of_type("CryptoKeyIAMMember")}
    assert "gcp-sa-cloud-sql" in members["key-grant-primary-postgres"]
    assert "gcp-sa-secretmanager" in members["key-grant-primary-secrets"]
    assert "gcp-sa-cloud-sql" in members["key-grant-disaster-recovery-postgres"]


def test_users_sign_in_as_service_accounts_without_a_password(prod: Plan) -> None:
    users = [user for user in prod.of_type(":User") if user.name.startswith("postgres-user-")]
    assert {user.name for user in users} == {
        f"postgres-user-{name}" for name in ("application", "migration", "readonly", "reporting")
    }
    for user in users:
        assert user.inputs["type"] == "CLOUD_IAM_SERVICE_ACCOUNT"
        assert user.inputs["name"].endswith("@triptrip-prod.iam")
        assert not {"password", "passwordWo", "databaseRoles"} & user.inputs.keys()


def test_a_user_may_sign_in_to_this_platforms_instances_alone(prod: Plan) -> None:
    for grant in prod.of_type(":IAMMember"):
        if grant.inputs["role"].startswith("roles/cloudsql."):
            assert "instances/triptrip-prod-postgres" in grant.inputs["condition"]["expression"]


def test_a_secret_is_read_by_its_own_user_alone(prod: Plan) -> None:
    readers = {reader.name: reader.inputs for reader in prod.of_type("SecretIamMember")}
    own = readers["secret-reader-postgres-readonly-read-readonly"]
    assert own["member"] == "serviceAccount:triptrip-prod-readonly@triptrip-prod.iam.gserviceaccount.com"
    assert [name for name in readers if "postgres-migration-write" in name] == [
        "secret-reader-postgres-migration-write-migration"
    ]


def test_reads_go_to_the_replicas_and_to_the_primary_when_there_is_none(prod: Plan) -> None:
    """By the instances' own names, which programs with connections of their own hold beside a pooler."""
    assert len(prod.named("postgres-name-replicas").inputs["rrdatas"]) == 2
    alone = plan_settings(load(in_phase(declared("prod"), "1")), "prod")
    replicas, primary = (alone.named(f"postgres-name-{name}").inputs["rrdatas"] for name in ("replicas", "primary"))
    assert replicas == primary


def test_without_a_pooler_the_names_that_clients_hold_are_the_instances() -> None:
    dev = plan_of("dev", {})
    assert len(dev.named("postgres-name-read").inputs["rrdatas"]) == 2
    assert len(dev.named("postgres-name-write").inputs["rrdatas"]) == 1


def test_a_replica_abroad_has_that_regions_own_key_and_no_part_in_local_reads() -> None:
    plan = plan_settings(load(in_phase(declared("prod"), "4")), "prod")
    osaka = plan.named("postgres-replica-osaka")
    assert "/locations/asia-northeast2/" in osaka.inputs["encryptionKeyName"]
    assert "key-grant-disaster-recovery-postgres" in osaka.options["dependsOn"]
    assert len(plan.named("postgres-name-replicas").inputs["rrdatas"]) == 2


def test_outputs_name_what_other_stacks_rely_on(prod: Plan) -> None:
    assert prod.outputs["postgresHosts"] == {
        "read": "pg-read.prod.triptrip.internal",
        "write": "pg-write.prod.triptrip.internal",
    }
    assert prod.outputs["postgresInstances"]["primary"] == "triptrip-prod-postgres-1"
