"""The tier of the production stack is the document's, as corrected (PG-INST … PG-REPL, COR-05, COR-18)."""

from infra.derive.platform import derive
from infra.derive.postgres import PostgresPlan
from tests.stacks import settings_of


def prod() -> PostgresPlan:
    plan = derive(settings_of("prod")).postgres
    assert plan is not None
    return plan


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


def test_a_connection_string_verifies_the_server_and_holds_no_password() -> None:
    plan = prod()
    user = next(user for user in plan.users if user.key == "application")
    text = user.connection_string("triptrip-prod", plan.hosts["write"], plan.database)
    assert text == (
        "postgresql://triptrip-prod-application%40triptrip-prod.iam@pg-write.prod.triptrip.internal:5432/triptrip"
        "?sslmode=verify-ca&sslrootcert=%2Fetc%2Ftriptrip%2Fpostgres-ca.pem"
    )


def test_the_documents_overlap_of_backup_and_maintenance_is_told() -> None:
    found = derive(settings_of("prod")).advice
    advice = [each for each in found if each.path.startswith("postgres.")]
    assert [(each.path, "COR-05" in each.text) for each in advice] == [("postgres.maintenance.window", True)]
