"""Memory and connection budgets are sums a person can follow (COR-04, COR-16)."""

from infra.derive.advice import advice
from infra.derive.budgets import connection_budget, memory_budget, pooler_memory, reports_memory
from infra.derive.flags import FlagValue
from infra.derive.tiers import parse_tier
from infra.settings.postgres import PostgresSettings
from tests.stacks import settings_of

TIER = parse_tier("db-custom-16-61440")
FLAGS: dict[str, FlagValue] = {
    "max_connections": 500,
    "shared_buffers": "25 % of RAM",
    "work_mem": "32 MB",
    "autovacuum_work_mem": "512 MB",
}


def prod() -> PostgresSettings:
    postgres = settings_of("prod").postgres
    assert postgres is not None
    return postgres


def test_the_platforms_own_flags_fit_the_documents_machine() -> None:
    budget = memory_budget(FLAGS, 16, TIER)
    assert (budget.shared_buffers, budget.connections, budget.per_connection, budget.maintenance) == (
        15360,
        500,
        69,
        1536,
    )
    assert budget.needed == 15360 + 500 * 69 + 1536
    assert budget.needed <= budget.available


def test_the_documents_work_mem_does_not_fit_and_the_sum_says_so() -> None:
    budget = memory_budget({**FLAGS, "work_mem": "256 MB"}, 16, TIER)
    assert budget.needed == 15360 + 500 * (2 * 256 + 5) + 1536
    assert "500 connections × 517 MB" in str(budget)
    assert budget.needed > budget.available


def test_autovacuum_falls_back_to_maintenance_work_mem() -> None:
    flags: dict[str, FlagValue] = {key: value for key, value in FLAGS.items() if key != "autovacuum_work_mem"}
    assert memory_budget({**flags, "maintenance_work_mem": "2 GB"}, 16, TIER).maintenance == 3 * 2048


def test_reports_take_what_their_work_mem_is_above_everybodys() -> None:
    postgres = prod()
    assert postgres.users["reporting"].connections == 20
    assert reports_memory(postgres, {"work_mem": "16 MB"}, TIER) == 20 * 2 * (256 - 16)
    assert reports_memory(postgres, {}, TIER) == 20 * 2 * (256 - 4)
    assert reports_memory(postgres, {"work_mem": "512 MB"}, TIER) == 0


def test_reports_that_may_take_more_than_a_replica_has_are_told() -> None:
    told = [str(each) for each in advice(settings_of("prod")) if each.path == "postgres.reportWorkMemory"]
    assert [("replicas.b" in each, "replicas.c" in each) for each in told] == [(True, False), (False, True)]
    assert "9600 MB more" in told[0]
    few = settings_of("prod", {"postgres": {"reportWorkMemory": "64 MB"}})
    assert not [each for each in advice(few) if each.path == "postgres.reportWorkMemory"]


def test_the_primary_holds_the_write_pool_and_the_cap_and_a_replica_the_whole_read_pool() -> None:
    """Two machines; two read services share a pool on a replica, and have a capped one each on the primary."""
    postgres = prod()
    primary = connection_budget(postgres, is_primary=True, maximum=500)
    replica = connection_budget(postgres, is_primary=False, maximum=500)
    assert primary.pooled == 2 * 1 * 105 + 2 * 2 * 20 + 2 * (2 * 4 + 1)
    assert replica.pooled == 2 * 1 * 105 + 2 * (4 + 1)
    assert primary.needed <= primary.maximum
    assert replica.direct < primary.direct
    assert "write 2 × 1 × 105 + fall-back of reads 2 × 2 × 20 + own 2 × 1 × 9" in str(primary)


def test_a_machine_has_memory_for_every_client_of_both_processes() -> None:
    pooler = prod().pooler
    assert pooler_memory(pooler, 8192).needed <= 8192
    large = pooler.model_copy(update={"max_client_connections": 120_000})
    assert pooler_memory(large, 8192).needed == 2 * 120_000 * 32 // 1024 + 1024 > 8192


def test_without_a_pooler_every_user_counts_directly() -> None:
    postgres = prod()
    unpooled = postgres.model_copy(update={"pooler": postgres.pooler.model_copy(update={"kind": "none"})})
    budget = connection_budget(unpooled, is_primary=True, maximum=500)
    assert budget.pooled == 0
    assert budget.direct == sum(user.connections for user in postgres.users.values())


def test_the_managed_pool_is_one_pool_a_user_and_database() -> None:
    postgres = prod()
    managed = postgres.model_copy(update={"pooler": postgres.pooler.model_copy(update={"kind": "managed"})})
    assert connection_budget(managed, is_primary=True, maximum=500).pooled == 2 * 105
