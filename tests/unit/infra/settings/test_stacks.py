"""Production carries the document's values as corrected, and dev is the same shape at year-1 size."""

from ipaddress import IPv4Network
from pathlib import Path

import yaml

from infra.settings import Settings, from_stack_file
from infra.settings.postgres import PostgresSettings
from infra.settings.settings import STORES
from infra.settings.units import Duration, LocalTime, Share, Size, WeeklyTime

ROOT = Path(__file__).parents[4]


def prod() -> PostgresSettings:
    return postgres_of("prod")


def dev() -> PostgresSettings:
    return postgres_of("dev")


def postgres_of(stack: str) -> PostgresSettings:
    postgres = from_stack_file(ROOT / f"Pulumi.{stack}.yaml").postgres
    assert postgres is not None
    return postgres


def test_the_instance_is_the_documents() -> None:
    postgres = prod()
    assert (postgres.version, postgres.edition, postgres.primary.tier) == (16, "ENTERPRISE", "db-custom-16-61440")
    assert (postgres.primary.zone, postgres.primary.availability) == ("asia-northeast1-a", "REGIONAL")
    assert (postgres.storage.type, postgres.storage.size, postgres.storage.limit) == (
        "SSD",
        Size.parse("1 TB"),
        Size.parse("4 TB"),
    )


def test_backups_and_maintenance_are_the_documents_in_its_own_time_zone() -> None:
    backup = prod().backup
    assert (backup.time, backup.retained) == (LocalTime.parse("02:00 Asia/Tokyo"), 35)
    assert (backup.point_in_time_recovery, backup.transaction_logs) == (True, Duration.parse("7 days"))
    assert prod().maintenance.window == WeeklyTime.parse("Sunday 03:00 Asia/Tokyo")


def test_replicas_and_pool_are_the_documents() -> None:
    replicas = prod().replicas
    assert [replica.zone for replica in replicas.values()] == ["asia-northeast1-b", "asia-northeast1-c"]
    assert {replica.tier for replica in replicas.values()} == {"db-custom-8-30720"}
    pooler = prod().pooler
    assert (pooler.default_pool_size, pooler.reserve_pool_size, pooler.max_client_connections) == (100, 5, 10_000)


def test_flags_are_the_documents_as_corrected() -> None:
    flags = prod().flags
    assert flags["max_connections"] == 500
    assert flags["shared_buffers"] == "25 % of RAM"
    assert Share.parse(flags["effective_cache_size"]).fraction < 0.7
    assert flags["work_mem"] == "32 MB"
    assert flags["maintenance_work_mem"] == "2 GB"
    assert flags["random_page_cost"] == 1.1
    assert (flags["max_parallel_workers_per_gather"], flags["max_parallel_workers"]) == (4, 8)
    assert "effective_io_concurrency" not in flags


def test_dev_is_the_same_shape() -> None:
    # Dev has no pooler that would look up who signs in.
    assert set(dev().flags) | {"cloudsql.pg_authid_select_role"} == set(prod().flags)
    assert dev().replicas.keys() == prod().replicas.keys()
    assert dev().users.keys() == prod().users.keys()
    for name, user in dev().users.items():
        assert user.endpoints == prod().users[name].endpoints
    assert (dev().version, dev().edition) == (prod().version, prod().edition)
    assert dev().primary.availability == prod().primary.availability
    assert dev().storage.size < prod().storage.size


def test_the_stacks_share_no_address_and_no_name() -> None:
    stacks = [from_stack_file(path) for path in sorted(ROOT.glob("Pulumi.*.yaml"))]
    ranges = [network for stack in stacks for network in ranges_of(stack)]
    assert not [(one, other) for one in ranges for other in ranges if one is not other and one.overlaps(other)]
    for names in ({stack.project.gcp_project for stack in stacks}, {stack.network.dns_domain for stack in stacks}):
        assert len(names) == len(stacks)


def test_the_project_requires_the_subjects_that_no_stack_can_leave_out() -> None:
    """The engine refuses a stack that lacks a declared key, so that a store's key is not declared."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert project["name"] == "triptrip"
    assert set(project["config"]) == {
        f"triptrip:{subject}" for subject in Settings.model_fields if subject not in STORES
    }
    assert all(key["type"] == "object" and key["description"] for key in project["config"].values())


def ranges_of(stack: Settings) -> list[IPv4Network]:
    network = stack.network
    given = (
        network.subnet_range,
        network.private_services_range,
        network.cache_range,
        network.disaster_recovery_subnet_range,
    )
    return [network for network in given if network is not None]
