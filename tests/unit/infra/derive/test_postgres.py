"""The tier of the production stack is the document's, as corrected (PG-INST … PG-REPL, COR-05, COR-18)."""

from collections.abc import Mapping
from typing import Any

from infra.derive.platform import derive
from infra.derive.postgres import PostgresPlan, UserPlan
from tests.stacks import settings_of


def plan_of(stack: str, changes: Mapping[str, Any] | None = None) -> PostgresPlan:
    plan = derive(settings_of(stack, changes)).postgres
    assert plan is not None
    return plan


def prod() -> PostgresPlan:
    return plan_of("prod")


def user_of(plan: PostgresPlan, key: str) -> UserPlan:
    return next(user for user in plan.users if user.key == key)


def test_the_primary_is_the_documents_machine_with_an_explicit_edition() -> None:
    plan = prod()
    assert (plan.version, plan.edition, plan.primary.tier.name) == ("POSTGRES_16", "ENTERPRISE", "db-custom-16-61440")
    assert (plan.disk_type, plan.disk_size_gb, plan.disk_limit_gb) == ("PD_SSD", 1024, 4096)
    assert (plan.availability, plan.primary.zone) == ("REGIONAL", "asia-northeast1-a")


def test_local_times_become_utc_with_the_day_before() -> None:
    plan = prod()
    assert plan.backup.start_time == "17:00"
    assert (plan.maintenance.window.day, plan.maintenance.window.hour) == (6, 18)


def test_backups_keep_what_the_document_asks() -> None:
    backup = prod().backup
    assert (backup.retained, backup.transaction_log_days, backup.point_in_time_recovery) == (35, 7, True)
    assert backup.location == "asia-northeast1"


def test_replicas_have_their_own_memory_flags_and_the_primarys_connections() -> None:
    plan = prod()
    for replica in plan.replicas:
        flags = dict(replica.flags)
        assert flags["shared_buffers"] == "983040"
        assert flags["work_mem"] == "16384"
        assert flags["max_connections"] == dict(plan.primary.flags)["max_connections"] == "500"


def test_a_program_with_connections_of_its_own_signs_in_without_a_password() -> None:
    user = user_of(prod(), "reporting")
    assert set(user.doors) == {"read"}
    assert user.doors["read"].connection_string(user.database_user("triptrip-prod")) == (
        "postgresql://triptrip-prod-reporting%40triptrip-prod.iam@pg-replicas.prod.triptrip.internal:5432/triptrip"
        "?sslmode=verify-ca&sslrootcert=%2Fetc%2Ftriptrip%2Fpostgres-ca.pem"
    )


def test_a_pooled_program_passes_pgbouncer_with_a_password_and_knows_its_certificate() -> None:
    user = user_of(prod(), "application")
    name = user.database_user("triptrip-prod")
    told = {purpose: door.connection_string(name, "a/b") for purpose, door in user.doors.items()}
    tls = "?sslmode=verify-full&sslrootcert=%2Fetc%2Ftriptrip%2Fpooler-ca.pem"
    assert told == {
        "write": f"postgresql://application:a%2Fb@pg-write.prod.triptrip.internal:6432/triptrip{tls}",
        "read": f"postgresql://application:a%2Fb@pg-read.prod.triptrip.internal:6433/triptrip{tls}",
        "read-relaxed": f"postgresql://application:a%2Fb@pg-read.prod.triptrip.internal:6433/triptrip_relaxed{tls}",
    }


def test_without_a_pooler_clients_hold_the_instances_names() -> None:
    plan = plan_of("dev")
    assert plan.pooler is None
    assert not plan.names
    assert user_of(plan, "application").doors["write"].host == "pg-write.dev.triptrip.internal"


def test_cloud_sqls_own_pool_is_another_port_of_the_same_names() -> None:
    plus = {"tier": "db-perf-optimized-N-8"}
    changes = {
        "edition": "ENTERPRISE_PLUS",
        "primary": {"tier": "db-perf-optimized-N-16"},
        "replicas": {"b": plus, "c": plus},
        "pooler": {"kind": "managed"},
    }
    plan = plan_of("prod", {"postgres": changes, "monitoring": {"exporters": None}})
    assert plan.pooler is None
    assert plan.managed_pool_size == 100
    assert user_of(plan, "application").doors["write"].port == 6432
    assert user_of(plan, "reporting").doors["read"].port == 5432


def test_the_documents_overlap_of_backup_and_maintenance_is_told() -> None:
    found = derive(settings_of("prod")).advice
    advice = [each for each in found if each.path.startswith("postgres.maintenance")]
    assert [(each.path, "COR-05" in each.text) for each in advice] == [("postgres.maintenance.window", True)]


def test_users_that_are_superusers_are_told_until_their_roles_are_declared() -> None:
    told = {each.path: each.text for each in derive(settings_of("prod")).advice}
    assert told["postgres.databaseRoles"].startswith(
        "application, bigquery, monitor, pooler are members of cloudsqlsuperuser"
    )
    roles = {"postgres": {"databaseRoles": True}}
    assert "postgres.databaseRoles" not in {each.path for each in derive(settings_of("prod", roles)).advice}


OSAKA = {
    "primary": {
        "instance": "triptrip-prod-postgres-replica-osaka-1",
        "region": "asia-northeast2",
        "zone": "asia-northeast2-a",
    },
    "replicas": {"b": None, "c": None},
}


def test_a_primary_that_another_instance_became_keeps_the_clients_names() -> None:
    plan = plan_of("prod", {"postgres": OSAKA})
    assert (plan.primary.name, plan.primary.region) == ("triptrip-prod-postgres-replica-osaka-1", "asia-northeast2")
    assert plan.backup.location == "asia-northeast2"
    assert plan.hosts == prod().hosts


def test_replicas_are_abroad_by_the_primarys_region() -> None:
    replicas = {
        "near": {"region": "asia-northeast2", "zone": "asia-northeast2-b", "tier": "db-custom-8-30720"},
        "tokyo": {"zone": "asia-northeast1-b", "tier": "db-custom-16-61440"},
    }
    plan = plan_of("prod", {"postgres": {**OSAKA, "replicas": {"b": None, "c": None, **replicas}}})
    assert {replica.key: replica.is_cross_region for replica in plan.replicas} == {"near": False, "tokyo": True}


def test_a_replica_of_a_new_primary_has_a_name_of_its_own() -> None:
    plan = plan_of("prod", {"postgres": {"replicas": {"b": {"instance": "triptrip-prod-postgres-replica-b-1-2"}}}})
    assert [replica.name for replica in plan.replicas] == [
        "triptrip-prod-postgres-replica-b-1-2",
        "triptrip-prod-postgres-replica-c-1",
    ]
